// MUL: a * b with broadcasting and a fused activation. Int8: one multiplier s_a * s_b / s_out, computed in double.
#include "ops/affine_fit.h"
#include "ops/binary.h"

extern "C" {
int tinyc_mul(const tinyc_layer* l, uint8_t* arena);
int tinyc_mul_broadcast(const tinyc_layer* l, uint8_t* arena);
int tinyc_mul_affine(const tinyc_layer* l, uint8_t* arena);
int tinyc_mul_affine_broadcast(const tinyc_layer* l, uint8_t* arena);
}

namespace tinyc {
namespace {

constexpr Kernel kKernels[] = {
    {"tinyc_mul", tinyc_mul, "tinyc_mul.c", elementwise_overlaps, false, Bands::elements},
    {"tinyc_mul_broadcast", tinyc_mul_broadcast, "tinyc_mul.c", broadcast_overlaps},
    {"tinyc_mul_affine", tinyc_mul_affine, "tinyc_mul_affine.c", elementwise_overlaps, false, Bands::elements},
    {"tinyc_mul_affine_broadcast", tinyc_mul_affine_broadcast, "tinyc_mul_affine.c", broadcast_overlaps}};

void forward(const ForwardArgs& a) {
  forward_binary(a, get<Mul>(a.op).act, [](float x, float y) { return x * y; });
}

void backward(const BackwardArgs& a) {
  backward_binary(a, get<Mul>(a.op).act, [](float, float y) { return y; }, [](float x, float) { return x; });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  BinaryLayer l = make_binary(g, n, out, kKernels[0], kKernels[1]);
  const double ratio =
      static_cast<double>(l.a.scale) * static_cast<double>(l.b.scale) / static_cast<double>(l.out.scale);
  const Multiplier m = quantize_multiplier(ratio);
  tinyc_layer& r = l.layer.record;
  r.p[0] = r.in_c;
  r.p[1] = m.mantissa;
  r.p[2] = std::clamp(m.shift, 0, 13);  // 2^12 already takes the product 1 beyond int8
  r.p[3] = std::max(-m.shift, 0);
  const ActRange range = activation_range(get<Mul>(n.op).act, l.out.scale, l.out.zero_point);
  r.act_min = range.min;
  r.act_max = range.max;
  const std::vector<std::int8_t> outputs = every_pair(r, tinyc_mul);
  const PairOutputs pairs{std::span<const std::int8_t, 65536>(outputs), r.act_min, r.act_max};
  if (const auto fit = fit_product(ratio, l.a.zero_point, l.b.zero_point, l.out.zero_point, pairs)) {
    use_affine(l.layer, kKernels, kKernels + 2);
    const std::int32_t numbers[] = {r.p[0], fit->factor, fit->constant, fit->below, fit->shift};
    std::copy(std::begin(numbers), std::end(numbers), r.p);
    r.out_zp = 0;
  }
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
