// TRANSPOSE_CONV. Inputs: x [n,h,w,c], weights [out_c, k_h, k_w, c], optional bias. Input pixel (y, x) adds its filters
// at output (y * stride - pad, x * stride - pad). Output height = (h - 1) * stride + k_h - top - bottom; bottom and
// right may be negative (down to 1 - stride): rows that only the bias reaches.
#include "ops/weighted.h"

extern "C" int tinyc_transpose_conv(const tinyc_layer*, std::uint8_t*);

namespace tinyc {
namespace {

std::int32_t grown(std::int32_t in, std::int32_t before, std::int32_t after, std::int32_t kernel, std::int32_t stride) {
  require(stride >= 1 && before >= 0 && before < kernel && after > -stride && after < kernel,
          "the padding does not fit kernel and stride");
  const std::int64_t size = std::int64_t{in - 1} * stride + kernel - before - after;
  require(size >= 1 && size < (std::int64_t{1} << 31), "the window does not fit its input");
  return static_cast<std::int32_t>(size);
}

std::vector<Shape> infer(const OpData& op, std::span<const Tensor* const> in) {
  const auto& o = get<TransposeConv>(op);
  const Shape &x = in[0]->shape, &w = in[1]->shape;
  require(x.size() == 4 && w.size() == 4, "input and weights must have rank 4");
  require(x[3] == w[3], "the weights' channels are not the input's");
  check_bias(in, w[0]);
  return {{x[0], grown(x[1], o.pad.top, o.pad.bottom, w[1], o.stride.h),
           grown(x[2], o.pad.left, o.pad.right, w[2], o.stride.w), w[0]}};
}

std::int64_t count(const OpData&, std::span<const Tensor* const> in, const Tensor& out) {
  return num_elements(in[0]->shape) * in[1]->shape[1] * in[1]->shape[2] * out.shape[3];
}

/// Calls visit(element of the output pixel's channel 0, tap) for the taps of input pixel (iy, ix) of picture n that
/// land in the output.
template <class Visit>
void for_taps(const TransposeConv& o, const Shape& w, const Shape& y, std::int64_t n, std::int64_t iy, std::int64_t ix,
              Visit visit) {
  for (std::int64_t t = 0; t < std::int64_t{w[1]} * w[2]; ++t) {
    const std::int64_t oy = iy * o.stride.h - o.pad.top + t / w[2], ox = ix * o.stride.w - o.pad.left + t % w[2];
    if (oy >= 0 && oy < y[1] && ox >= 0 && ox < y[2]) visit(((n * y[1] + oy) * y[2] + ox) * y[3], t);
  }
}

// One row of input pixels at a time: products with all filters [out_c][tap], then scattered over the output.
void forward(const ForwardArgs& a) {
  const auto& o = get<TransposeConv>(a.op);
  const Shape &x = *a.in[0].shape, &w = *a.in[1].shape, &y = *a.out[0].shape;
  const std::int64_t taps = std::int64_t{w[1]} * w[2], cols = w[0] * taps, pixels = std::int64_t{y[1]} * y[2];
  std::fill_n(a.out[0].data, x[0] * pixels * y[3], 0.0f);
  a.scratch.resize(static_cast<std::size_t>((x[2] + x[3]) * cols));
  float *products = a.scratch.data(), *weights = products + x[2] * cols;
  transpose_into(cols, x[3], a.in[1].data, weights);
  for (std::int64_t n = 0; n < x[0]; ++n)
    for (std::int64_t iy = 0; iy < x[1]; ++iy) {
      std::fill_n(products, x[2] * cols, 0.0f);
      gemm(Store::add, x[2], cols, x[3], {a.in[0].data + (n * x[1] + iy) * x[2] * x[3], x[3], 1}, weights, cols,
           products, cols);
      for (std::int64_t ix = 0; ix < x[2]; ++ix)
        for_taps(o, w, y, n, iy, ix, [&](std::int64_t to, std::int64_t t) {
          const float* from = products + ix * cols + t;
          for (std::int64_t c = 0; c < y[3]; ++c) a.out[0].data[to + c] += from[c * taps];
        });
    }
  finish_rows(a, a.out[0].data, x[0] * pixels, y[3], o.act);
}

void backward(const BackwardArgs& a) {
  const auto& o = get<TransposeConv>(a.op);
  const Shape &x = *a.in[0].shape, &w = *a.in[1].shape, &y = *a.out[0].shape;
  const std::int64_t taps = std::int64_t{w[1]} * w[2], cols = w[0] * taps;
  const float* g = unclamped_gradient(a, o.act, a.scratch);
  add_bias_gradient(a, g, std::int64_t{x[0]} * y[1] * y[2], y[3]);
  std::vector<float> products(static_cast<std::size_t>(x[2] * cols));  // gradient of forward's products
  for (std::int64_t n = 0; n < x[0]; ++n)
    for (std::int64_t iy = 0; iy < x[1]; ++iy) {
      std::fill(products.begin(), products.end(), 0.0f);
      for (std::int64_t ix = 0; ix < x[2]; ++ix)
        for_taps(o, w, y, n, iy, ix, [&](std::int64_t from, std::int64_t t) {
          float* to = products.data() + ix * cols + t;
          for (std::int64_t c = 0; c < y[3]; ++c) to[c * taps] = g[from + c];
        });
      const std::int64_t row = (n * x[1] + iy) * x[2] * x[3];
      if (a.grad_in[0])
        gemm(Store::add, x[2], x[3], cols, {products.data(), cols, 1}, a.in[1].data, x[3], a.grad_in[0] + row, x[3]);
      if (a.grad_in[1])
        gemm(Store::add, cols, x[3], x[2], {products.data(), 1, cols}, a.in[0].data + row, x[3], a.grad_in[1], x[3]);
    }
}

constexpr Kernel kKernels[] = {{"tinyc_transpose_conv", tinyc_transpose_conv, "tinyc_transpose_conv.c"}};

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const auto& o = get<TransposeConv>(n.op);
  const Tensor& w = g.at(n.inputs[1]);
  const TensorId bias = n.inputs.size() > 2 ? n.inputs[2] : kNoTensor;
  Layer l = out.make(n, kKernels[0]);
  set_window(l, g.at(n.inputs[0]).shape, g.at(n.outputs[0]).shape, w.shape[1], w.shape[2], o.stride, {1, 1}, o.pad);
  lower_scales(g, l, out, n.inputs[0], w, bias, n.outputs[0], 0, ScaleProduct::in_double, o.act, false);
  l.scratch_bytes = lower_weights(g, l, out, n.inputs[1], w.shape[0], kConvBudget, 0);
  out.add(std::move(l));
}

constexpr OpTraits kTraits = {.name = "transpose_conv",
                              .summary = "2-D transposed convolution (upsampling)",
                              .min_inputs = 2,
                              .max_inputs = 3,
                              .quant = {.weight = 1, .weight_axis = 0, .bias = 2},
                              .infer = infer,
                              .forward = forward,
                              .backward = backward,
                              .macs = count,
                              .lower = lower,
                              .kernels = kKernels};
static_assert(complete(kTraits));

}  // namespace

const OpTraits traits_transpose_conv = kTraits;

}  // namespace tinyc
