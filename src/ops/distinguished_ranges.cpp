// The saturation of operators, followed backwards through those that only move values.
#include "tinyc/distinguished_ranges.h"

#include <algorithm>
#include <limits>

namespace tinyc {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr Range kEverything{-kInfinity, kInfinity}, kNothing{kInfinity, -kInfinity};

}  // namespace

std::vector<Range> distinguished_ranges(const Graph& g) {
  std::vector<Range> ranges(g.tensors.size(), kNothing);
  const auto at = [&](TensorId id) -> Range& { return ranges[static_cast<std::size_t>(id)]; };
  // what enters and leaves is written and read by firmware, which need not saturate
  for (const auto id : g.inputs) at(id) = kEverything;
  for (const auto id : g.outputs) at(id) = kEverything;
  for (auto n = g.nodes.rbegin(); n != g.nodes.rend(); ++n) {
    const OpTraits& t = traits(n->op);
    const Range read = t.moves ? at(n->outputs[0]) : Range{t.saturation.min, t.saturation.max};
    for (const auto id : n->inputs)
      if (id != kNoTensor) at(id) = {std::min(at(id).min, read.min), std::max(at(id).max, read.max)};
  }
  for (Range& r : ranges)
    if (r.min > r.max) r = kEverything;  // nobody reads it
  return ranges;
}

}  // namespace tinyc
