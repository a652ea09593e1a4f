// SUB: a - b with broadcasting and a fused activation. Int8: the kernel of ADD; TFLite Micro computes the multipliers
// in float.
#include "ops/binary.h"

namespace tinyc {
namespace {

void forward(const ForwardArgs& a) {
  forward_binary(a, get<Sub>(a.op).act, [](float x, float y) { return x - y; });
}

void backward(const BackwardArgs& a) {
  backward_binary(a, get<Sub>(a.op).act, [](float, float) { return 1.0f; }, [](float, float) { return -1.0f; });
}

AddMultipliers multipliers(float larger, float smaller, float output) {
  const float twice = 2 * larger;
  return {static_cast<double>(smaller / twice),
          static_cast<double>(twice / (static_cast<float>(1 << kAddBits) * output))};
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  lower_add(g, n, out, get<Sub>(n.op).act, true, multipliers);
}

}  // namespace

constexpr OpTraits traits_sub{
    .name = "sub",
    .summary = "a - b",
    .min_inputs = 2,
    .max_inputs = 2,
    .elementwise = true,
    .infer = infer_binary,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kAddKernels,
};
static_assert(complete(traits_sub));

}  // namespace tinyc
