// Sliding-window operators without weights on NHWC pictures.
#pragma once
#include <vector>

#include "ops/gradient.h"
#include "ops/op_support.h"
#include "ops/overlap.h"

namespace tinyc {

/// Both pools have the same attributes.
template <class P>
std::vector<Shape> infer_pool(const OpData& op, std::span<const Tensor* const> in) {
  const P& p = get<P>(op);
  const Shape& s = in[0]->shape;
  require(s.size() == 4, "the input is no NHWC picture");
  // a window that sees nothing but padding has no value
  require(p.pad.top < p.kernel.h && p.pad.bottom < p.kernel.h && p.pad.left < p.kernel.w && p.pad.right < p.kernel.w,
          "the padding is not smaller than the window");
  return {{s[0], window_output(s[1], p.pad.top, p.pad.bottom, p.kernel.h, p.stride.h, 1),
           window_output(s[2], p.pad.left, p.pad.right, p.kernel.w, p.stride.w, 1), s[3]}};
}

/// The pixels of the picture under one window: rows [y0, y1), columns [x0, x1) of a picture that starts at `picture`
/// and has `row` elements a row, `pixel` elements a pixel.
struct PoolWindow {
  std::int32_t y0, y1, x0, x1;
  std::ptrdiff_t picture, row, pixel;
  std::int32_t pixels() const { return (y1 - y0) * (x1 - x0); }
};

/// Calls visit(element of the output pixel's channel 0, window) for every output pixel.
template <class P, class Visit>
void for_windows(const OpData& op, const Shape& in, const Shape& out, Visit visit) {
  const P& p = get<P>(op);
  const std::ptrdiff_t channels = in[3];
  std::ptrdiff_t to = 0;
  for (std::int32_t n = 0; n < out[0]; ++n)
    for (std::int32_t y = 0; y < out[1]; ++y)
      for (std::int32_t x = 0; x < out[2]; ++x, to += channels) {
        const std::int32_t top = y * p.stride.h - p.pad.top, left = x * p.stride.w - p.pad.left;
        visit(to, PoolWindow{std::max(top, 0), std::min(top + p.kernel.h, in[1]), std::max(left, 0),
                             std::min(left + p.kernel.w, in[2]), std::ptrdiff_t{n} * in[1] * in[2] * channels,
                             in[2] * channels, channels});
      }
}

/// Calls visit(element of the pixel's channel 0) for every pixel under the window.
template <class Visit>
void for_pixels(const PoolWindow& w, Visit visit) {
  for (std::int32_t y = w.y0; y < w.y1; ++y)
    for (std::int32_t x = w.x0; x < w.x1; ++x) visit(w.picture + y * w.row + x * w.pixel);
}

/// For every output pixel: `begin(out)`, `step(out, in)` for each pixel of the window that lies in the picture,
/// `end(out, pixels)`; the pointers are at channel 0.
template <class P, class Begin, class Step, class End>
void forward_pool(const ForwardArgs& a, Begin begin, Step step, End end) {
  for_windows<P>(a.op, *a.in[0].shape, *a.out[0].shape, [&](std::ptrdiff_t at, const PoolWindow& w) {
    float* to = a.out[0].data + at;
    begin(to);
    for_pixels(w, [&](std::ptrdiff_t from) { step(to, a.in[0].data + from); });
    end(to, w.pixels());
  });
}

/// The kernels go from pixel to pixel, channel after channel.
inline Overlaps pool_overlaps(const Program& p, const Layer& l) {
  return window_overlaps(p, l, WindowOrder::channelwise);
}

/// The layer of either pool; rejects an output whose quantization differs from the input's.
Layer make_pool(const Graph& g, const Node& n, ProgramBuilder& out, const Kernel& k, Pair kernel, Pair stride, Pads pad,
                Act act);

}  // namespace tinyc
