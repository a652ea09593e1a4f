// The saturation of operators, followed backwards through those that only move values.
#include <algorithm>
#include <limits>

#include "tinyc/distinguished.h"

namespace tinyc {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr Range kEverything{-kInfinity, kInfinity}, kNothing{kInfinity, -kInfinity};

// Inputs below min give the int8 output of min, inputs above max that of max. The fixed output scales decide:
// LOGISTIC (1/256) has less than half a step left beyond +-ln(511) = +-6.24, TANH (1/128) beyond +-3.12; ELU's scale is
// at least 1/255.
Range saturation(OpKind k) {
  switch (k) {
    case OpKind::logistic: return {-6.5f, 6.5f};
    case OpKind::tanh: return {-3.25f, 3.25f};
    case OpKind::elu: return {-6.5f, kInfinity};
    case OpKind::hard_swish: return {-3, kInfinity};
    case OpKind::relu: return {0, kInfinity};
    case OpKind::relu6: return {0, 6};
    case OpKind::relu_n1_to_1: return {-1, 1};
    default: return kEverything;
  }
}

// True when clamping the inputs and clamping the output are the same.
bool moves_or_selects(OpKind k) {
  switch (k) {
    case OpKind::concatenation:
    case OpKind::depth_to_space:
    case OpKind::max_pool_2d:
    case OpKind::reshape:
    case OpKind::resize_nearest_neighbor:
    case OpKind::space_to_depth:
    case OpKind::strided_slice:
    case OpKind::transpose: return true;
    default: return false;
  }
}

}  // namespace

std::vector<Range> distinguished_ranges(const Graph& g) {
  std::vector<Range> ranges(g.tensors.size(), kNothing);
  const auto at = [&](TensorId id) -> Range& { return ranges[static_cast<std::size_t>(id)]; };
  // what enters and leaves is written and read by firmware, which need not saturate
  for (const auto id : g.inputs) at(id) = kEverything;
  for (const auto id : g.outputs) at(id) = kEverything;
  for (auto n = g.nodes.rbegin(); n != g.nodes.rend(); ++n) {
    const Range read = moves_or_selects(kind(n->op)) ? at(n->outputs[0]) : saturation(kind(n->op));
    for (const auto id : n->inputs)
      if (id != kNoTensor) at(id) = {std::min(at(id).min, read.min), std::max(at(id).max, read.max)};
  }
  for (Range& r : ranges)
    if (r.min > r.max) r = kEverything;  // nobody reads it
  return ranges;
}

}  // namespace tinyc
