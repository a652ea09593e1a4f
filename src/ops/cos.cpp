// COS: cos(x), x in radians. The table is rounded from real values.
#include "ops/unary.h"

namespace tinyc {
namespace {

void forward(const ForwardArgs& a) {
  map_elements(a, [](float x) { return std::cos(x); });
}

void backward(const BackwardArgs& a) {
  map_gradient(a, [](float x, float) { return -std::sin(x); });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const auto [in, to] = unary_quant(g, n);
  lower_table(g, n, out, real_entry(in, to, [](double x) { return std::cos(x); }));
}

}  // namespace

constexpr OpTraits traits_cos{
    .name = "cos",
    .summary = "cos(x)",
    .elementwise = true,
    .infer = infer_unary,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kLutKernels,
};
static_assert(complete(traits_cos));

}  // namespace tinyc
