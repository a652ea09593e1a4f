// SQUARE: x * x. TFLite Micro has no int8 kernel: the table is rounded from real values.
#include "ops/unary.h"

namespace tinyc {
namespace {

void forward(const ForwardArgs& a) {
  map_elements(a, [](float x) { return x * x; });
}

void backward(const BackwardArgs& a) {
  map_gradient(a, [](float x, float) { return 2 * x; });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const auto [in, to] = unary_quant(g, n);
  lower_table(g, n, out, real_entry(in, to, [](double x) { return x * x; }));
}

}  // namespace

constexpr OpTraits traits_square{
    .name = "square",
    .summary = "x * x",
    .elementwise = true,
    .infer = infer_unary,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kLutKernels,
};
static_assert(complete(traits_square));

}  // namespace tinyc
