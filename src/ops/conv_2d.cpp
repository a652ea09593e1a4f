// CONV_2D. Inputs: x [n,h,w,c], weights [out_c, k_h, k_w, c / groups], optional bias [out_c].
#include "ops/listed.h"

extern "C" int tinyc_conv_2d(const tinyc_layer*, std::uint8_t*);
extern "C" int tinyc_conv_2d_wzp(const tinyc_layer*, std::uint8_t*);
extern "C" int tinyc_conv_2d_pair(const tinyc_layer*, std::uint8_t*);
extern "C" int tinyc_conv_2d_dsp(const tinyc_layer*, std::uint8_t*);
extern "C" int tinyc_conv_2d_rest_dsp(const tinyc_layer*, std::uint8_t*);
extern "C" int tinyc_conv_2d_narrow_dsp(const tinyc_layer*, std::uint8_t*);
extern "C" int tinyc_conv_2d_mve(const tinyc_layer*, std::uint8_t*);
extern "C" int tinyc_conv_2d_list(const tinyc_layer*, std::uint8_t*);
extern "C" int tinyc_conv_2d_list_dsp(const tinyc_layer*, std::uint8_t*);

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

/// 1x1 without stride and border: all pixels of all pictures are rows of one product.
bool pointwise(const Conv2D& o, const Shape& w) {
  return w[1] == 1 && w[2] == 1 && o.stride == Pair{1, 1} && o.pad == Pads{};
}

/// Neighbouring elements of a window are one run of a matrix product: with one group and no dilation a whole kernel
/// row, which is a part of a picture row (no im2col is written), else the channels under one tap. All kernel rows
/// together are the depth.
struct WindowRuns {
  std::int64_t per_row, length;

  WindowRuns(const Conv2D& o, const Shape& x, const Shape& w) {
    const bool whole = x[3] == w[3] && o.dilation.w == 1;
    per_row = whole ? 1 : w[2];
    length = whole ? std::int64_t{w[2]} * w[3] : w[3];
  }
};

/// Convolutions of `pictures` pictures of shape x: out[n][pixel][filter], weights [group][k][filter].
void convolve(const Conv2D& o, const Shape& x, const Shape& w, const Shape& y, std::int64_t pictures, const float* in,
              const float* weights, Store store, float* out, std::vector<float>& frame) {
  const std::int64_t groups = x[3] / w[3], filters = w[0] / groups, pixels = std::int64_t{y[1]} * y[2],
                     taps_row = std::int64_t{w[2]} * w[3], k = w[1] * taps_row,
                     in_size = std::int64_t{x[1]} * x[2] * x[3];
  if (pointwise(o, w)) {
    for (std::int64_t g = 0; g < groups; ++g)
      gemm(store, pictures * pixels, filters, k, {in + g * w[3], x[3], 1}, weights + g * k * filters, filters,
           out + g * filters, y[3]);
    return;
  }
  const Bordered b = bordered(o, x, w, y);
  const WindowRuns runs(o, x, w);
  frame.assign(static_cast<std::size_t>(b.own ? b.height * b.row : 0), 0.0f);
  for (std::int64_t n = 0; n < pictures; ++n) {
    const float* picture = in + n * in_size;
    if (b.own)
      for_rows(o, b, x, [&](std::int64_t to, std::int64_t from, std::int64_t count) {
        std::copy_n(picture + from, count, frame.data() + to);
      });
    const float* source = b.own ? frame.data() : picture;
    for (std::int64_t oy = 0; oy < y[1]; ++oy)
      for (std::int64_t g = 0; g < groups; ++g)
        for (std::int64_t r = 0; r < runs.per_row; ++r)
          gemm(r == 0 ? store : Store::add, y[2], filters, runs.length,
               {source + oy * o.stride.h * b.row + r * o.dilation.w * x[3] + g * w[3], std::int64_t{o.stride.w} * x[3],
                1},
               weights + (g * k + r * w[3]) * filters, filters, out + (n * pixels + oy * y[2]) * y[3] + g * filters,
               y[3], {w[1], o.dilation.h * b.row, taps_row * filters});
  }
}

