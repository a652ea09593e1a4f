// PRELU: x where x >= 0, else alpha * x; alpha is broadcast to x. Int8: one multiplier for each side, in double.
#include "ops/binary.h"

extern "C" {
int tinyc_prelu(const tinyc_layer* l, uint8_t* arena);
}

namespace tinyc {
namespace {

constexpr Kernel kKernels[] = {{"tinyc_prelu", tinyc_prelu, "tinyc_prelu.c", broadcast_overlaps}};

std::vector<Shape> infer(const OpData&, std::span<const Tensor* const> in) {
  require(broadcast_shape(in[0]->shape, in[1]->shape) == in[0]->shape, "alpha does not broadcast to the input's shape");
  return {in[0]->shape};
}

void forward(const ForwardArgs& a) {
  forward_binary(a, Act::none, [](float x, float alpha) { return x >= 0 ? x : x * alpha; });
}

void backward(const BackwardArgs& a) {
  backward_binary(
      a, Act::none, [](float x, float y) { return x >= 0 ? 1.0f : y; },
      [](float x, float) { return x >= 0 ? 0.0f : x; });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  BinaryLayer l = make_binary(g, n, out, kKernels[0], kKernels[0]);
  require(!l.swapped, "the input is a constant");
  const double in = static_cast<double>(l.a.scale), alpha = static_cast<double>(l.b.scale);
  const double to = static_cast<double>(l.out.scale);
  const Multiplier above = quantize_multiplier(in / to), below = quantize_multiplier(in * alpha / to);
  tinyc_layer& r = l.layer.record;
  r.p[0] = above.mantissa;
  r.p[1] = above.shift;
  r.p[2] = below.mantissa;
  r.p[3] = below.shift;
  out.add(std::move(l.layer));
}

}  // namespace

constexpr OpTraits traits_prelu{
    .name = "prelu",
    .summary = "x, or alpha * x below zero",
    .min_inputs = 2,
    .max_inputs = 2,
    .elementwise = true,
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kKernels,
};
static_assert(complete(traits_prelu));

}  // namespace tinyc
