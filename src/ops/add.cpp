// ADD: a + b with broadcasting and a fused activation. Int8: TFLite computes its multipliers in double.
#include "ops/binary.h"

namespace tinyc {
namespace {

void forward(const ForwardArgs& a) {
  forward_binary(a, get<Add>(a.op).act, [](float x, float y) { return x + y; });
}

void backward(const BackwardArgs& a) {
  backward_binary(a, get<Add>(a.op).act, [](float, float) { return 1.0f; }, [](float, float) { return 1.0f; });
}

AddMultipliers multipliers(float larger, float smaller, float output) {
  const double twice = 2 * static_cast<double>(larger);
  return {static_cast<double>(smaller) / twice, twice / ((1 << kAddBits) * static_cast<double>(output))};
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  lower_add(g, n, out, get<Add>(n.op).act, false, multipliers);
}

}  // namespace

constexpr OpTraits traits_add{
    .name = "add",
    .summary = "a + b (also ADD_N)",
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
static_assert(complete(traits_add));

}  // namespace tinyc
