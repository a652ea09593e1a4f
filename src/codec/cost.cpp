#include <algorithm>
#include <bit>
#include <cstdlib>

#include "tinyc/codec.h"

namespace tinyc {
namespace {

// Instructions, measured on a Cortex-M4 with the portable decoders at -O2 and rounded.
constexpr std::int64_t kHuffmanValue = 19, kHuffmanZero = 4;  // a weight that is not zero, one that is (in runs)
// fitted to the totals of three networks (dense, with filter peaks, 95 % zeros), each met within a sixth
constexpr std::int64_t kRangeWeight = 130, kRangeDecision = 20;

}  // namespace

std::int64_t huffman_instructions(std::span<const std::int8_t> weights) {
  const auto zeros = static_cast<std::int64_t>(std::ranges::count(weights, std::int8_t{0}));
  // few zeros are symbols like all others
  const bool runs = 2 * zeros > static_cast<std::int64_t>(weights.size());
  return (static_cast<std::int64_t>(weights.size()) - zeros) * kHuffmanValue +
         zeros * (runs ? kHuffmanZero : kHuffmanValue);
}

std::int64_t range_instructions(std::span<const std::int8_t> weights) {
  std::int64_t decisions = 0;
  for (const std::int8_t w : weights) decisions += 1 + 2 * std::bit_width(static_cast<unsigned>(std::abs(w)));
  return static_cast<std::int64_t>(weights.size()) * kRangeWeight + decisions * kRangeDecision;
}

std::int64_t decode_instructions(std::span<const std::uint8_t> table, std::span<const std::int8_t> weights) {
  return is_range(table) ? range_instructions(weights) : huffman_instructions(weights);
}

}  // namespace tinyc