void forward(const ForwardArgs& a) {
  const auto& o = get<Conv2D>(a.op);
  const Shape &x = *a.in[0].shape, &w = *a.in[1].shape, &y = *a.out[0].shape;
  const std::int64_t groups = x[3] / w[3], filters = w[0] / groups, k = std::int64_t{w[1]} * w[2] * w[3];
  const std::int64_t pictures = x[0] * a.samples;
  std::vector<float> weights(static_cast<std::size_t>(w[0] * k));
  for (std::int64_t g = 0; g < groups; ++g)
    transpose_into(filters, k, a.in[1].data + g * filters * k, weights.data() + g * filters * k);
  convolve(o, x, w, y, pictures, a.in[0].data, weights.data(), Store::set, a.out[0].data, a.scratch);
  finish_rows(a, a.out[0].data, pictures * y[1] * y[2], y[3], o.act);
}

/// to_x += gradient of the input. With one group, steps of 1 and borders narrower than the kernel it is a convolution
/// too: of the outputs' gradient, with the kernel turned round. Else each product is added where its windows lie.
void input_gradient(const BackwardArgs& a, const Conv2D& o, const float* gradient, float* to_x) {
  const Shape &x = *a.in[0].shape, &w = *a.in[1].shape, &y = *a.out[0].shape;
  const std::int64_t groups = x[3] / w[3], filters = w[0] / groups, taps_row = std::int64_t{w[2]} * w[3],
                     k = w[1] * taps_row, pictures = x[0] * a.samples, pixels = std::int64_t{y[1]} * y[2],
                     in_size = std::int64_t{x[1]} * x[2] * x[3];
  const float* weights = a.in[1].data;
  std::vector<float> frame;
  if (pointwise(o, w)) {
    for (std::int64_t g = 0; g < groups; ++g)
      gemm(Store::add, pictures * pixels, k, filters, {gradient + g * filters, y[3], 1}, weights + g * filters * k, k,
           to_x + g * w[3], x[3]);
    return;
  }
  if (groups == 1 && o.stride == Pair{1, 1} && o.dilation == Pair{1, 1} && o.pad.top < w[1] && o.pad.left < w[2]) {
    Conv2D turned = o;
    turned.pad = {w[1] - 1 - o.pad.top, w[1] - 1 - o.pad.bottom, w[2] - 1 - o.pad.left, w[2] - 1 - o.pad.right};
    std::vector<float> kernel(static_cast<std::size_t>(w[0] * k));  // [tap][filter][channel]
    const std::int64_t taps = std::int64_t{w[1]} * w[2];
    for (std::int64_t f = 0; f < filters; ++f)
      for (std::int64_t t = 0; t < taps; ++t)
        std::copy_n(weights + (f * taps + t) * w[3], w[3], kernel.data() + ((taps - 1 - t) * filters + f) * w[3]);
    convolve(turned, y, {w[3], w[1], w[2], w[0]}, x, pictures, gradient, kernel.data(), Store::add, to_x, frame);
    return;
  }
  const Bordered b = bordered(o, x, w, y);
  const WindowRuns runs(o, x, w);
  for (std::int64_t n = 0; n < pictures; ++n) {
    if (b.own) frame.assign(static_cast<std::size_t>(b.height * b.row), 0.0f);
    float* target = b.own ? frame.data() : to_x + n * in_size;
    for (std::int64_t oy = 0; oy < y[1]; ++oy)
      for (std::int64_t g = 0; g < groups; ++g)
        for (std::int64_t ky = 0; ky < w[1]; ++ky)
          for (std::int64_t r = 0; r < runs.per_row; ++r)  // windows overlap, and so do the rows of the product
            gemm(Store::add, y[2], runs.length, filters,
                 {gradient + (n * pixels + oy * y[2]) * y[3] + g * filters, y[3], 1},
                 weights + g * filters * k + ky * taps_row + r * w[3], k,
                 target + (oy * o.stride.h + ky * o.dilation.h) * b.row + r * o.dilation.w * x[3] + g * w[3],
                 std::int64_t{o.stride.w} * x[3]);
    if (b.own)
      for_rows(o, b, x, [&](std::int64_t from, std::int64_t to, std::int64_t count) {
        add_to(count, frame.data() + from, to_x + n * in_size + to);
      });
  }
}

