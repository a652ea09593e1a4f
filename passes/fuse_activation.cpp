// fuse_activation: clamps become the fused activation of the operator before them.
//
//   before:  %c = conv_2d(%x, %w, %b)          after:  %m = conv_2d[act=relu6](%x, %w, %b)
//            %r = relu(%c)
//            %m = minimum(%r, 6)
//
// relu, relu6, relu_n1_to_1, maximum(x, constant) and minimum(x, constant) are clamps; clamp[a,b] followed by
// clamp[c,d] is clamp[max(a,c), min(b,d)] when these overlap. A run of clamps that equals one of the fusable
// activations moves into its producer, or becomes one relu node where the producer has none. Preconditions: every
// intermediate result has one reader. In a quantized graph only the relu family, and only between equal quantizations:
// there relu6 as a node and as a fused clamp both stop at zero point + round(6 / scale).
#include <algorithm>
#include <limits>
#include <optional>

#include "rewrite.h"
#include "tinyc/pass.h"

namespace tinyc {
namespace {

struct Clamp {
  float lo = -std::numeric_limits<float>::infinity(), hi = std::numeric_limits<float>::infinity();
  TensorId x = kNoTensor;  // what it clamps
};

Clamp clamp_of(Act a, TensorId x) { return {bounds(a).first, bounds(a).second, x}; }

std::optional<Clamp> clamp_of_bound(const Graph& g, const Node& n, bool lower) {
  for (std::size_t constant = 0; constant < 2; ++constant) {
    const Tensor& k = g.at(n.inputs[constant]);
    const TensorId x = n.inputs[1 - constant];
    if (!k.is_const() || k.dtype != DType::f32 || g.at(x).shape != g.at(n.outputs[0]).shape) continue;
    const float bound = k.as<float>()[0];
    if (!is_filled_with(k, bound)) continue;
    Clamp c;
    c.x = x;
    (lower ? c.lo : c.hi) = bound;
    return c;
  }
  return std::nullopt;
}

std::optional<Clamp> as_clamp(const Graph& g, const Node& n) {
  if (!same_quant(g.at(n.inputs[0]), g.at(n.outputs[0]))) return std::nullopt;
  switch (kind(n.op)) {
    case OpKind::relu: return clamp_of(Act::relu, n.inputs[0]);
    case OpKind::relu6: return clamp_of(Act::relu6, n.inputs[0]);
    case OpKind::relu_n1_to_1: return clamp_of(Act::relu_n1_to_1, n.inputs[0]);
    case OpKind::maximum: return g.stage == Stage::Float ? clamp_of_bound(g, n, true) : std::nullopt;
    case OpKind::minimum: return g.stage == Stage::Float ? clamp_of_bound(g, n, false) : std::nullopt;
    default: return std::nullopt;
  }
}

// `inner` then `outer`; empty when they do not overlap (the result would be a constant).
std::optional<Clamp> combined(const Clamp& inner, const Clamp& outer) {
  const Clamp c{std::max(inner.lo, outer.lo), std::min(inner.hi, outer.hi), inner.x};
  return c.lo <= c.hi ? std::optional(c) : std::nullopt;
}

std::optional<Act> as_activation(const Clamp& c) {
  for (const Act a : {Act::relu, Act::relu6, Act::relu_n1_to_1})
    if (bounds(a) == std::pair{c.lo, c.hi}) return a;
  return std::nullopt;
}

OpData node_for(Act a) {
  if (a == Act::relu6) return Relu6{};
  if (a == Act::relu_n1_to_1) return ReluN1To1{};
  return Relu{};
}

// A concatenation's activation is not fused: runtimes know no such kernel.
Act* fusable_activation(const Graph& g, Node& n, const Tensor& out) {
  if (kind(n.op) == OpKind::concatenation || !same_quant(g.at(n.outputs[0]), out)) return nullptr;
  return fused_activation(n.op);
}

// Fuses the clamps that end with node `index` as far up as possible.
bool fuse(Graph& g, std::size_t index) {
  std::optional<Clamp> run = as_clamp(g, g.nodes[index]);
  if (!run) return false;
  const Uses uses(g);
  const TensorId out = g.nodes[index].outputs[0];
  std::vector<std::int32_t> absorbed;  // clamp nodes between the producer and `index`
  while (true) {
    const std::int32_t up = uses.producer[static_cast<std::size_t>(run->x)];
    if (up < 0 || !uses.single_use(run->x)) break;
    const auto inner = as_clamp(g, g.nodes[static_cast<std::size_t>(up)]);
    const auto both = inner ? combined(*inner, *run) : std::nullopt;
    if (!both) break;
    absorbed.push_back(up);
    run = both;
  }
  std::optional<Act> act;
  const std::int32_t up = uses.producer[static_cast<std::size_t>(run->x)];
  Node* producer = up >= 0 && uses.single_use(run->x) ? &g.nodes[static_cast<std::size_t>(up)] : nullptr;
  Act* fused = producer ? fusable_activation(g, *producer, g.at(out)) : nullptr;
  if (fused) {
    const auto both = combined(clamp_of(*fused, run->x), *run);
    if (both) act = as_activation(*both);
  }
  if (act) {
    *fused = *act;
    producer->outputs[0] = out;
    absorbed.push_back(static_cast<std::int32_t>(index));
  } else {
    Node& last = g.nodes[index];
    act = as_activation(*run);
    if (!act || (absorbed.empty() && last.inputs.size() == 1)) return false;
    last.op = node_for(*act);
    last.inputs = {run->x};
  }
  std::sort(absorbed.rbegin(), absorbed.rend());
  for (const auto i : absorbed) g.nodes.erase(g.nodes.begin() + i);
  return true;
}

PassResult run(Graph& g, const PassOptions&) {
  std::size_t fused = 0;
  // from the end, so that a run of clamps is met at its last node
  for (std::size_t i = g.nodes.size(); i-- > 0;) {
    if (i < g.nodes.size() && fuse(g, i)) ++fused;
  }
  if (fused == 0) return {};
  remove_unused(g);
  return {true, {std::to_string(fused) + " activations fused"}};
}

}  // namespace

extern const Pass pass_fuse_activation;
const Pass pass_fuse_activation{
    "fuse_activation", "clamps become fused activations", Stage::Float, Stage::Float, true, true, run};

}  // namespace tinyc
