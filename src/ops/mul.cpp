// MUL: a * b with broadcasting and a fused activation. Int8: one multiplier s_a * s_b / s_out, computed in double.
#include "ops/binary.h"

extern "C" {
int tinyc_mul(const tinyc_layer* l, uint8_t* arena);
int tinyc_mul_broadcast(const tinyc_layer* l, uint8_t* arena);
}

namespace tinyc {
namespace {

constexpr Kernel kKernels[] = {{"tinyc_mul", tinyc_mul, "tinyc_mul.c", elementwise_overlaps},
                               {"tinyc_mul_broadcast", tinyc_mul_broadcast, "tinyc_mul.c", broadcast_overlaps}};

void forward(const ForwardArgs& a) {
  forward_binary(a, get<Mul>(a.op).act, [](float x, float y) { return x * y; });
}

void backward(const BackwardArgs& a) {
  backward_binary(a, get<Mul>(a.op).act, [](float, float y) { return y; }, [](float x, float) { return x; });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  BinaryLayer l = make_binary(g, n, out, kKernels[0], kKernels[1]);
  const Multiplier m = quantize_multiplier(static_cast<double>(l.a.scale) * static_cast<double>(l.b.scale) /
                                           static_cast<double>(l.out.scale));
  tinyc_layer& r = l.layer.record;
  r.p[0] = r.in_c;
  r.p[1] = m.mantissa;
  r.p[2] = std::clamp(m.shift, 0, 13);  // 2^12 already takes the product 1 beyond int8
  r.p[3] = std::max(-m.shift, 0);
  const ActRange range = activation_range(get<Mul>(n.op).act, l.out.scale, l.out.zero_point);
  r.act_min = range.min;
  r.act_max = range.max;
  out.add(std::move(l.layer));
}

}  // namespace

constexpr OpTraits traits_mul{
    .name = "mul",
    .summary = "a * b (also DIV by a constant)",
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
static_assert(complete(traits_mul));

}  // namespace tinyc
