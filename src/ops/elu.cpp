// ELU: x for x > 0, else exp(x) - 1 (Clevert et al. 2015, arXiv 1511.07289, with alpha 1). Int8 by a table rounded from
// real values, as the reference kernel does.
#include "ops/unary.h"

namespace tinyc {
namespace {

void forward(const ForwardArgs& a) {
  map_elements(a, [](float x) { return x > 0 ? x : std::expm1(x); });
}

void backward(const BackwardArgs& a) {
  map_gradient(a, [](float x, float y) { return x > 0 ? 1.0f : y + 1; });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const auto [in, to] = unary_quant(g, n);
  lower_table(g, n, out, real_entry(in, to, [](double x) { return x > 0 ? x : std::expm1(x); }));
}

}  // namespace

constexpr OpTraits traits_elu{
    .name = "elu",
    .summary = "x for x > 0, else exp(x) - 1",
    .saturation = {.min = -6.5f},  // the output scale is at least 1/255
    .elementwise = true,
    .infer = infer_unary,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kLutKernels,
};
static_assert(complete(traits_elu));

}  // namespace tinyc
