// ROUND: the nearest whole number, halves to the even one. The table is rounded from real values.
#include "ops/unary.h"

namespace tinyc {
namespace {

void forward(const ForwardArgs& a) {
  map_elements(a, [](float x) { return std::nearbyint(x); });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const auto [in, to] = unary_quant(g, n);
  lower_table(g, n, out, real_entry(in, to, [](double x) { return std::nearbyint(x); }));
}

}  // namespace

constexpr OpTraits traits_round{
    .name = "round",
    .summary = "nearest whole number, halves to even",
    .elementwise = true,
    .infer = infer_unary,
    .forward = forward,
    .backward = stop_gradient,
    .macs = no_macs,
    .lower = lower,
    .kernels = kLutKernels,
};
static_assert(complete(traits_round));

}  // namespace tinyc
