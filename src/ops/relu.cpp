// RELU: x clamped to [0, inf). Int8: requantized by s_in / s_out, then clamped.
#include "ops/unary.h"

namespace tinyc {
namespace {

void forward(const ForwardArgs& a) {
  map_elements(a, [](float x) { return activate(x, Act::relu); });
}

void backward(const BackwardArgs& a) {
  map_gradient(a, [](float x, float) { return x > 0 ? 1.0f : 0.0f; });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) { lower_clamp(g, n, out, Act::relu); }

}  // namespace

constexpr OpTraits traits_relu{
    .name = "relu",
    .summary = "clamp to [0, inf)",
    .saturation = {.min = 0},
    .elementwise = true,
    .infer = infer_unary,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kLutKernels,
};
static_assert(complete(traits_relu));

}  // namespace tinyc