/// to_w += gradient of the weights: the depth are all output pixels.
void weight_gradient(const BackwardArgs& a, const Conv2D& o, const float* gradient, float* to_w) {
  const Shape &x = *a.in[0].shape, &w = *a.in[1].shape, &y = *a.out[0].shape;
  const std::int64_t groups = x[3] / w[3], filters = w[0] / groups, taps_row = std::int64_t{w[2]} * w[3],
                     k = w[1] * taps_row, pictures = x[0] * a.samples, pixels = std::int64_t{y[1]} * y[2],
                     in_size = std::int64_t{x[1]} * x[2] * x[3];
  if (pointwise(o, w)) {
    for (std::int64_t g = 0; g < groups; ++g)
      gemm(Store::add, filters, k, pictures * pixels, {gradient + g * filters, 1, y[3]}, a.in[0].data + g * w[3], x[3],
           to_w + g * filters * k, k);
    return;
  }
  const Bordered b = bordered(o, x, w, y);
  const WindowRuns runs(o, x, w);
  const bool swap = runs.length < filters;                                    // vectors run along the longer side
  std::vector<float> swapped(static_cast<std::size_t>(swap ? w[0] * k : 0));  // [group][k][filter]
  std::vector<float> frame(static_cast<std::size_t>(b.own ? b.height * b.row : 0));
  const std::int64_t step = std::int64_t{o.stride.w} * x[3], rows = o.stride.h * b.row,
                     out_row = std::int64_t{y[2]} * y[3];
  for (std::int64_t n = 0; n < pictures; ++n) {
    const float* picture = a.in[0].data + n * in_size;
    if (b.own)
      for_rows(o, b, x, [&](std::int64_t to, std::int64_t from, std::int64_t count) {
        std::copy_n(picture + from, count, frame.data() + to);
      });
    const float* source = b.own ? frame.data() : picture;
    for (std::int64_t g = 0; g < groups; ++g)
      for (std::int64_t ky = 0; ky < w[1]; ++ky)
        for (std::int64_t r = 0; r < runs.per_row; ++r) {
          const float *from = source + ky * o.dilation.h * b.row + r * o.dilation.w * x[3] + g * w[3],
                      *by = gradient + n * pixels * y[3] + g * filters;
          const std::int64_t first = ky * taps_row + r * w[3];
          if (swap)
            gemm(Store::add, runs.length, filters, y[2], {from, 1, step}, by, y[3],
                 swapped.data() + (g * k + first) * filters, filters, {y[1], rows, out_row});
          else
            gemm(Store::add, filters, runs.length, y[2], {by, 1, y[3]}, from, step, to_w + g * filters * k + first, k,
                 {y[1], out_row, rows});
        }
  }
  if (!swap) return;
  for (std::int64_t f = 0; f < groups * filters; ++f)
    for (std::int64_t i = 0; i < k; ++i)
      to_w[f * k + i] += swapped[static_cast<std::size_t>((f / filters * k + i) * filters + f % filters)];
}

void backward(const BackwardArgs& a) {
  const auto& o = get<Conv2D>(a.op);
  const Shape& y = *a.out[0].shape;
  const float* gradient = unclamped_gradient(a, o.act, a.scratch);
  add_bias_gradient(a, gradient, a.in[0].shape->at(0) * a.samples * y[1] * y[2], y[3]);
  if (a.grad_in[0]) input_gradient(a, o, gradient, a.grad_in[0]);
  if (a.grad_in[1]) weight_gradient(a, o, gradient, a.grad_in[1]);
}

/// All filters in one sweep, from pixel to pixel: a window is gathered into scratch first, or read where it lies.
/// Several sweeps, over blocks of decoded filters or over groups, read the input again.
Overlaps overlaps(const Program& p, const Layer& l) {
  if (l.record.block < l.record.out_c || l.record.p[0] != l.record.in_c) return {};
  const bool mve = l.kernel->run == tinyc_conv_2d_mve;  // three pixels at a time, also of two pictures
  if (l.record.p[1] && mve) return l.record.n > 1 ? Overlaps{} : group_overlaps(p, l, 3);
  return window_overlaps(p, l, l.record.p[1] ? WindowOrder::filters : WindowOrder::gathered);
}

/// A row of windows is gathered before its outputs are written, or four pixels.
Overlaps list_overlaps(const Program& p, const Layer& l) {
  return l.record.p[0] == l.record.in_c ? window_overlaps(p, l, WindowOrder::gathered) : Overlaps{};
}

