// LOG: natural logarithm. The table is rounded from real values, as TFLite's own int8 table is.
// Inputs <= 0 give the smallest output in int8 (-inf or NaN in float).
#include "ops/unary.h"

namespace tinyc {
namespace {

void forward(const ForwardArgs& a) {
  map_elements(a, [](float x) { return std::log(x); });
}

void backward(const BackwardArgs& a) {
  map_gradient(a, [](float x, float) { return 1 / x; });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const auto [in, to] = unary_quant(g, n);
  lower_table(g, n, out, real_entry(in, to, [](double x) { return std::log(std::max(x, 0.0)); }));
}

}  // namespace

constexpr OpTraits traits_log{
    .name = "log",
    .summary = "natural logarithm",
    .elementwise = true,
    .infer = infer_unary,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kLutKernels,
};
static_assert(complete(traits_log));

}  // namespace tinyc
