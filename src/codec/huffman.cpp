#include "codec/huffman.h"

#include <algorithm>
#include <numeric>

namespace tinyc {

std::vector<std::uint8_t> code_lengths(std::span<const std::uint64_t> freq, int limit) {
  const std::size_t n = freq.size();
  std::vector<std::uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return freq[a] < freq[b]; });

  // One list a level, from the deepest: the leaves merged with the pairs of the level below, by weight, leaves first.
  // Only whether an entry is a leaf has to be remembered: the leaves among the first k of a list are the k lightest.
  std::vector<std::vector<std::uint8_t>> is_leaf(static_cast<std::size_t>(limit));
  std::vector<std::uint64_t> below, list;
  for (auto& flags : is_leaf) {
    list.clear();
    std::size_t leaf = 0, pair = 0;
    while (leaf < n || pair + 1 < below.size()) {
      const bool pairs_left = pair + 1 < below.size();
      const std::uint64_t pair_weight = pairs_left ? below[pair] + below[pair + 1] : 0;
      const bool take_leaf = leaf < n && (!pairs_left || freq[order[leaf]] <= pair_weight);
      list.push_back(take_leaf ? freq[order[leaf]] : pair_weight);
      flags.push_back(take_leaf);
      if (take_leaf) {
        ++leaf;
      } else {
        pair += 2;
      }
    }
    below.swap(list);
  }

  // The best code is the first 2n - 2 entries of the shallowest list; each leaf among them costs its symbol one bit.
  std::vector<std::uint8_t> lengths(n, 0);
  std::size_t take = 2 * n - 2;
  for (auto level = is_leaf.rbegin(); level != is_leaf.rend() && take > 0; ++level) {
    const auto leaves = static_cast<std::size_t>(
        std::count(level->begin(), level->begin() + static_cast<std::ptrdiff_t>(take), std::uint8_t{1}));
    for (std::size_t i = 0; i < leaves; ++i) ++lengths[order[i]];
    take = 2 * (take - leaves);
  }
  return lengths;
}

}  // namespace tinyc
