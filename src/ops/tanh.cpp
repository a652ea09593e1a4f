// TANH: tanh(x). Int8 at the fixed output scale 1 / 128: gemmlowp's fixed-point function on Q4.27, as the
// reference kernel; at any other output scale the table is rounded from real values.
#include "ops/fixed_point.h"
#include "ops/unary.h"

namespace tinyc {
namespace {

void forward(const ForwardArgs& a) {
  map_elements(a, [](float x) { return std::tanh(x); });
}

void backward(const BackwardArgs& a) {
  map_gradient(a, [](float, float y) { return 1 - y * y; });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const auto [in, to] = unary_quant(g, n);
  if (to.scale != 1.0f / 128 || to.zero_point != 0)
    return lower_table(g, n, out, real_entry(in, to, [](double x) { return std::tanh(x); }));
  lower_table(g, n, out, [x = Q4Input(in)](std::int32_t q) {
    if (const int side = x.saturated(q)) return side < 0 ? -128 : 127;
    return tinyc_rshift(fixed::tanh_q4(x.value(q)), 24);
  });
}

}  // namespace

constexpr OpTraits traits_tanh{
    .name = "tanh",
    .summary = "tanh(x)",
    .quant = {.output = QuantRule::Output::fixed, .scale = 1.0f / 128, .zero_point = 0},
    .saturation = {-3.25f, 3.25f},  // beyond +-3.12 less than half a step of 1/128 is left
    .elementwise = true,
    .infer = infer_unary,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kLutKernels,
};
static_assert(complete(traits_tanh));

}  // namespace tinyc
