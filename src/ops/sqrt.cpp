// SQRT: square root. TFLite Micro has no int8 kernel: the table is rounded from real values.
// Negative inputs give 0 in int8 (NaN in float).
#include "ops/unary.h"

namespace tinyc {
namespace {

void forward(const ForwardArgs& a) {
  map_elements(a, [](float x) { return std::sqrt(x); });
}

void backward(const BackwardArgs& a) {
  map_gradient(a, [](float, float y) { return 0.5f / y; });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const auto [in, to] = unary_quant(g, n);
  lower_table(g, n, out, real_entry(in, to, [](double x) { return std::sqrt(std::max(x, 0.0)); }));
}

}  // namespace

constexpr OpTraits traits_sqrt{
    .name = "sqrt",
    .summary = "square root",
    .elementwise = true,
    .infer = infer_unary,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kLutKernels,
};
static_assert(complete(traits_sqrt));

}  // namespace tinyc
