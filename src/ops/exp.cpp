// EXP: e^x. The table is rounded from real values, as TFLite's own int8 table is.
#include "ops/unary.h"

namespace tinyc {
namespace {

void forward(const ForwardArgs& a) {
  map_elements(a, [](float x) { return std::exp(x); });
}

void backward(const BackwardArgs& a) {
  map_gradient(a, [](float, float y) { return y; });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const auto [in, to] = unary_quant(g, n);
  lower_table(g, n, out, real_entry(in, to, [](double x) { return std::exp(x); }));
}

}  // namespace

constexpr OpTraits traits_exp{
    .name = "exp",
    .summary = "e^x",
    .elementwise = true,
    .infer = infer_unary,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kLutKernels,
};
static_assert(complete(traits_exp));

}  // namespace tinyc
