// RELU_N1_TO_1: x clamped to [-1, 1]. Int8: requantized by s_in / s_out, then clamped.
#include "ops/unary.h"

namespace tinyc {
namespace {

void forward(const ForwardArgs& a) {
  map_elements(a, [](float x) { return activate(x, Act::relu_n1_to_1); });
}

void backward(const BackwardArgs& a) {
  map_gradient(a, [](float x, float) { return x > -1 && x < 1 ? 1.0f : 0.0f; });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) { lower_clamp(g, n, out, Act::relu_n1_to_1); }

}  // namespace

constexpr OpTraits traits_relu_n1_to_1{
    .name = "relu_n1_to_1",
    .summary = "clamp to [-1, 1]",
    .saturation = {-1, 1},
    .elementwise = true,
    .infer = infer_unary,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kLutKernels,
};
static_assert(complete(traits_relu_n1_to_1));

}  // namespace tinyc
