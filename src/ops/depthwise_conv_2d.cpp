// DEPTHWISE_CONV_2D. Inputs: x [n,h,w,c], weights [1, k_h, k_w, c * multiplier], optional bias. Output channel o reads
// input channel o / multiplier.
#include "ops/weighted.h"

extern "C" int tinyc_depthwise_conv_2d(const tinyc_layer*, std::uint8_t*);
extern "C" int tinyc_depthwise_conv_2d_wzp(const tinyc_layer*, std::uint8_t*);
extern "C" int tinyc_depthwise_conv_2d_pair(const tinyc_layer*, std::uint8_t*);
extern "C" int tinyc_depthwise_conv_2d_dsp(const tinyc_layer*, std::uint8_t*);
extern "C" int tinyc_depthwise_conv_2d_mve(const tinyc_layer*, std::uint8_t*);
extern "C" int tinyc_depthwise_conv_2d_taps_dsp(const tinyc_layer*, std::uint8_t*);
extern "C" int tinyc_depthwise_conv_2d_row_dsp(const tinyc_layer*, std::uint8_t*);

namespace tinyc {
namespace {

std::vector<Shape> infer(const OpData& op, std::span<const Tensor* const> in) {
  const auto& o = get<DepthwiseConv2D>(op);
  const Shape &x = in[0]->shape, &w = in[1]->shape;
  require(x.size() == 4 && w.size() == 4 && w[0] == 1,
          "input and weights must have rank 4, the weights a first dimension of 1");
  require(w[3] % x[3] == 0, "the output channels are no multiple of the input channels");
  check_bias(in, w[3]);
  return {{x[0], window_output(x[1], o.pad.top, o.pad.bottom, w[1], o.stride.h, o.dilation.h),
           window_output(x[2], o.pad.left, o.pad.right, w[2], o.stride.w, o.dilation.w), w[3]}};
}

std::int64_t count(const OpData&, std::span<const Tensor* const> in, const Tensor& out) {
  return num_elements(out.shape) * in[1]->shape[1] * in[1]->shape[2];
}

/// Calls visit(tap, element of the input pixel's channel 0) for the taps of an output pixel that lie in picture n.
template <class Visit>
void for_taps(const DepthwiseConv2D& o, const Shape& x, const Shape& w, std::int64_t n, std::int64_t oy,
              std::int64_t ox, Visit visit) {
  for (std::int64_t ky = 0; ky < w[1]; ++ky) {
    const std::int64_t iy = oy * o.stride.h - o.pad.top + ky * o.dilation.h;
    if (iy < 0 || iy >= x[1]) continue;
    for (std::int64_t kx = 0; kx < w[2]; ++kx) {
      const std::int64_t ix = ox * o.stride.w - o.pad.left + kx * o.dilation.w;
      if (ix >= 0 && ix < x[2]) visit(ky * w[2] + kx, ((n * x[1] + iy) * x[2] + ix) * x[3]);
    }
  }
}

/// One tap of one output pixel.
void accumulate(const float* x, const float* w, float* y, std::int64_t channels, std::int64_t multiplier) {
  if (multiplier == 1) return multiply_add(channels, x, w, y);
  for (std::int64_t c = 0; c < channels; ++c, w += multiplier, y += multiplier)
    for (std::int64_t m = 0; m < multiplier; ++m) y[m] += x[c] * w[m];
}

void forward(const ForwardArgs& a) {
  const auto& o = get<DepthwiseConv2D>(a.op);
  const Shape &x = *a.in[0].shape, &w = *a.in[1].shape, &y = *a.out[0].shape;
  const std::int64_t multiplier = y[3] / x[3], pictures = x[0] * a.samples;
  float* out = a.out[0].data;
  std::fill_n(out, pictures * y[1] * y[2] * y[3], 0.0f);
  for (std::int64_t n = 0; n < pictures; ++n)
    for (std::int64_t oy = 0; oy < y[1]; ++oy)
      for (std::int64_t ox = 0; ox < y[2]; ++ox, out += y[3])
        for_taps(o, x, w, n, oy, ox, [&](std::int64_t tap, std::int64_t from) {
          accumulate(a.in[0].data + from, a.in[1].data + tap * w[3], out, x[3], multiplier);
        });
  finish_rows(a, a.out[0].data, pictures * y[1] * y[2], y[3], o.act);
}

void backward(const BackwardArgs& a) {
  const auto& o = get<DepthwiseConv2D>(a.op);
  const Shape &x = *a.in[0].shape, &w = *a.in[1].shape, &y = *a.out[0].shape;
  const std::int64_t multiplier = y[3] / x[3], pictures = x[0] * a.samples;
  const float* g = unclamped_gradient(a, o.act, a.scratch);
  add_bias_gradient(a, g, pictures * y[1] * y[2], y[3]);
  for (std::int64_t n = 0; n < pictures; ++n)
    for (std::int64_t oy = 0; oy < y[1]; ++oy)
      for (std::int64_t ox = 0; ox < y[2]; ++ox, g += y[3])
        for_taps(o, x, w, n, oy, ox, [&](std::int64_t tap, std::int64_t from) {
          const float* weights = a.in[1].data + tap * w[3];
          if (a.grad_in[1]) accumulate(a.in[0].data + from, g, a.grad_in[1] + tap * w[3], x[3], multiplier);
          if (!a.grad_in[0]) return;
          if (multiplier == 1) return multiply_add(x[3], g, weights, a.grad_in[0] + from);
          for (std::int64_t c = 0; c < y[3]; ++c) a.grad_in[0][from + c / multiplier] += g[c] * weights[c];
        });
}

/// From pixel to pixel, channel after channel; from the last pixel to the first where the output lies above.
Overlaps overlaps(const Program& p, const Layer& l) {
  const tinyc_layer& r = l.record;
  if (!is_window(p, l) || std::int64_t{r.p[0]} * r.in_c != r.out_c) return {};
  return {{.below = walk_windows(r, WindowOrder::channelwise, false).below(),
           .above = walk_windows(r, WindowOrder::channelwise, true).above()},
          {}};
}

/// Bands of output rows one after the other, channel after channel of each: a band's first output may be
/// written before its last input is read.
Overlaps band_overlaps(const tinyc_layer& r, std::int64_t band) {
  const std::int64_t row = std::int64_t{r.out_w} * r.out_c, in_row = std::int64_t{r.in_w} * r.in_c;
  Walk walk;
  for (std::int64_t line = 0; line < std::int64_t{r.n} * r.out_h; ++line) {
    const std::int64_t n = line / r.out_h, y = line % r.out_h;
    if (y % band != 0) continue;
    const std::int64_t lines = std::min<std::int64_t>(band, r.out_h - y), first = y * r.stride_h - r.pad_t,
                       last = first + (lines - 1) * r.stride_h + std::int64_t{r.k_h - 1} * r.dil_h;
    walk.write(line * row, (line + lines) * row - 1);
    const std::int64_t top = std::clamp<std::int64_t>(first, 0, r.in_h - 1),
                       bottom = std::clamp<std::int64_t>(last, 0, r.in_h - 1);
    walk.read((n * r.in_h + top) * in_row, (n * r.in_h + bottom + 1) * in_row - 1);
  }
  // and where the instructions are missing, the portable kernel runs
  return {{.below = std::max(walk.below(), walk_windows(r, WindowOrder::channelwise, false).below())}, {}};
}

/// In one band, a channel's outputs take the place of its own inputs, which have been copied.
Overlaps dsp_overlaps(const Program& p, const Layer& l) {
  const tinyc_layer& r = l.record;
  if (!is_window(p, l) || r.p[2] < 1) return {};
  if (!r.p[3] && r.p[2] < r.out_h) return band_overlaps(r, r.p[2]);
  return {{.exact = r.p[0] == 1 && r.in_h == r.out_h && r.in_w == r.out_w && r.in_c == r.out_c}, {}};
}

/// Two rows are a band.
Overlaps pair_overlaps(const Program& p, const Layer& l) {
  return is_window(p, l) ? band_overlaps(l.record, 2) : Overlaps{};
}

/// A group of pixels is a row, or a part of one.
Overlaps taps_overlaps(const Program& p, const Layer& l) {
  return is_window(p, l) && l.record.in_c == l.record.out_c ? band_overlaps(l.record, 1) : Overlaps{};
}

/// Blocks of channels, of which the last may read again what the ones before it read.
Overlaps mve_overlaps(const Program& p, const Layer& l) { return window_overlaps(p, l, WindowOrder::again); }

constexpr Kernel kKernels[] = {
    {"tinyc_depthwise_conv_2d", tinyc_depthwise_conv_2d, "tinyc_depthwise_conv_2d.c", overlaps, false, Bands::windows},
    {"tinyc_depthwise_conv_2d_wzp", tinyc_depthwise_conv_2d_wzp, "tinyc_depthwise_conv_2d.c", overlaps, false,
     Bands::windows},
    {"tinyc_depthwise_conv_2d_dsp", tinyc_depthwise_conv_2d_dsp, "tinyc_depthwise_conv_2d_dsp.c", dsp_overlaps, false,
     Bands::windows},
    {"tinyc_depthwise_conv_2d_pair", tinyc_depthwise_conv_2d_pair, "tinyc_depthwise_conv_2d_pair.c", pair_overlaps,
     false, Bands::windows},
    {"tinyc_depthwise_conv_2d_mve", tinyc_depthwise_conv_2d_mve, "tinyc_depthwise_conv_2d_mve.c", mve_overlaps, false,
     Bands::windows},
    {"tinyc_depthwise_conv_2d_taps_dsp", tinyc_depthwise_conv_2d_taps_dsp, "tinyc_depthwise_conv_2d_taps_dsp.c",
     taps_overlaps, false, Bands::windows},
    {"tinyc_depthwise_conv_2d_row_dsp", tinyc_depthwise_conv_2d_row_dsp, "tinyc_depthwise_conv_2d_row_dsp.c",
     taps_overlaps, false, Bands::windows}};

/// Bytes of the plane that the DSP kernel copies the input of `lines` lines of outputs to.
std::uint32_t plane_bytes(const tinyc_layer& r, bool columns, std::int32_t lines) {
  const std::int32_t length = columns ? r.out_h : r.out_w, stride = columns ? r.stride_h : r.stride_w,
                     line_stride = columns ? r.stride_w : r.stride_h, dilation = columns ? r.dil_w : r.dil_h;
  return static_cast<std::uint32_t>(2 * ((length + 1) / 2 * 2 * stride + 2) *
                                    ((lines - 1) * line_stride + 2 * dilation + 1));
}

/// Sets p[2] and p[3] for the DSP kernel. A band is the whole picture where the output can take the input's place, else
/// one line; larger buffers only where there is room. Only whole pictures are swept by columns. Returns the bytes of
/// its plane.
std::uint32_t choose_lines(tinyc_layer& r, std::int64_t room) {
  const std::int64_t whole_budget = std::clamp<std::int64_t>(room, 2048, 8192),
                     small = std::min<std::int64_t>(room, 2048);
  const bool in_place = r.in_h == r.out_h && r.in_w == r.out_w && r.in_c == r.out_c;
  const bool columns = r.out_h > r.out_w && r.dil_h == 1 && r.stride_h <= 2 && r.pad_t < 3;
  const std::int64_t budget = in_place ? whole_budget : small;
  if (columns && plane_bytes(r, true, r.out_w) <= budget) {
    r.p[2] = r.out_w;
    r.p[3] = 1;
    return plane_bytes(r, true, r.out_w);
  }
  const std::uint32_t whole = plane_bytes(r, false, r.out_h);
  r.p[2] = 1;
  while (r.p[2] < r.out_h && (whole <= budget || plane_bytes(r, false, r.p[2] + 1) <= small)) ++r.p[2];
  return plane_bytes(r, false, r.p[2]);
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const auto& o = get<DepthwiseConv2D>(n.op);
  const Tensor& w = g.at(n.inputs[1]);
  const Shape& x = g.at(n.inputs[0]).shape;
  const TensorId bias = n.inputs.size() > 2 ? n.inputs[2] : kNoTensor;
  require(w.quant.has_value(), "the weights are not quantized");
  const bool offset = w.quant->zero_point.at(0) != 0;  // only models that were uint8
  Layer l = out.make(n, kKernels[offset ? 1 : 0]);
  set_window(l, x, g.at(n.outputs[0]).shape, w.shape[1], w.shape[2], o.stride, o.dilation, o.pad);
  const ScaleFacts facts = lower_scales(g, l, out, n.inputs[0], w, bias, n.outputs[0], 3,
                                        offset ? ScaleProduct::in_float : ScaleProduct::in_double, o.act);
  out.weights(l, n.inputs[1]);
  // Neighbouring bytes of the stream belong to different channels: the (small) tensor is decoded as a whole.
  const std::uint32_t decoded = l.codec >= 0 ? static_cast<std::uint32_t>(w.bytes()) : 0;
  l.record.block = narrow16(std::min(w.shape[3], 32767), "");
  l.record.p[0] = w.shape[3] / x[3];
  const std::uint32_t taps = static_cast<std::uint32_t>(w.shape[1] * w.shape[2]);
  std::uint32_t window = 4 * taps + static_cast<std::uint32_t>(x[3]);
  tinyc_layer& r = l.record;
  constexpr std::int32_t kShortBand = 48;  // pixels that pay no planes
  const bool dsp = out.options().family == Family::dsp && !offset && facts.fits_dsp();
  const bool planes = r.k_h == 3 && r.k_w == 3 && r.dil_w == 1 && r.stride_w <= 2 && r.pad_l < 3 && r.act_min == -128 &&
                      r.act_max == 127;
  const bool short_band = out.rows() > 0 && out.rows() * r.out_w < kShortBand;
  if (dsp && r.p[0] == 1 && r.out_c >= 4 && r.k_h == 3 && r.k_w == 3 && r.dil_h == 1 && r.dil_w == 1 &&
      (!planes || short_band)) {
    l.kernel = &kKernels[6];
    const std::uint32_t columns = static_cast<std::uint32_t>((r.out_w - 1) * r.stride_w + 3);
    window = std::max(window, 140 + 24 * columns);
  } else if (dsp && r.p[0] == 1 && r.out_c >= 4 && (!planes || short_band)) {
    constexpr std::int32_t kPixels = 8;
    l.kernel = &kKernels[5];
    r.p[2] = std::min<std::int32_t>(kPixels, r.out_w);
    window = (static_cast<std::uint32_t>(x[3]) + 3) / 4 * 4 + 64 + static_cast<std::uint32_t>(r.p[2]) * 4 * taps;
  } else if (dsp && planes) {
    l.kernel = &kKernels[2];
    tinyc_layer seen = r;  // as bands of rows come
    if (out.rows() > 0) seen.out_h = narrow16(std::min<std::int32_t>(out.rows(), r.out_h), "");
    window = choose_lines(seen, out.options().fast ? 8192 : out.room());
    std::copy(std::begin(seen.p), std::end(seen.p), r.p);
  }
  if (out.options().family == Family::pair && !offset && r.k_h == 3 && r.k_w == 3 && r.dil_w == 1 && r.out_h > 1 &&
      out.rows() != 1) {
    const std::uint32_t plane =
        12 * (static_cast<std::uint32_t>(r.out_w - 1) * static_cast<std::uint32_t>(r.stride_w) + 3);
    if (out.options().fast || plane <= window || plane <= out.room()) {
      l.kernel = &kKernels[3];
      window = plane;
    }
  }
  if (out.options().family == Family::mve && !offset && facts.fits_mve() && r.p[0] == 1 && r.in_c >= 8) {
    l.kernel = &kKernels[4];
    constexpr std::uint32_t kCopies = 80;  // of a shared multiplier and shift
    const auto bytes = static_cast<std::uint32_t>(w.bytes() + 3) / 4 * 4 + (r.p[5] < 0 ? 0 : kCopies);
    window = std::max(window, bytes);  // where vectors are missing: the taps
  }
  // what the reader learned makes way for the taps or the plane
  l.scratch_bytes = std::max(l.scratch_bytes, window) + decoded;
  out.add(std::move(l));
}

constexpr OpTraits kTraits = {.name = "depthwise_conv_2d",
                              .summary = "2-D convolution of each channel by itself, with a channel multiplier",
                              .min_inputs = 2,
                              .max_inputs = 3,
                              .quant = {.weight = 1, .weight_axis = 3, .bias = 2},
                              .batched = true,
                              .infer = infer,
                              .forward = forward,
                              .backward = backward,
                              .macs = count,
                              .lower = lower,
                              .kernels = kKernels};
static_assert(complete(kTraits));

}  // namespace

const OpTraits traits_depthwise_conv_2d = kTraits;

}  // namespace tinyc
