// QUANTIZE: nothing to do among floats; among integers a change of scale and zero point.
#include "ops/gradient.h"
#include "ops/op_support.h"
#include "ops/overlap.h"

extern "C" int tinyc_quantize(const tinyc_layer* l, std::uint8_t* arena);

namespace tinyc {
namespace {

constexpr Kernel kKernels[] = {{"tinyc_quantize", tinyc_quantize, "tinyc_quantize.c", elementwise_overlaps}};

std::vector<Shape> infer(const OpData&, std::span<const Tensor* const> in) { return {in[0]->shape}; }

void forward(const ForwardArgs& a) { std::copy_n(a.in[0].data, num_elements(*a.in[0].shape), a.out[0].data); }

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  require(!g.at(n.inputs[0]).is_const(), "a constant is quantized at compile time, not on the target");
  const ScaleZp from = scale_zp(g.at(n.inputs[0])), to = scale_zp(g.at(n.outputs[0]));
  if (from.scale == to.scale && from.zero_point == to.zero_point) {
    out.alias(n.inputs[0], n.outputs[0]);
    return;
  }
  const Multiplier m = quantize_multiplier(static_cast<double>(from.scale) / static_cast<double>(to.scale));
  // The kernel shifts an input difference of up to 255 left before it multiplies.
  require(m.shift <= 23, "the output's scale is too small for the input's");
  Layer l = out.make(n, kKernels[0]);
  l.record.p[0] = m.mantissa;
  l.record.p[1] = m.shift;
  l.record.in0_zp = static_cast<std::int16_t>(from.zero_point);
  l.record.out_zp = static_cast<std::int16_t>(to.zero_point);
  out.add(std::move(l));
}

}  // namespace

constexpr OpTraits traits_quantize = {
    .name = "quantize",
    .summary = "real values to integers, or integers to another scale",
    .elementwise = true,
    .infer = infer,
    .forward = forward,
    .backward = backward_identity,
    .macs = no_macs,
    .lower = lower,
    .kernels = kKernels,
};
static_assert(complete(traits_quantize));

}  // namespace tinyc
