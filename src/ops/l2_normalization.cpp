// L2_NORMALIZATION over the last axis: x / |x|. Int8: fixed output scale 1 / 128, zero point 0.
#include "ops/op_support.h"
#include "ops/overlap.h"

extern "C" int tinyc_l2_normalization(const tinyc_layer* l, uint8_t* arena);

namespace tinyc {
namespace {

// a row is read twice, the second time element by element with the writes
constexpr Kernel kKernels[] = {
    {"tinyc_l2_normalization", tinyc_l2_normalization, "tinyc_l2_normalization.c", elementwise_overlaps}};
constexpr float kSmallestNorm = 1e-6f;  // TFLite's, for rows of zeros

std::vector<Shape> infer(const OpData&, std::span<const Tensor* const> in) {
  require(!in[0]->shape.empty(), "the input is a scalar");
  return {in[0]->shape};
}

void forward(const ForwardArgs& a) {
  const std::int64_t depth = a.in[0].shape->back(), rows = num_elements(*a.in[0].shape) / depth;
  for (std::int64_t r = 0; r < rows; ++r) {
    const float* x = a.in[0].data + r * depth;
    float* y = a.out[0].data + r * depth;
    float sum = 0;
    for (std::int64_t c = 0; c < depth; ++c) sum += x[c] * x[c];
    const float norm = std::max(std::sqrt(sum), kSmallestNorm);
    for (std::int64_t c = 0; c < depth; ++c) y[c] = x[c] / norm;
  }
}

// d x = (g - y * sum(g * y)) / norm; where the norm is too small to be divided by, y is x times a constant.
void backward(const BackwardArgs& a) {
  if (!a.grad_in[0]) return;
  const std::int64_t depth = a.in[0].shape->back(), rows = num_elements(*a.in[0].shape) / depth;
  for (std::int64_t r = 0; r < rows; ++r) {
    const float *x = a.in[0].data + r * depth, *y = a.out[0].data + r * depth, *g = a.grad_out[0] + r * depth;
    float sum = 0, dot = 0;
    for (std::int64_t c = 0; c < depth; ++c) {
      sum += x[c] * x[c];
      dot += g[c] * y[c];
    }
    const float norm = std::sqrt(sum);
    if (norm <= kSmallestNorm) dot = 0;
    for (std::int64_t c = 0; c < depth; ++c)
      a.grad_in[0][r * depth + c] += (g[c] - y[c] * dot) / std::max(norm, kSmallestNorm);
  }
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const Tensor& in = g.at(n.inputs[0]);
  const ScaleZp q = scale_zp(in), to = scale_zp(g.at(n.outputs[0]));
  require(to.scale == 1.0f / 128 && to.zero_point == 0, "the output's quantization is not 1/128, 0");
  const std::int32_t depth = in.shape.back();
  require(depth < 1 << 15, "rows of more than 32767 values");  // the sum of squares stays below 2^31
  Layer l = out.make(n, kKernels[0]);
  l.record.p[0] = static_cast<std::int32_t>(num_elements(in.shape) / depth);
  l.record.p[1] = depth;
  l.record.in0_zp = static_cast<std::int16_t>(q.zero_point);
  out.add(std::move(l));
}

}  // namespace

constexpr OpTraits traits_l2_normalization{
    .name = "l2_normalization",
    .summary = "x / |x| over the last axis",
    .quant = {.output = QuantRule::Output::fixed, .scale = 1.0f / 128, .zero_point = 0},
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kKernels,
};
static_assert(complete(traits_l2_normalization));

}  // namespace tinyc
