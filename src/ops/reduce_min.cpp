// REDUCE_MIN: minimum over any axes.
#include "ops/reduce.h"

namespace tinyc {
namespace {

void forward(const ForwardArgs& a) {
  forward_reduce(a, get<ReduceMin>(a.op).axes, [](float x, float y) { return std::min(x, y); });
}

// Ties share the gradient's whole value: any of them alone would move the output.
void backward(const BackwardArgs& a) {
  backward_reduce(a, get<ReduceMin>(a.op).axes,
                  [](float x, float y, float g, std::int32_t) { return x == y ? g : 0.0f; });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  lower_extremum(g, n, out, get<ReduceMin>(n.op).axes, true);
}

}  // namespace

constexpr OpTraits traits_reduce_min{
    .name = "reduce_min",
    .summary = "minimum over axes",
    .quant = {.output = QuantRule::Output::same_as_input},
    .infer = infer_reduce<ReduceMin>,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kExtremumKernels,
};
static_assert(complete(traits_reduce_min));

}  // namespace tinyc
