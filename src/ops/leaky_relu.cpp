// LEAKY_RELU: x where x >= 0, else alpha * x. Int8: one multiplier for each side, both computed in float as TFLite
// does.
#include "ops/unary.h"

namespace tinyc {
namespace {

void forward(const ForwardArgs& a) {
  const float alpha = get<LeakyRelu>(a.op).alpha;
  map_elements(a, [alpha](float x) { return x > 0 ? x : x * alpha; });
}

void backward(const BackwardArgs& a) {
  const float alpha = get<LeakyRelu>(a.op).alpha;
  map_gradient(a, [alpha](float x, float) { return x > 0 ? 1.0f : alpha; });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const auto [in, to] = unary_quant(g, n);
  const float alpha = get<LeakyRelu>(n.op).alpha;
  const Multiplier above = quantize_multiplier(static_cast<double>(in.scale / to.scale));
  const Multiplier below = quantize_multiplier(static_cast<double>(in.scale * alpha / to.scale));
  lower_table(g, n, out, [=, from = in, into = to](std::int32_t q) {
    const std::int32_t x = q - from.zero_point;
    const Multiplier& m = x >= 0 ? above : below;
    return tinyc_output(tinyc_requant(x, m.mantissa, m.shift), into.zero_point, -128, 127);
  });
}

}  // namespace

constexpr OpTraits traits_leaky_relu{
    .name = "leaky_relu",
    .summary = "x, or alpha * x below zero",
    .elementwise = true,
    .infer = infer_unary,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kLutKernels,
};
static_assert(complete(traits_leaky_relu));

}  // namespace tinyc
