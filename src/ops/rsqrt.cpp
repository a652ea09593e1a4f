// RSQRT: 1 / sqrt(x). Int8 as the reference kernel: a fixed-point inverse square root with 20 extra bits.
// Inputs <= 0 give the largest output in int8 (inf or NaN in float).
#include "ops/fixed_point.h"
#include "ops/unary.h"

namespace tinyc {
namespace {

void forward(const ForwardArgs& a) {
  map_elements(a, [](float x) { return 1.0f / std::sqrt(x); });
}

void backward(const BackwardArgs& a) {
  map_gradient(a, [](float, float y) { return -0.5f * y * y * y; });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const auto [in, to] = unary_quant(g, n);
  const double real = 1.0 / (std::sqrt(static_cast<double>(in.scale)) * static_cast<double>(to.scale));
  const Multiplier m = quantize_multiplier(real);
  constexpr int extra_bits = 20;
  lower_table(g, n, out, [=, from = in, into = to](std::int32_t q) {
    const std::int32_t x = q - from.zero_point;
    if (x <= 0) return 127;
    const fixed::InverseSqrt inverse = fixed::inverse_sqrt(x);
    const std::int32_t y = tinyc_requant(1, inverse.mantissa, extra_bits - inverse.right_shift);
    // further to the right nothing is left of y < 2^21
    return into.zero_point + tinyc_requant(y, m.mantissa, std::max(m.shift - extra_bits, -31));
  });
}

}  // namespace

constexpr OpTraits traits_rsqrt{
    .name = "rsqrt",
    .summary = "1 / sqrt(x)",
    .elementwise = true,
    .infer = infer_unary,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kLutKernels,
};
static_assert(complete(traits_rsqrt));

}  // namespace tinyc
