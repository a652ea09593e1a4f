// SQUARED_DIFFERENCE: (a - b)^2 with broadcasting. Int8 as TFLite Micro: operands at 2^-7 of twice the larger scale.
#include "ops/binary.h"

extern "C" {
int tinyc_squared_difference(const tinyc_layer* l, uint8_t* arena);
int tinyc_squared_difference_broadcast(const tinyc_layer* l, uint8_t* arena);
}

namespace tinyc {
namespace {

constexpr Kernel kKernels[] = {{"tinyc_squared_difference", tinyc_squared_difference, "tinyc_squared_difference.c",
                                elementwise_overlaps, false, Bands::elements},
                               {"tinyc_squared_difference_broadcast", tinyc_squared_difference_broadcast,
                                "tinyc_squared_difference.c", broadcast_overlaps}};

void forward(const ForwardArgs& a) {
  forward_binary(a, Act::none, [](float x, float y) { return (x - y) * (x - y); });
}

void backward(const BackwardArgs& a) {
  backward_binary(
      a, Act::none, [](float x, float y) { return 2 * (x - y); }, [](float x, float y) { return 2 * (y - x); });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  BinaryLayer l = make_binary(g, n, out, kKernels[0], kKernels[1]);
  const auto [larger, smaller] = order_by_scale(l);
  const double twice = 2 * static_cast<double>(larger);
  const Multiplier narrow = quantize_multiplier(static_cast<double>(smaller) / twice);
  const Multiplier square = quantize_multiplier(twice * twice / (0x1p14 * static_cast<double>(l.out.scale)));
  tinyc_layer& r = l.layer.record;
  r.p[0] = r.in_c;
  r.p[1] = narrow.mantissa;
  r.p[2] = narrow.shift;
  r.p[3] = square.mantissa;
  r.p[4] = square.shift;
  out.add(std::move(l.layer));
}

}  // namespace

constexpr OpTraits traits_squared_difference{
    .name = "squared_difference",
    .summary = "(a - b)^2",
    .min_inputs = 2,
    .max_inputs = 2,
    .elementwise = true,
    .infer = infer_binary,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kKernels,
};
static_assert(complete(traits_squared_difference));

}  // namespace tinyc
