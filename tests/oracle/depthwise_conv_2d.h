// DEPTHWISE_CONV_2D from its definition.
#pragma once
#include "oracle/weighted_oracle.h"

namespace oracle {

inline Int8s depthwise_conv_2d(const WeightedCase& c, const tinyc::Shape& y, bool float_product) {
  const auto& o = std::get<tinyc::DepthwiseConv2D>(c.op);
  const tinyc::Shape &x = c.x.shape, &w = c.w.shape;
  return expected(c, y, y[3], float_product, o.act, [&](std::int64_t i) {
    const std::int64_t oc = i % y[3], ox = i / y[3] % y[2], oy = i / y[3] / y[2] % y[1], n = i / y[3] / y[2] / y[1];
    std::int64_t sum = 0;
    for (std::int64_t ky = 0; ky < w[1]; ++ky)
      for (std::int64_t kx = 0; kx < w[2]; ++kx) {
        const std::int64_t iy = oy * o.stride.h + ky * o.dilation.h - o.pad.top,
                           ix = ox * o.stride.w + kx * o.dilation.w - o.pad.left;
        if (iy < 0 || ix < 0 || iy >= x[1] || ix >= x[2]) continue;
        sum += (c.x.values[static_cast<std::size_t>(((n * x[1] + iy) * x[2] + ix) * x[3] + oc / (y[3] / x[3]))] -
                c.in.zero_point) *
               (c.w.values[static_cast<std::size_t>((ky * w[2] + kx) * w[3] + oc)] - c.w_zero_point);
      }
    return sum;
  });
}

}  // namespace oracle
