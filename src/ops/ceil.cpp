// CEIL: the smallest whole number that is not below x. The table is rounded from real values.
#include "ops/unary.h"

namespace tinyc {
namespace {

void forward(const ForwardArgs& a) {
  map_elements(a, [](float x) { return std::ceil(x); });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const auto [in, to] = unary_quant(g, n);
  lower_table(g, n, out, real_entry(in, to, [](double x) { return std::ceil(x); }));
}

}  // namespace

constexpr OpTraits traits_ceil{
    .name = "ceil",
    .summary = "whole number above",
    .elementwise = true,
    .infer = infer_unary,
    .forward = forward,
    .backward = stop_gradient,
    .macs = no_macs,
    .lower = lower,
    .kernels = kLutKernels,
};
static_assert(complete(traits_ceil));

}  // namespace tinyc
