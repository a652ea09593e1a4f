// CONV_2D. Inputs: x [n,h,w,c], weights [out_c, k_h, k_w, c / groups], optional bias [out_c].
#include "ops/weighted.h"

extern "C" int tinyc_conv_2d(const tinyc_layer*, std::uint8_t*);
extern "C" int tinyc_conv_2d_wzp(const tinyc_layer*, std::uint8_t*);

namespace tinyc {
namespace {

std::vector<Shape> infer(const OpData& op, std::span<const Tensor* const> in) {
  const auto& o = get<Conv2D>(op);
  const Shape &x = in[0]->shape, &w = in[1]->shape;
  require(x.size() == 4 && w.size() == 4, "input and weights must have rank 4");
  require(x[3] % w[3] == 0 && w[0] % (x[3] / w[3]) == 0,
          "the weights' channels do not divide the input into equal groups");
  check_bias(in, w[0]);
  return {{x[0], window_output(x[1], o.pad.top, o.pad.bottom, w[1], o.stride.h, o.dilation.h),
           window_output(x[2], o.pad.left, o.pad.right, w[2], o.stride.w, o.dilation.w), w[0]}};
}

std::int64_t count(const OpData&, std::span<const Tensor* const> in, const Tensor& out) {
  const Shape& w = in[1]->shape;
  return num_elements(out.shape) * w[1] * w[2] * w[3];
}

/// A picture with its border of zeros, so that windows need no checks: the picture itself where it has none.
struct Bordered {
  std::int64_t height, width, row;  ///< as far as windows reach; elements between rows
  bool own;                         ///< false: the picture's own memory
};

Bordered bordered(const Conv2D& o, const Shape& x, const Shape& w, const Shape& y) {
  const std::int64_t height = std::int64_t{y[1] - 1} * o.stride.h + std::int64_t{w[1] - 1} * o.dilation.h + 1,
                     width = std::int64_t{y[2] - 1} * o.stride.w + std::int64_t{w[2] - 1} * o.dilation.w + 1;
  const bool own = o.pad.top > 0 || o.pad.left > 0 || height > x[1] || width > x[2];
  return {height, width, (own ? width : x[2]) * x[3], own};
}

/// Calls visit(bordered row, first element there, elements) for the part of each picture row that windows can see, with
/// the element of the picture.
template <class Visit>
void for_rows(const Conv2D& o, const Bordered& b, const Shape& x, Visit visit) {
  const std::int64_t columns = std::min<std::int64_t>(x[2], b.width - o.pad.left);
  for (std::int64_t iy = 0; iy < std::min<std::int64_t>(x[1], b.height - o.pad.top); ++iy)
    if (columns > 0)
      visit((iy + o.pad.top) * b.row + std::int64_t{o.pad.left} * x[3], iy * x[2] * x[3], columns * x[3]);
}

/// The products of one picture are one matrix product for each output row and run of neighbouring window elements: with
/// one group and no dilation the elements of a kernel row are neighbours in a picture row (no im2col is written).
/// Calls visit(output row, element of the bordered picture, index of the run's first weight in a filter, run length).
template <class Visit>
void for_runs(const Conv2D& o, const Bordered& b, const Shape& x, const Shape& w, const Shape& y, std::int64_t channel,
              Visit visit) {
  const bool whole = x[3] == w[3] && o.dilation.w == 1;
  const std::int64_t runs = whole ? 1 : w[2], length = whole ? std::int64_t{w[2]} * w[3] : w[3];
  for (std::int64_t oy = 0; oy < y[1]; ++oy)
    for (std::int64_t ky = 0; ky < w[1]; ++ky)
      for (std::int64_t r = 0; r < runs; ++r)
        visit(oy, (oy * o.stride.h + ky * o.dilation.h) * b.row + r * o.dilation.w * x[3] + channel,
              (ky * w[2] + r) * w[3], length);
}

/// 1x1 without stride and border: all pixels of all pictures are rows of one product.
bool pointwise(const Conv2D& o, const Shape& w) {
  return w[1] == 1 && w[2] == 1 && o.stride == Pair{1, 1} && o.pad == Pads{};
}

void forward(const ForwardArgs& a) {
  const auto& o = get<Conv2D>(a.op);
  const Shape &x = *a.in[0].shape, &w = *a.in[1].shape, &y = *a.out[0].shape;
  const std::int64_t groups = x[3] / w[3], filters = w[0] / groups, k = std::int64_t{w[1]} * w[2] * w[3];
  const std::int64_t pictures = x[0] * a.samples, pixels = std::int64_t{y[1]} * y[2], in_size = num_elements(x) / x[0];
  const Bordered b = bordered(o, x, w, y);
  const std::int64_t border = b.own ? b.height * b.row : 0;
  a.scratch.assign(static_cast<std::size_t>(border + filters * k), 0.0f);
  float *frame = a.scratch.data(), *weights = frame + border;
  std::fill_n(a.out[0].data, pictures * pixels * y[3], 0.0f);
  for (std::int64_t g = 0; g < groups; ++g) {
    transpose_into(filters, k, a.in[1].data + g * filters * k, weights);
    if (pointwise(o, w)) {
      gemm_add(pictures * pixels, filters, k, {a.in[0].data + g * w[3], x[3], 1}, weights, filters,
               a.out[0].data + g * filters, y[3]);
      continue;
    }
    for (std::int64_t n = 0; n < pictures; ++n) {
      const float* picture = a.in[0].data + n * in_size;
      if (b.own)
        for_rows(o, b, x, [&](std::int64_t to, std::int64_t from, std::int64_t count) {
          std::copy_n(picture + from, count, frame + to);
        });
      const float* source = b.own ? frame : picture;
      float* out = a.out[0].data + n * pixels * y[3] + g * filters;
      for_runs(o, b, x, w, y, g * w[3], [&](std::int64_t oy, std::int64_t at, std::int64_t first, std::int64_t length) {
        gemm_add(y[2], filters, length, {source + at, std::int64_t{o.stride.w} * x[3], 1}, weights + first * filters,
                 filters, out + oy * y[2] * y[3], y[3]);
      });
    }
  }
  finish_rows(a, a.out[0].data, pictures * pixels, y[3], o.act);
}

void backward(const BackwardArgs& a) {
  const auto& o = get<Conv2D>(a.op);
  const Shape &x = *a.in[0].shape, &w = *a.in[1].shape, &y = *a.out[0].shape;
  const std::int64_t groups = x[3] / w[3], filters = w[0] / groups, k = std::int64_t{w[1]} * w[2] * w[3];
  const std::int64_t pictures = x[0] * a.samples, pixels = std::int64_t{y[1]} * y[2], in_size = num_elements(x) / x[0];
  const float* gradient = unclamped_gradient(a, o.act, a.scratch);
  add_bias_gradient(a, gradient, pictures * pixels, y[3]);
  float *to_x = a.grad_in[0], *to_w = a.grad_in[1];
  if (pointwise(o, w)) {
    for (std::int64_t g = 0; g < groups; ++g) {
      const float *gy = gradient + g * filters, *filter = a.in[1].data + g * filters * k;
      if (to_x) gemm_add(pictures * pixels, k, filters, {gy, y[3], 1}, filter, k, to_x + g * w[3], x[3]);
      if (to_w)
        gemm_add(filters, k, pictures * pixels, {gy, 1, y[3]}, a.in[0].data + g * w[3], x[3], to_w + g * filters * k,
                 k);
    }
    return;
  }
  const Bordered b = bordered(o, x, w, y);
  std::vector<float> swapped(to_w ? static_cast<std::size_t>(groups * k * filters) : 0);  // [group][k][filter]
  std::vector<float> frame(b.own && to_w ? static_cast<std::size_t>(b.height * b.row) : 0), frame_gradient;
  for (std::int64_t n = 0; n < pictures; ++n) {
    const float* picture = a.in[0].data + n * in_size;
    if (b.own && to_w)
      for_rows(o, b, x, [&](std::int64_t to, std::int64_t from, std::int64_t count) {
        std::copy_n(picture + from, count, frame.data() + to);
      });
    if (b.own && to_x) frame_gradient.assign(static_cast<std::size_t>(b.height * b.row), 0.0f);
    const float* source = b.own ? frame.data() : picture;
    float* target = !to_x ? nullptr : b.own ? frame_gradient.data() : to_x + n * in_size;
    for (std::int64_t g = 0; g < groups; ++g) {
      const float *gy = gradient + n * pixels * y[3] + g * filters, *filter = a.in[1].data + g * filters * k;
      for_runs(o, b, x, w, y, g * w[3], [&](std::int64_t oy, std::int64_t at, std::int64_t first, std::int64_t length) {
        const float* row = gy + oy * y[2] * y[3];
        if (target)  // windows overlap, and so do the rows of the product
          gemm_add(y[2], length, filters, {row, y[3], 1}, filter + first, k, target + at,
                   std::int64_t{o.stride.w} * x[3]);
        if (!to_w) return;
        const std::int64_t step = std::int64_t{o.stride.w} * x[3];
        if (length < filters)  // vectors run along the longer side
          gemm_add(length, filters, y[2], {source + at, 1, step}, row, y[3], swapped.data() + (g * k + first) * filters,
                   filters);
        else
          gemm_add(filters, length, y[2], {row, 1, y[3]}, source + at, step, to_w + g * filters * k + first, k);
      });
    }
    if (b.own && to_x)
      for_rows(o, b, x, [&](std::int64_t from, std::int64_t to, std::int64_t count) {
        add_to(count, frame_gradient.data() + from, to_x + n * in_size + to);
      });
  }
  if (!to_w) return;
  for (std::int64_t f = 0; f < groups * filters; ++f)
    for (std::int64_t i = 0; i < k; ++i)
      to_w[f * k + i] += swapped[static_cast<std::size_t>((f / filters * k + i) * filters + f % filters)];
}

constexpr Kernel kKernels[] = {{"tinyc_conv_2d", tinyc_conv_2d, "tinyc_conv_2d.c"},
                               {"tinyc_conv_2d_wzp", tinyc_conv_2d_wzp, "tinyc_conv_2d.c"}};

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const auto& o = get<Conv2D>(n.op);
  const Tensor& w = g.at(n.inputs[1]);
  const TensorId bias = n.inputs.size() > 2 ? n.inputs[2] : kNoTensor;
  require(w.quant.has_value(), "the weights are not quantized");
  const bool offset = w.quant->zero_point.at(0) != 0;  // only models that were uint8
  Layer l = out.make(n, kKernels[offset ? 1 : 0]);
  set_window(l, g.at(n.inputs[0]).shape, g.at(n.outputs[0]).shape, w.shape[1], w.shape[2], o.stride, o.dilation, o.pad);
  lower_scales(g, l, out, n.inputs[0], w, bias, n.outputs[0], 0,
               offset ? ScaleProduct::in_float : ScaleProduct::in_double, o.act);
  const bool in_place = w.shape[1] == 1 && w.shape[2] == 1 && o.pad == Pads{};
  l.record.p[0] = w.shape[3];
  l.record.p[1] = in_place ? 1 : 0;
  const auto patch = in_place ? 0u : static_cast<std::uint32_t>(w.shape[1] * w.shape[2] * w.shape[3]);
  l.scratch_bytes = lower_weights(g, n, l, out, n.inputs[1], w.shape[0], kConvBudget, patch);
  out.add(std::move(l));
}

constexpr OpTraits kTraits = {.name = "conv_2d",
                              .summary = "2-D convolution, grouped and dilated too",
                              .min_inputs = 2,
                              .max_inputs = 3,
                              .quant = {.weight = 1, .weight_axis = 0, .bias = 2},
                              .batched = true,
                              .infer = infer,
                              .forward = forward,
                              .backward = backward,
                              .macs = count,
                              .lower = lower,
                              .kernels = kKernels};
static_assert(complete(kTraits));

}  // namespace

const OpTraits traits_conv_2d = kTraits;

}  // namespace tinyc