constexpr Kernel kKernels[] = {
    {"tinyc_conv_2d", tinyc_conv_2d, "tinyc_conv_2d.c", overlaps, false, Bands::windows},
    {"tinyc_conv_2d_wzp", tinyc_conv_2d_wzp, "tinyc_conv_2d.c", overlaps, false, Bands::windows},
    {"tinyc_conv_2d_dsp", tinyc_conv_2d_dsp, "tinyc_conv_2d_dsp.c", overlaps, false, Bands::windows},
    {"tinyc_conv_2d_pair", tinyc_conv_2d_pair, "tinyc_conv_2d_pair.c", overlaps, false, Bands::windows},
    {"tinyc_conv_2d_mve", tinyc_conv_2d_mve, "tinyc_conv_2d_mve.c", overlaps, false, Bands::windows},
    {"tinyc_conv_2d_list", tinyc_conv_2d_list, "tinyc_conv_2d_list.c", list_overlaps, true, Bands::windows},
    {"tinyc_conv_2d_list_dsp", tinyc_conv_2d_list_dsp, "tinyc_conv_2d_list_dsp.c", list_overlaps, true, Bands::windows},
    {"tinyc_conv_2d_narrow_dsp", tinyc_conv_2d_narrow_dsp, "tinyc_conv_2d_narrow_dsp.c", overlaps, false,
     Bands::windows},
    {"tinyc_conv_2d_rest_dsp", tinyc_conv_2d_rest_dsp, "tinyc_conv_2d_dsp.c", overlaps, false, Bands::windows}};

/// Whether two pixels at a time are faster: joining their windows costs what it saves in two filters.
bool pays_pair(const tinyc_layer& r, const Tensor& w) {
  return w.shape[3] == r.in_c && r.out_c >= 4 && std::int32_t{r.out_h} * r.out_w >= 2;
}

/// Whether one or two pixels that four at a time leave over are a share of the work that pays code of their own.
bool pays_rest(const tinyc_layer& r, std::int32_t rows, std::uint32_t window) {
  constexpr std::int32_t kShare = 64;
  const std::int32_t pixels = (rows > 0 ? std::min<std::int32_t>(rows, r.out_h) : r.out_h) * r.out_w, rest = pixels % 4;
  return r.n == 1 && window % 4 == 0 && (rest == 1 || rest == 2) && pixels <= kShare * rest;
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const auto& o = get<Conv2D>(n.op);
  const Tensor& w = g.at(n.inputs[1]);
  const TensorId bias = n.inputs.size() > 2 ? n.inputs[2] : kNoTensor;
  require(w.quant.has_value(), "the weights are not quantized");
  const bool offset = w.quant->zero_point.at(0) != 0;  // only models that were uint8
  Layer l = out.make(n, kKernels[offset ? 1 : 0]);
  set_window(l, g.at(n.inputs[0]).shape, g.at(n.outputs[0]).shape, w.shape[1], w.shape[2], o.stride, o.dilation, o.pad);
  const ScaleFacts facts = lower_scales(g, l, out, n.inputs[0], w, bias, n.outputs[0], 0,
                                        offset ? ScaleProduct::in_float : ScaleProduct::in_double, o.act);
  const bool in_place = w.shape[1] == 1 && w.shape[2] == 1 && o.pad == Pads{};
  const auto window = static_cast<std::uint32_t>(w.shape[1] * w.shape[2] * w.shape[3]), words = (window + 3) / 4;
  l.record.p[0] = w.shape[3];
  l.record.p[1] = in_place ? 1 : 0;
  if (list_conv_2d(g, l, out, n.inputs[1], facts, {&kKernels[5], &kKernels[6]})) {
    out.add(std::move(l));
    return;
  }
  std::uint32_t patch = in_place ? 0 : window;
  if (out.options().family == Family::dsp && !offset && window >= 4 && facts.fits_dsp()) {
    l.kernel = &kKernels[2];
    patch = 32 * words + (w.shape[3] % 4 ? 4 * words : 0);
    if (out.options().rows && patch > out.room()) {
      l.kernel = &kKernels[7];
      patch = 12 * words;
    }
    if (l.kernel == &kKernels[2] && w.shape[3] == g.at(n.inputs[0]).shape[3] && w.shape[0] % 2 == 0) {
      l.scratch_bytes = lower_panel(l, out, n.inputs[1], words, patch);
      if (l.record.p[2]) {
        out.add(std::move(l));
        return;
      }
    }
    if (l.kernel == &kKernels[2] && pays_rest(l.record, out.rows(), window)) l.kernel = &kKernels[8];
    patch += 3;  // decoded filters end anywhere
  }
  if (out.options().family == Family::pair && !offset && pays_pair(l.record, w)) {
    const std::uint32_t pair = 4 * window + static_cast<std::uint32_t>(w.shape[3]) + 3;
    if (out.options().fast || pair <= out.room()) {
      l.kernel = &kKernels[3];
      patch = pair;
    }
  }
  if (out.options().family == Family::mve && !offset && facts.fits_mve()) {
    l.kernel = &kKernels[4];
    patch *= 3;
  }
  l.scratch_bytes = lower_weights(g, l, out, n.inputs[1], w.shape[0], kConvBudget, patch);
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
