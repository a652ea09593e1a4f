#include "ops/fixed_point.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "tinyc_rt/tinyc_rt.h"

namespace tinyc::fixed {
namespace {

constexpr std::int32_t kMax = std::numeric_limits<std::int32_t>::max(), kMin = std::numeric_limits<std::int32_t>::min();

// exp(a) for a in [-1/4, 0), Q0.31.
std::int32_t exp_on_last_quarter(std::int32_t a) {
  constexpr std::int32_t exp_of_minus_eighth = 1895147668, third = 715827883;
  const std::int32_t x = a + (1 << 28);
  const std::int32_t x2 = mul(x, x), x3 = mul(x2, x), x4 = mul(x2, x2);
  const std::int32_t tail = tinyc_rshift(mul(tinyc_rshift(x4, 2) + x3, third) + x2, 1);
  return exp_of_minus_eighth + mul(exp_of_minus_eighth, x + tail);
}

// 2 / (1 + a) in Q2.29 for a in [0, 1), Q0.31: Newton's division from the usual linear guess 48/17 - 32/17 d.
std::int32_t two_over_one_plus(std::int32_t a) {
  constexpr std::int32_t k48_17 = 1515870810, minus_32_17 = -1010580540, one = 1 << 29;
  const auto half_denominator = static_cast<std::int32_t>((std::int64_t{a} + kMax + 1) / 2);
  std::int32_t x = k48_17 + mul(half_denominator, minus_32_17);
  for (int i = 0; i < 3; ++i) x += shift_left(mul(x, one - mul(half_denominator, x)), 2);
  return x;
}

}  // namespace

std::int32_t mul(std::int32_t a, std::int32_t b) { return a == kMin && b == kMin ? kMax : tinyc_mulhi(a, b); }

std::int32_t shift_left(std::int32_t x, int e) {
  const std::int64_t wide = std::int64_t{x} * (std::int64_t{1} << e);
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(wide, kMin, kMax));
}

std::int32_t exp_of_negative(std::int32_t a, int integer_bits) {
  if (a == 0) return kMax;
  // exp(-2^k) for k = -2 ... 4
  constexpr std::int32_t factors[] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
  const int fraction_bits = 31 - integer_bits;
  const std::int32_t quarter = 1 << (fraction_bits - 2);
  const std::int32_t low = (a & (quarter - 1)) - quarter;
  const auto rest = static_cast<std::uint32_t>(low) - static_cast<std::uint32_t>(a);
  std::int32_t result = exp_on_last_quarter(shift_left(low, integer_bits));
  for (int k = -2; k < integer_bits && k <= 4; ++k)
    if (rest >> (fraction_bits + k) & 1u) result = mul(result, factors[k + 2]);
  return result;
}

std::int32_t tanh_q4(std::int32_t a) {
  if (a == 0) return 0;
  const std::int32_t negative = a < 0 ? a : -a;
  // the same bits read as Q5.26 are the doubled argument; (1 - e) / (1 + e) = 2 / (1 + e) - 1
  const std::int32_t t = shift_left(two_over_one_plus(exp_of_negative(negative, 5)) - (1 << 29), 2);
  return a < 0 ? -t : t;
}

std::int32_t logistic_q4(std::int32_t a) {
  if (a == 0) return 1 << 30;
  const std::int32_t positive = shift_left(two_over_one_plus(exp_of_negative(a > 0 ? -a : a, 4)), 1);
  return a > 0 ? positive : kMax - positive;
}

InverseSqrt inverse_sqrt(std::int32_t x) {
  if (x <= 1) return {kMax, 0};
  InverseSqrt r{0, 11};
  for (; x >= 1 << 29; x /= 4) ++r.right_shift;
  const int pairs = (std::countl_zero(static_cast<std::uint32_t>(x)) - 1) / 2 - 1;
  r.right_shift -= pairs;
  x <<= 2 * pairs;
  const std::int32_t half = tinyc_rshift(x >> 1, 1), three_halves = (1 << 28) + (1 << 27);  // Q3.28
  std::int32_t y = 1 << 28;
  for (int i = 0; i < 5; ++i) {
    const std::int32_t cube = shift_left(mul(mul(y, y), y), 6);
    y = shift_left(mul(three_halves, y) - mul(half, cube), 3);
  }
  r.mantissa = mul(y, 1518500250);  // sqrt(1/2)
  if (r.right_shift < 0) {
    r.mantissa <<= -r.right_shift;
    r.right_shift = 0;
  }
  return r;
}

}  // namespace tinyc::fixed
