// SOFTMAX over the last axis. Int8: fixed output scale 1 / 256; TFLite's fixed-point arithmetic with the exponential of
// every possible difference to the row's maximum taken from a table that is built here.
#include "ops/fixed_point.h"
#include "ops/op_support.h"
#include "ops/overlap.h"

extern "C" int tinyc_softmax(const tinyc_layer* l, uint8_t* arena);

namespace tinyc {
namespace {

// a row is read three times, the last time element by element with the writes
constexpr Kernel kKernels[] = {{"tinyc_softmax", tinyc_softmax, "tinyc_softmax.c", elementwise_overlaps}};
constexpr int kDifferenceBits = 5;    // integer bits of the exponent's argument
constexpr int kAccumulatorBits = 12;  // integer bits of the sum

std::vector<Shape> infer(const OpData&, std::span<const Tensor* const> in) {
  require(!in[0]->shape.empty(), "the input is a scalar");
  return {in[0]->shape};
}

void forward(const ForwardArgs& a) {
  const float beta = get<Softmax>(a.op).beta;
  const std::int64_t depth = a.in[0].shape->back(), rows = num_elements(*a.in[0].shape) / depth;
  for (std::int64_t r = 0; r < rows; ++r) {
    const float* x = a.in[0].data + r * depth;
    float* y = a.out[0].data + r * depth;
    const float top = *std::max_element(x, x + depth);
    float sum = 0;
    for (std::int64_t c = 0; c < depth; ++c) sum += y[c] = std::exp((x[c] - top) * beta);
    for (std::int64_t c = 0; c < depth; ++c) y[c] /= sum;
  }
}

// d x = beta * y * (g - sum(g * y)).
void backward(const BackwardArgs& a) {
  if (!a.grad_in[0]) return;
  const float beta = get<Softmax>(a.op).beta;
  const std::int64_t depth = a.in[0].shape->back(), rows = num_elements(*a.in[0].shape) / depth;
  for (std::int64_t r = 0; r < rows; ++r) {
    const float *y = a.out[0].data + r * depth, *g = a.grad_out[0] + r * depth;
    float dot = 0;
    for (std::int64_t c = 0; c < depth; ++c) dot += g[c] * y[c];
    for (std::int64_t c = 0; c < depth; ++c) a.grad_in[0][r * depth + c] += beta * y[c] * (g[c] - dot);
  }
}

// exp(-d * scale * beta) in Q0.31 for d = 0, 1, ... up to where neither the sum nor any output can change.
std::vector<std::int32_t> exponentials(float scale, float beta) {
  const double real =
      std::min(static_cast<double>(beta) * static_cast<double>(scale) * (1 << (31 - kDifferenceBits)), 0x1p31 - 1.0);
  require(real > 1, "the input scale is too small");
  const Multiplier m = quantize_multiplier(real);
  // larger differences do not fit the fixed-point argument: TFLite treats their exponentials as zero
  const double largest = std::floor(31 * std::ldexp(1.0, 31 - kDifferenceBits - m.shift));
  std::vector<std::int32_t> table;
  for (std::int32_t d = 0; d <= 255 && d <= largest; ++d) {
    const auto argument = static_cast<std::int32_t>(static_cast<std::uint32_t>(-d) << m.shift);
    const std::int32_t e = fixed::exp_of_negative(fixed::mul(argument, m.mantissa), kDifferenceBits);
    if (tinyc_rshift(e, kAccumulatorBits) == 0) break;
    table.push_back(e);
  }
  return table;
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const Tensor& in = g.at(n.inputs[0]);
  const ScaleZp q = scale_zp(in), to = scale_zp(g.at(n.outputs[0]));
  require(to.scale == 1.0f / 256 && to.zero_point == -128, "the output's quantization is not 1/256, -128");
  const std::int32_t depth = in.shape.back();
  require(depth < 1 << kAccumulatorBits, "more than 4095 classes");
  const auto table = exponentials(q.scale, get<Softmax>(n.op).beta);
  Layer l = out.make(n, kKernels[0]);
  Bytes bytes(table.size() * 4);
  std::memcpy(bytes.data(), table.data(), bytes.size());
  l.table = out.blob(Blob::Kind::params, Blob::Type::i32, n.name, std::move(bytes));
  l.record.p[0] = static_cast<std::int32_t>(num_elements(in.shape)) / depth;
  l.record.p[1] = depth;
  l.record.p[2] = static_cast<std::int32_t>(table.size());
  out.add(std::move(l));
}

}  // namespace

constexpr OpTraits traits_softmax{
    .name = "softmax",
    .summary = "exp(beta x) / sum over the last axis",
    .quant = {.output = QuantRule::Output::fixed, .scale = 1.0f / 256, .zero_point = -128},
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kKernels,
};
static_assert(complete(traits_softmax));

}  // namespace tinyc
