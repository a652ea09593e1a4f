// REDUCE_MAX: maximum over any axes.
#include "ops/reduce.h"

namespace tinyc {
namespace {

void forward(const ForwardArgs& a) {
  forward_reduce(a, get<ReduceMax>(a.op).axes, [](float x, float y) { return std::max(x, y); });
}

// Ties share the gradient's whole value: any of them alone would move the output.
void backward(const BackwardArgs& a) {
  backward_reduce(a, get<ReduceMax>(a.op).axes,
                  [](float x, float y, float g, std::int32_t) { return x == y ? g : 0.0f; });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  lower_extremum(g, n, out, get<ReduceMax>(n.op).axes, false);
}

}  // namespace

constexpr OpTraits traits_reduce_max{
    .name = "reduce_max",
    .summary = "maximum over axes",
    .quant = {.output = QuantRule::Output::same_as_input},
    .infer = infer_reduce<ReduceMax>,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kExtremumKernels,
};
static_assert(complete(traits_reduce_max));

}  // namespace tinyc
