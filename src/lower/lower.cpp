// Graph to Program: inputs, layers node by node, outputs, then the arena.
#include <algorithm>

#include "ops/copy.h"
#include "tinyc/error.h"
#include "tinyc/program.h"

namespace tinyc {
namespace {

std::string where(const Node& n) {
  return std::string(name_of(kind(n.op))) + " '" + printable(n.name) + "'" +
         (n.source >= 0 ? " (node " + std::to_string(n.source) + ")" : "");
}

/// Nodes without an integer form, gathered so that a user sees the whole list at once.
class Refusals {
 public:
  void add(const Node& n, const Error& e) {
    text_ += "\n  " + where(n) + ": " + e.what();
    if (hint_.empty()) hint_ = e.hint();
    ++count_;
  }
  void report() const {
    if (count_ == 0) return;
    throw Error(ErrorKind::unsupported,
                std::to_string(count_) + (count_ == 1 ? " operator has" : " operators have") + " no int8 form:" + text_,
                hint_);
  }

 private:
  int count_ = 0;
  std::string text_, hint_;
};

void lower_node(const Graph& g, const Node& n, ProgramBuilder& builder, Program& p) {
  const std::size_t before = p.layers.size();
  traits(n.op).lower(g, n, builder);
  if (p.layers.size() > before) p.layers.back().macs = macs(g, n);
}

/// A layer that copies a value or a constant to a place of its own.
ValueId add_output_copy(const Tensor& t, ValueId from, ProgramBuilder& builder) {
  const auto bytes = static_cast<std::uint32_t>(t.bytes());
  Layer l;
  l.name = t.name;
  l.op = OpKind::reshape;
  l.kernel = &kCopyKernel;
  l.in0 = from;
  const ValueId out = l.out = builder.temporary(t.name, bytes);
  if (from < 0) {  // one run of bytes from flash
    constexpr std::int32_t loop[] = {1, 0, 0};
    l.kernel = &kStridedCopyKernel;
    l.weights = builder.blob(Blob::Kind::weights, Blob::Type::i8, t.name, *t.data);
    l.table = builder.params_i32(t.name, loop);
    l.record.p[0] = 1;
    l.record.p[1] = static_cast<std::int32_t>(bytes);
  }
  builder.add(std::move(l));
  return out;
}

/// Gives every graph output a value that is not overwritten by the next inputs and has the output's own name and shape.
void lower_outputs(const Graph& g, ProgramBuilder& builder, Program& p) {
  for (const TensorId id : g.outputs) {
    const Tensor& t = g.at(id);
    ValueId v = t.is_const() ? -1 : builder.value(id);
    const auto taken = [&](const std::vector<ValueId>& ids) {
      return std::find(ids.begin(), ids.end(), v) != ids.end();
    };
    if (v < 0 || taken(p.inputs) || taken(p.outputs)) v = add_output_copy(t, v, builder);
    Value& value = p.values[static_cast<std::size_t>(v)];
    const ScaleZp q = scale_zp(t);
    value.name = t.name;
    value.shape = t.shape;
    value.type = t.dtype;
    value.scale = q.scale;
    value.zero_point = q.zero_point;
    p.outputs.push_back(v);
  }
}

}  // namespace

Program lower(const Graph& g, const LowerOptions& options) {
  if (g.stage == Stage::Float) throw Error(ErrorKind::internal, "a float graph cannot be lowered");
  Program p;
  p.name = g.name;
  ProgramBuilder builder(g, p, options);
  for (const TensorId id : g.inputs) p.inputs.push_back(builder.value(id));
  Refusals refused;
  for (const Node& n : g.nodes) {
    try {
      lower_node(g, n, builder, p);
    } catch (const Error& e) {
      if (e.kind() != ErrorKind::unsupported) throw Error(e.kind(), where(n) + ": " + e.what(), e.hint());
      refused.add(n, e);
    }
  }
  refused.report();
  lower_outputs(g, builder, p);
  plan(p);
  return p;
}

}  // namespace tinyc
