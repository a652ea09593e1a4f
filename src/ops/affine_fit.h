// Cheaper arithmetic for an operator of two int8 operands, proved by exhaustion: it is taken only where it gives the
// reference's output for every one of the 65,536 pairs of operands.
//
// TFLite rounds three times on the way; the result differs from one rounding of the exact sum only near the steps
// between outputs. For given factors each pair allows an interval of constants that put it on the right side of its
// step; any constant in the intersection of all intervals serves. It is almost never empty: the pairs leave more room
// between themselves and a step than the reference's roundings and the factors' take. Where it is empty, factors some
// units away are tried; a little more than the exact factors sends ties away from zero, as the reference does.
#pragma once
#include <cstdint>
#include <optional>
#include <span>

namespace tinyc {

/// The reference's outputs for a = -128 ... 127 (outer loop) and b = -128 ... 127 (inner loop), clamped to [lo, hi].
struct PairOutputs {
  std::span<const std::int8_t, 65536> values;
  int lo, hi;
};

/// clamp((a * factor_a + b * factor_b + constant) >> shift), 16 <= shift <= 30; no partial sum leaves int32.
struct SumFit {
  std::int32_t factor_a, factor_b, constant, shift;
};
std::optional<SumFit> fit_sum(double ratio_a, double ratio_b, double offset, const PairOutputs& out);

/// x = (a - zero_a) * (b - zero_b): clamp((floor(x * factor / 2^15) + constant + (x < 0 ? below : 0)) >> shift),
/// factor < 2^28, 16 <= shift <= 30; no partial sum leaves int32.
struct ProductFit {
  std::int32_t factor, constant, below, shift;
};
std::optional<ProductFit> fit_product(double ratio, int zero_a, int zero_b, int offset, const PairOutputs& out);

}  // namespace tinyc
