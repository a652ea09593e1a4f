// MEAN over any axes.
#include "ops/reduce.h"

namespace tinyc {
namespace {

void forward(const ForwardArgs& a) {
  forward_reduce(a, get<Mean>(a.op).axes, [](float x, float y) { return x + y; });
  const auto outputs = num_elements(*a.out[0].shape), terms = num_elements(*a.in[0].shape) / outputs;
  for (std::int64_t i = 0; i < outputs; ++i) a.out[0].data[i] /= static_cast<float>(terms);
}

void backward(const BackwardArgs& a) {
  backward_reduce(a, get<Mean>(a.op).axes, [](float, float, float g, [[maybe_unused]] std::int32_t terms) {
    return g / static_cast<float>(terms);
  });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) { lower_sum(g, n, out, get<Mean>(n.op).axes, true); }

}  // namespace

constexpr OpTraits traits_mean{
    .name = "mean",
    .summary = "mean over axes",
    .infer = infer_reduce<Mean>,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kSumKernels,
};
static_assert(complete(traits_mean));

}  // namespace tinyc
