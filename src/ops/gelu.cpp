// GELU: x times the normal distribution's share below x (Hendrycks and Gimpel 2016, arXiv 1606.08415), or its
// approximation by tanh. Int8 by a table rounded from real values, as the reference kernel does.
#include <numbers>

#include "ops/unary.h"

namespace tinyc {
namespace {

template <class T>
T gelu(T x, bool approximate) {
  const T c = std::sqrt(2 / std::numbers::pi_v<T>);
  if (approximate) return T{0.5} * x * (1 + std::tanh(c * (x + T(0.044715) * x * x * x)));
  return T{0.5} * x * std::erfc(-x / std::numbers::sqrt2_v<T>);
}

void forward(const ForwardArgs& a) {
  map_elements(a, [approximate = get<Gelu>(a.op).approximate](float x) { return gelu(x, approximate); });
}

void backward(const BackwardArgs& a) {
  const bool approximate = get<Gelu>(a.op).approximate;
  map_gradient(a, [approximate](float x, float) {
    if (!approximate) {
      const float density = std::exp(-0.5f * x * x) / std::sqrt(2 * std::numbers::pi_v<float>);
      return 0.5f * std::erfc(-x / std::numbers::sqrt2_v<float>) + x * density;
    }
    const float c = std::sqrt(2 / std::numbers::pi_v<float>), t = std::tanh(c * (x + 0.044715f * x * x * x));
    return 0.5f * (1 + t) + 0.5f * x * (1 - t * t) * c * (1 + 3 * 0.044715f * x * x);
  });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const auto [in, to] = unary_quant(g, n);
  const bool approximate = get<Gelu>(n.op).approximate;
  lower_table(g, n, out, real_entry(in, to, [approximate](double x) { return gelu(x, approximate); }));
}

}  // namespace

constexpr OpTraits traits_gelu{
    .name = "gelu",
    .summary = "x * normal distribution(x)",
    .elementwise = true,
    .infer = infer_unary,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kLutKernels,
};
static_assert(complete(traits_gelu));

}  // namespace tinyc
