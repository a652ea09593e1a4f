// Host emulation of the fixed-point functions that TFLite's int8 kernels are built from (gemmlowp's Qm.n arithmetic on
// int32). Lowering uses them to build tables; nothing here reaches the target.
#pragma once
#include <cstdint>

namespace tinyc::fixed {

/// a * b * 2 / 2^32 to nearest, ties up; the one overflow (both INT32_MIN) saturates.
std::int32_t mul(std::int32_t a, std::int32_t b);
/// x * 2^e, saturated to int32, e >= 0.
std::int32_t shift_left(std::int32_t x, int e);
/// exp(a) in Q0.31 for a <= 0 given with `integer_bits` (at most 5) integer bits: Taylor around -1/8 on the lowest
/// quarter, one multiplication for each binary digit above it.
std::int32_t exp_of_negative(std::int32_t a, int integer_bits);
/// tanh(a) and 1 / (1 + exp(-a)) in Q0.31 for a in Q4.27.
std::int32_t tanh_q4(std::int32_t a);
std::int32_t logistic_q4(std::int32_t a);

/// 1 / sqrt(x) for an integer x >= 1: mantissa * 2^(-31 - right_shift), as TFLite's RSQRT kernel gets it (five Newton
/// steps).
struct InverseSqrt {
  std::int32_t mantissa = 0;
  int right_shift = 0;
};
InverseSqrt inverse_sqrt(std::int32_t x);

}  // namespace tinyc::fixed
