// LOGISTIC: 1 / (1 + exp(-x)). Int8 at the fixed output scale 1 / 256: gemmlowp's fixed-point function on Q4.27, as the
// reference kernel; at any other output scale the table is rounded from real values.
#include "ops/fixed_point.h"
#include "ops/unary.h"

namespace tinyc {
namespace {

void forward(const ForwardArgs& a) {
  map_elements(a, [](float x) { return 1.0f / (1.0f + std::exp(-x)); });
}

void backward(const BackwardArgs& a) {
  map_gradient(a, [](float, float y) { return y * (1 - y); });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const auto [in, to] = unary_quant(g, n);
  if (to.scale != 1.0f / 256 || to.zero_point != -128)
    return lower_table(g, n, out, real_entry(in, to, [](double x) { return 1.0 / (1.0 + std::exp(-x)); }));
  lower_table(g, n, out, [x = Q4Input(in)](std::int32_t q) {
    if (const int side = x.saturated(q)) return side < 0 ? -128 : 127;
    return tinyc_rshift(fixed::logistic_q4(x.value(q)), 23) - 128;
  });
}

}  // namespace

constexpr OpTraits traits_logistic{
    .name = "logistic",
    .summary = "1 / (1 + exp(-x))",
    .quant = {.output = QuantRule::Output::fixed, .scale = 1.0f / 256, .zero_point = -128},
    .saturation = {-6.5f, 6.5f},  // beyond +-ln(511) = +-6.24 less than half a step of 1/256 is left
    .elementwise = true,
    .infer = infer_unary,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kLutKernels,
};
static_assert(complete(traits_logistic));

}  // namespace tinyc
