// Sliding-window operators without weights on NHWC pictures.
#pragma once
#include <vector>

#include "ops/op_support.h"

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

/// For every output pixel: `begin(out)`, `step(out, in)` for each pixel of the window that lies in the picture,
/// `end(out, pixels)`; the pointers are at channel 0.
template <class P, class Begin, class Step, class End>
void forward_pool(const ForwardArgs& a, Begin begin, Step step, End end) {
  const P& p = get<P>(a.op);
  const Shape &in = *a.in[0].shape, &out = *a.out[0].shape;
  const std::ptrdiff_t channels = in[3];
  float* to = a.out[0].data;
  for (std::int32_t n = 0; n < out[0]; ++n)
    for (std::int32_t y = 0; y < out[1]; ++y)
      for (std::int32_t x = 0; x < out[2]; ++x, to += channels) {
        const std::int32_t top = y * p.stride.h - p.pad.top, left = x * p.stride.w - p.pad.left;
        const std::int32_t y0 = std::max(top, 0), y1 = std::min(top + p.kernel.h, in[1]);
        const std::int32_t x0 = std::max(left, 0), x1 = std::min(left + p.kernel.w, in[2]);
        begin(to);
        for (std::int32_t iy = y0; iy < y1; ++iy)
          for (std::int32_t ix = x0; ix < x1; ++ix)
            step(to, a.in[0].data + ((std::ptrdiff_t{n} * in[1] + iy) * in[2] + ix) * channels);
        end(to, (y1 - y0) * (x1 - x0));
      }
}

/// The layer of either pool; rejects an output whose quantization differs from the input's.
Layer make_pool(const Graph& g, const Node& n, ProgramBuilder& out, const Kernel& k, Pair kernel, Pair stride, Pads pad,
                Act act);

}  // namespace tinyc
