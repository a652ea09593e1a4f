// SUM over any axes. Int8: the kernel of MEAN without the division.
#include "ops/reduce.h"

namespace tinyc {
namespace {

void forward(const ForwardArgs& a) {
  forward_reduce(a, get<Sum>(a.op).axes, [](float x, float y) { return x + y; });
}

void backward(const BackwardArgs& a) {
  backward_reduce(a, get<Sum>(a.op).axes, [](float, float, float g, [[maybe_unused]] std::int32_t terms) { return g; });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) { lower_sum(g, n, out, get<Sum>(n.op).axes, false); }

}  // namespace

constexpr OpTraits traits_sum{
    .name = "sum",
    .summary = "sum over axes",
    .infer = infer_reduce<Sum>,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kSumKernels,
};
static_assert(complete(traits_sum));

}  // namespace tinyc
