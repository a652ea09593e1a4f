#include "ops/affine_fit.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tinyc {
namespace {

constexpr int kMinShift = 16, kMaxShift = 30;

/// The constants that send all pairs seen so far to their outputs.
struct Interval {
  std::int64_t lo = std::numeric_limits<std::int64_t>::min(), hi = std::numeric_limits<std::int64_t>::max();
  bool empty() const { return lo > hi; }
  /// Of the values in it, the one nearest to `wanted`.
  std::int64_t nearest(std::int64_t wanted) const { return std::clamp(wanted, lo, hi); }
  /// (term + constant) >> shift, clamped, must be v.
  void meet(std::int64_t term, int v, int shift, const PairOutputs& out) {
    if (v > out.lo) lo = std::max(lo, (std::int64_t{v} << shift) - term);
    if (v < out.hi) hi = std::min(hi, (std::int64_t{v + 1} << shift) - 1 - term);
  }
};

template <class F>
void for_pairs(const PairOutputs& out, F f) {
  std::size_t i = 0;
  for (int a = -128; a < 128; ++a)
    for (int b = -128; b < 128; ++b) f(a, b, out.values[i++]);
}

/// The largest shift that leaves a sum of up to `magnitude` in int32, and factors of up to `factor` below 2^`bits`.
int largest_shift(double magnitude, double factor, int bits) {
  const int sum = 30 - static_cast<int>(std::ceil(std::log2(magnitude + 1)));
  return std::min({sum, bits - 1 - static_cast<int>(std::floor(std::log2(factor))), kMaxShift});
}

bool fits_int32(std::int64_t v) {
  return v >= std::numeric_limits<std::int32_t>::min() && v <= std::numeric_limits<std::int32_t>::max();
}

std::int64_t scaled(double v, int shift) { return std::llround(std::ldexp(v, shift)); }

}  // namespace

std::optional<SumFit> fit_sum(double ratio_a, double ratio_b, double offset, const PairOutputs& out) {
  const double a = std::abs(ratio_a), b = std::abs(ratio_b);
  const int shift = largest_shift(128 * (a + b) + std::abs(offset), std::max({a, b, 1e-9}), 30);
  if (shift < kMinShift) return std::nullopt;
  const std::int64_t middle_a = scaled(ratio_a, shift), middle_b = scaled(ratio_b, shift);
  const std::int64_t wanted = scaled(offset + 0.5, shift);
  for (int radius = 0; radius <= 4; ++radius)  // nearest factors first
    for (int i = -radius; i <= radius; ++i)
      for (int j = -radius; j <= radius; ++j) {
        if (std::max(std::abs(i), std::abs(j)) != radius) continue;
        const std::int64_t fa = middle_a + i, fb = middle_b + j;
        Interval constants;
        for_pairs(out, [&](int x, int y, int v) { constants.meet(x * fa + y * fb, v, shift, out); });
        if (constants.empty()) continue;
        const std::int64_t c = constants.nearest(wanted);
        if (!fits_int32(std::abs(c) + 128 * (std::abs(fa) + std::abs(fb)))) continue;
        return SumFit{static_cast<std::int32_t>(fa), static_cast<std::int32_t>(fb), static_cast<std::int32_t>(c),
                      shift};
      }
  return std::nullopt;
}

std::optional<ProductFit> fit_product(double ratio, int zero_a, int zero_b, int offset, const PairOutputs& out) {
  const int widest = (128 + std::abs(zero_a)) * (128 + std::abs(zero_b));
  const int shift = largest_shift(widest * ratio + std::abs(offset), ratio * 32768, 28);
  if (shift < kMinShift) return std::nullopt;
  const std::int64_t factor = scaled(ratio, shift + 15);
  Interval positive, negative;  // the reference rounds ties away from zero
  for_pairs(out, [&](int a, int b, int v) {
    const std::int64_t x = std::int64_t{a - zero_a} * (b - zero_b);
    (x < 0 ? negative : positive).meet((x * factor) >> 15, v, shift, out);
  });
  if (positive.empty() || negative.empty() || factor >= 1 << 28) return std::nullopt;
  const std::int64_t wanted = scaled(offset + 0.5, shift);
  const std::int64_t c = positive.nearest(wanted), below = negative.nearest(c) - c;
  if (!fits_int32(std::abs(c) + std::abs(below) + ((widest * factor) >> 15) + 1)) return std::nullopt;
  return ProductFit{static_cast<std::int32_t>(factor), static_cast<std::int32_t>(c), static_cast<std::int32_t>(below),
                    shift};
}

}  // namespace tinyc
