// Graph to Program: inputs, layers node by node, outputs, then the arena.
#include <algorithm>

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

}  // namespace

Program lower(const Graph& g) {
  if (g.stage == Stage::Float) throw Error(ErrorKind::internal, "a float graph cannot be lowered");
  Program p;
  p.name = g.name;
  ProgramBuilder builder(g, p);
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
  for (const TensorId id : g.outputs) p.outputs.push_back(builder.value(id));
  plan(p);
  return p;
}

}  // namespace tinyc
