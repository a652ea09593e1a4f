// Graph to Program: inputs, layers node by node, outputs, then the arena.
#include <algorithm>

#include "lower/lifetimes.h"
#include "lower/order.h"
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
    throw Error(ErrorCode::not_quantizable,
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

/// A planned program, and the nodes that its layers come from.
struct Lowered {
  Program program;
  std::vector<std::size_t> node_of;  ///< by layer; g.nodes.size() for copies to outputs
};

constexpr std::size_t kMostTries = 50;

/// What is decided before the layers are made.
struct Choices {
  std::vector<std::int64_t> room;  ///< by node: scratch for decoded filters that costs nothing
  std::vector<bool> one_sweep;     ///< by node: its output should lie over its input
  std::vector<std::size_t> order;  ///< of the layers; empty: that of the nodes
};

Lowered lower_with(const Graph& g, const LowerOptions& options, const Choices& choices) {
  Lowered result;
  Program& p = result.program;
  p.name = g.name;
  ProgramBuilder builder(g, p, options);
  for (const TensorId id : g.inputs) p.inputs.push_back(builder.value(id));
  Refusals refused;
  for (std::size_t i = 0; i < g.nodes.size(); ++i) {
    const Node& n = g.nodes[i];
    builder.set_room(choices.room[i], choices.one_sweep[i]);
    try {
      lower_node(g, n, builder, p);
    } catch (const Error& e) {
      if (e.kind() != ErrorKind::unsupported) throw Error(e.code(), where(n) + ": " + e.what(), e.hint());
      refused.add(n, e);
    }
    result.node_of.resize(p.layers.size(), i);
  }
  refused.report();
  lower_outputs(g, builder, p);
  result.node_of.resize(p.layers.size(), g.nodes.size());
  if (!choices.order.empty()) {
    Lowered ordered{p, {}};
    for (std::size_t i = 0; i < choices.order.size(); ++i) {
      ordered.program.layers[i] = p.layers[choices.order[i]];
      ordered.node_of.push_back(result.node_of[choices.order[i]]);
    }
    result = std::move(ordered);
  }
  plan(p);
  return result;
}

/// The layer decodes its filters in several blocks.
bool in_blocks(const Layer& l) { return l.codec >= 0 && l.record.block > 0 && l.record.block < l.record.out_c; }

/// The layer that needs most RAM.
std::size_t peak_layer(const Program& p) {
  const LiveBytes live = live_bytes(p);
  std::vector<std::int64_t> bytes;
  bytes.reserve(p.layers.size());
  for (std::size_t i = 0; i < p.layers.size(); ++i)
    bytes.push_back(live.apart[i] - live.shared[i] + std::int64_t{p.layers[i].scratch_bytes});
  return static_cast<std::size_t>(std::ranges::max_element(bytes) - bytes.begin());
}

/// Where a layer at the peak decodes its filters block by block, its output may not lie over its input, which each
/// block reads again: decoding all at once takes more scratch and may need less RAM.
void decode_whole_at_peak(const Graph& g, const LowerOptions& options, Lowered& best, Choices& choices) {
  for (std::size_t tries = 0; tries < g.nodes.size() && !best.program.layers.empty(); ++tries) {
    const std::size_t peak = peak_layer(best.program), node = best.node_of[peak];
    const Layer& l = best.program.layers[peak];
    if (!in_blocks(l)) return;
    Choices more = choices;
    more.one_sweep[node] = true;
    more.room[node] = static_cast<std::int64_t>(l.scratch_bytes) + static_cast<std::int64_t>(l.weight_count);
    Lowered next = lower_with(g, options, more);
    if (next.program.arena_bytes >= best.program.arena_bytes) return;
    best = std::move(next);
    choices = std::move(more);
  }
}

/// Lowers with other choices and takes them where the arena does not grow.
bool take(const Graph& g, const LowerOptions& options, const Choices& tried, Lowered& best, Choices& choices) {
  Lowered next = lower_with(g, options, tried);
  if (next.program.arena_bytes > best.program.arena_bytes) return false;
  best = std::move(next);
  choices = tried;
  return true;
}

/// Decodes, or spreads, more filters at a time where the arena has room for them anyway: in all layers, and where that
/// enlarges it after all (a sweep for each of several blocks reads the input again, so that the output may not lie over
/// it; pieces of room may not join) layer by layer, those with most work first.
void fill_room(const Graph& g, const LowerOptions& options, Lowered& best, Choices& choices) {
  const LiveBytes live = live_bytes(best.program);
  Choices more = choices;
  std::vector<std::pair<std::int64_t, std::size_t>> by_work;
  for (std::size_t i = 0; i < best.program.layers.size(); ++i) {
    const std::size_t n = best.node_of[i];
    if (n >= more.room.size()) continue;
    more.room[n] = std::max(more.room[n], best.program.arena_bytes - live.apart[i] + live.shared[i]);
    if (best.program.layers[i].weights >= 0) by_work.emplace_back(-best.program.layers[i].macs, n);
  }
  if (take(g, options, more, best, choices)) return;
  std::ranges::sort(by_work);
  if (by_work.size() > kMostTries) by_work.resize(kMostTries);
  for (const auto& by : by_work) {
    const std::size_t n = by.second;
    bool taken = false;
    for (std::int64_t share = 1; share <= 4 && !taken; share *= 2) {
      Choices tried = choices;
      tried.room[n] = std::max(tried.room[n], more.room[n] / share);
      taken = take(g, options, tried, best, choices);
    }
  }
}

}  // namespace

Program lower(const Graph& g, const LowerOptions& options) {
  if (g.stage == Stage::Float) throw Error(ErrorCode::defect, "a float graph cannot be lowered");
  Choices choices{std::vector<std::int64_t>(g.nodes.size(), 0), std::vector<bool>(g.nodes.size(), false), {}};
  Lowered best = lower_with(g, options, choices);
  choices.order = best_order(best.program);
  bool better = false;
  if (!std::ranges::is_sorted(choices.order)) {
    Lowered other = lower_with(g, options, choices);
    better = other.program.arena_bytes < best.program.arena_bytes;
    if (better) best = std::move(other);
  }
  if (!better) choices.order.clear();
  const auto blocks = [&] { return std::ranges::any_of(best.program.layers, in_blocks); };
  if (blocks()) decode_whole_at_peak(g, options, best, choices);
  if (blocks() || options.family != Family::portable) fill_room(g, options, best, choices);
  return std::move(best.program);
}

}  // namespace tinyc
