// RELU6: x clamped to [0, 6]. Int8: requantized by s_in / s_out, then clamped.
#include "ops/unary.h"

namespace tinyc {
namespace {

void forward(const ForwardArgs& a) {
  map_elements(a, [](float x) { return activate(x, Act::relu6); });
}

void backward(const BackwardArgs& a) {
  map_gradient(a, [](float x, float) { return x > 0 && x < 6 ? 1.0f : 0.0f; });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) { lower_clamp(g, n, out, Act::relu6); }

}  // namespace

constexpr OpTraits traits_relu6{
    .name = "relu6",
    .summary = "clamp to [0, 6]",
    .saturation = {0, 6},
    .elementwise = true,
    .infer = infer_unary,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kLutKernels,
};
static_assert(complete(traits_relu6));

}  // namespace tinyc
