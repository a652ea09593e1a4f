// ABS: |x|. Int8 as the reference kernel: requantized by s_in / s_out, not at all where the scales are equal.
#include "ops/unary.h"

namespace tinyc {
namespace {

void forward(const ForwardArgs& a) {
  map_elements(a, [](float x) { return std::fabs(x); });
}

void backward(const BackwardArgs& a) {
  map_gradient(a, [](float x, float) { return x < 0 ? -1.0f : x > 0 ? 1.0f : 0.0f; });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const auto [in, to] = unary_quant(g, n);
  const Multiplier m = quantize_multiplier(static_cast<double>(in.scale) / static_cast<double>(to.scale));
  lower_table(g, n, out, [=, from = in, into = to](std::int32_t q) {
    return tinyc_output(tinyc_requant(std::abs(q - from.zero_point), m.mantissa, m.shift), into.zero_point, -128, 127);
  });
}

}  // namespace

constexpr OpTraits traits_abs{
    .name = "abs",
    .summary = "absolute value",
    .elementwise = true,
    .infer = infer_unary,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kLutKernels,
};
static_assert(complete(traits_abs));

}  // namespace tinyc
