// MINIMUM: the smaller of a and b with broadcasting. Int8: all three tensors share one quantization.
#include "ops/binary.h"

namespace tinyc {
namespace {

void forward(const ForwardArgs& a) {
  forward_binary(a, Act::none, [](float x, float y) { return std::min(x, y); });
}

void backward(const BackwardArgs& a) {
  backward_binary(
      a, Act::none, [](float x, float y) { return x <= y ? 1.0f : 0.0f; },
      [](float x, float y) { return x <= y ? 0.0f : 1.0f; });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) { lower_maximum(g, n, out, true); }

}  // namespace

constexpr OpTraits traits_minimum{
    .name = "minimum",
    .summary = "min(a, b)",
    .min_inputs = 2,
    .max_inputs = 2,
    .quant = {.output = QuantRule::Output::same_as_input},
    .elementwise = true,
    .infer = infer_binary,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kMaximumKernels,
};
static_assert(complete(traits_minimum));

}  // namespace tinyc
