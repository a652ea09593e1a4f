// HARD_SWISH: x * clamp(x + 3, 0, 6) / 6. Int8 as the reference kernel: int16 fixed point with multipliers computed in
// float; where its output multiplier would not be below one, the table is rounded from real values instead.
#include "ops/unary.h"

namespace tinyc {
namespace {

std::int16_t saturate(std::int64_t v) { return static_cast<std::int16_t>(std::clamp<std::int64_t>(v, -32768, 32767)); }

// a * b * 2 / 2^16 to nearest, ties up.
std::int16_t mul_rounding(std::int16_t a, std::int16_t b) { return saturate((std::int32_t{a} * b + (1 << 14)) >> 15); }

// A real multiplier as Q15 mantissa and exponent.
struct Multiplier16 {
  std::int16_t mantissa;
  int exponent;
  explicit Multiplier16(float real) {
    const Multiplier m = quantize_multiplier(static_cast<double>(real));
    mantissa = saturate((std::int64_t{m.mantissa} + (1 << 15)) >> 16);
    exponent = m.shift;
  }
};

// clamp(x / 3, -1, 1) in Q15 for x at 1/128 of the input scale, then mapped to [0, 1].
std::int16_t relu_like(std::int16_t x, const Multiplier16& m) {
  if (m.exponent > 0) x = saturate(std::int64_t{x} << (m.exponent - 1));
  x = mul_rounding(x, m.mantissa);
  if (m.exponent > 0) x = saturate(std::int64_t{x} * 2);
  if (m.exponent < 0) x = static_cast<std::int16_t>(tinyc_rshift(x, -m.exponent));
  return static_cast<std::int16_t>((x + (1 << 15)) >> 1);
}

float hard_swish(float x) { return x * std::min(6.0f, std::max(0.0f, x + 3.0f)) / 6.0f; }

void forward(const ForwardArgs& a) { map_elements(a, hard_swish); }

void backward(const BackwardArgs& a) {
  map_gradient(a, [](float x, float) { return x <= -3 ? 0.0f : x >= 3 ? 1.0f : (2 * x + 3) / 6; });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const auto [in, to] = unary_quant(g, n);
  const float fine_scale = (1.0f / 128.0f) * in.scale;
  const Multiplier16 to_output(fine_scale / to.scale), to_relu(fine_scale / (3.0f / 32768.0f));
  if (to_output.exponent > 0)
    return lower_table(g, n, out, real_entry(in, to, [](double x) { return x * std::clamp(x + 3, 0.0, 6.0) / 6; }));
  lower_table(g, n, out, [=, from = in, into = to](std::int32_t q) {
    const auto fine = static_cast<std::int16_t>((q - from.zero_point) * 128);
    const std::int32_t product = std::int32_t{relu_like(fine, to_relu)} * mul_rounding(fine, to_output.mantissa);
    return into.zero_point + tinyc_rshift(product / (1 << 15), -to_output.exponent);  // the division rounds to zero
  });
}

}  // namespace

constexpr OpTraits traits_hard_swish{
    .name = "hard_swish",
    .summary = "x * clamp(x + 3, 0, 6) / 6",
    .saturation = {.min = -3},
    .elementwise = true,
    .infer = infer_unary,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kLutKernels,
};
static_assert(complete(traits_hard_swish));

}  // namespace tinyc
