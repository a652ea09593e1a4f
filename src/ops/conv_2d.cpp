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

/// Patches of output pixels [first, first + rows) of one picture, one row of k_h * k_w * channels each.
void gather(const Conv2D& o, const float* picture, const Shape& x, const Shape& w, const Shape& y, std::int64_t first,
            std::int64_t rows, std::int64_t channel, float* patch) {
  const std::int64_t channels = w[3];
  for (std::int64_t r = first; r < first + rows; ++r) {
    const std::int64_t top = r / y[2] * o.stride.h - o.pad.top, left = r % y[2] * o.stride.w - o.pad.left;
    for (std::int64_t ky = 0; ky < w[1]; ++ky) {
      const std::int64_t iy = top + ky * o.dilation.h;
      for (std::int64_t kx = 0; kx < w[2]; ++kx, patch += channels) {
        const std::int64_t ix = left + kx * o.dilation.w;
        if (iy < 0 || iy >= x[1] || ix < 0 || ix >= x[2])
          std::fill_n(patch, channels, 0.0f);
        else
          std::copy_n(picture + (iy * x[2] + ix) * x[3] + channel, channels, patch);
      }
    }
  }
}

void forward(const ForwardArgs& a) {
  const auto& o = get<Conv2D>(a.op);
  const Shape &x = *a.in[0].shape, &w = *a.in[1].shape, &y = *a.out[0].shape;
  const std::int64_t groups = x[3] / w[3], filters = w[0] / groups, k = std::int64_t{w[1]} * w[2] * w[3];
  const std::int64_t pixels = std::int64_t{y[1]} * y[2], in_pixels = std::int64_t{x[1]} * x[2];
  const bool direct = w[1] == 1 && w[2] == 1 && o.stride == Pair{1, 1} && o.pad == Pads{};
  // Patches are gathered in slices that stay in the second-level cache.
  const std::int64_t slice =
      direct ? pixels : std::clamp<std::int64_t>(65536 / k, 16, std::max<std::int64_t>(pixels, 16));
  if (!direct) a.scratch.resize(static_cast<std::size_t>(slice * k));
  for (std::int64_t n = 0; n < x[0]; ++n)
    for (std::int64_t g = 0; g < groups; ++g)
      for (std::int64_t first = 0; first < pixels; first += slice) {
        const std::int64_t rows = std::min(slice, pixels - first);
        const float* picture = a.in[0].data + n * in_pixels * x[3];
        if (!direct) gather(o, picture, x, w, y, first, rows, g * w[3], a.scratch.data());
        const auto patches =
            direct ? const_rows(picture + g * w[3], rows, k, x[3]) : const_rows(a.scratch.data(), rows, k);
        auto result = mutable_rows(a.out[0].data + (n * pixels + first) * y[3] + g * filters, rows, filters, y[3]);
        result.noalias() = patches * const_rows(a.in[1].data + g * filters * k, filters, k).transpose();
      }
  finish_rows(a, a.out[0].data, x[0] * pixels, y[3], o.act);
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
                              .infer = infer,
                              .forward = forward,
                              .macs = count,
                              .lower = lower,
                              .kernels = kKernels};
static_assert(complete(kTraits));

}  // namespace

const OpTraits traits_conv_2d = kTraits;

}  // namespace tinyc
