#include <array>
#include <cmath>

#include "tinyc/codec.h"

namespace tinyc {

double entropy_bits(std::span<const std::int8_t> weights) noexcept {
  if (weights.empty()) return 0;
  std::array<std::uint64_t, 256> count{};
  for (const std::int8_t w : weights) ++count[static_cast<std::uint8_t>(w)];
  const double n = static_cast<double>(weights.size());
  double bits = 0;
  for (const std::uint64_t c : count)
    if (c) bits -= static_cast<double>(c) * std::log2(static_cast<double>(c) / n);
  return bits / n;
}

}  // namespace tinyc
