#include "cli/ram_bound.h"

#include <algorithm>

namespace tinyc {

std::uint64_t ram_bound(const Graph& g) {
  std::vector<std::int32_t> first(g.tensors.size(), -1), last(g.tensors.size(), -2);
  const auto count = static_cast<std::int32_t>(g.nodes.size());
  for (const auto id : g.inputs) last[static_cast<std::size_t>(id)] = first[static_cast<std::size_t>(id)];
  for (std::int32_t i = 0; i < count; ++i) {
    for (const auto id : g.nodes[static_cast<std::size_t>(i)].outputs)
      first[static_cast<std::size_t>(id)] = last[static_cast<std::size_t>(id)] = i;
    for (const auto id : g.nodes[static_cast<std::size_t>(i)].inputs)
      if (id != kNoTensor) last[static_cast<std::size_t>(id)] = i;
  }
  for (const auto id : g.outputs) last[static_cast<std::size_t>(id)] = count;
  std::uint64_t bound = 0;
  for (std::int32_t i = 0; i < count; ++i) {
    std::uint64_t live = 0;
    for (std::size_t t = 0; t < g.tensors.size(); ++t)
      if (!g.tensors[t].is_const() && first[t] <= i && last[t] >= i)
        live += static_cast<std::uint64_t>(num_elements(g.tensors[t].shape));
    bound = std::max(bound, live);
  }
  return bound;
}

}  // namespace tinyc
