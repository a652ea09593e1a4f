#include "ops/silent_channels.h"

#include <algorithm>
#include <cmath>

#include "tinyc_rt/tinyc_rt.h"

namespace tinyc {
namespace {

std::vector<bool> silent_channels(const Tensor& w, std::int32_t axis) {
  std::int64_t inner = 1;
  for (std::size_t d = static_cast<std::size_t>(axis) + 1; d < w.shape.size(); ++d) inner *= w.shape[d];
  const std::int64_t channels = w.shape[static_cast<std::size_t>(axis)];
  const auto values = w.as<std::int8_t>();
  std::vector<bool> silent(static_cast<std::size_t>(channels), true);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] != 0) silent[static_cast<std::size_t>(static_cast<std::int64_t>(i) / inner % channels)] = false;
  return silent;
}

/// A bias that `m` turns into `output` (without zero point), if there is one.
std::optional<std::int32_t> bias_for(std::int32_t output, const Multiplier& m) {
  const double real = std::ldexp(m.mantissa, m.shift - 31);
  if (m.mantissa <= 0 || std::abs(output) > real * (1 << 29)) return std::nullopt;
  const auto bias = static_cast<std::int32_t>(std::lround(output / real));
  for (const std::int32_t b : {bias, bias - 1, bias + 1})
    if (tinyc_requant(b, m.mantissa, m.shift) == output) return b;
  return std::nullopt;
}

}  // namespace

void lend_scales(const Tensor& weights, std::int32_t axis, const ActRange& range, std::int32_t zero_point,
                 std::span<std::int32_t> bias, std::span<Multiplier> scales) {
  const std::vector<bool> silent = silent_channels(weights, axis);
  const auto lender = static_cast<std::size_t>(std::ranges::find(silent, false) - silent.begin());
  if (lender == silent.size()) return;
  for (std::size_t c = 0; c < silent.size(); ++c) {
    if (!silent[c]) continue;
    const std::int32_t output = std::clamp(tinyc_requant(bias[c], scales[c].mantissa, scales[c].shift),
                                           range.min - zero_point, range.max - zero_point);
    if (const auto b = bias_for(output, scales[lender])) {
      bias[c] = *b;
      scales[c] = scales[lender];
    }
  }
}

}  // namespace tinyc
