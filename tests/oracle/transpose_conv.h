// TRANSPOSE_CONV from its definition: every input pixel is scattered over the output.
#pragma once
#include "oracle/weighted_oracle.h"

namespace oracle {

inline Int8s transpose_conv(const WeightedCase& c, const tinyc::Shape& y) {
  const auto& o = std::get<tinyc::TransposeConv>(c.op);
  const tinyc::Shape &x = c.x.shape, &w = c.w.shape;
  std::vector<std::int64_t> sums(static_cast<std::size_t>(tinyc::num_elements(y)));
  std::size_t in = 0;
  for (std::int64_t n = 0; n < x[0]; ++n)
    for (std::int64_t iy = 0; iy < x[1]; ++iy)
      for (std::int64_t ix = 0; ix < x[2]; ++ix)
        for (std::int64_t ic = 0; ic < x[3]; ++ic, ++in)
          for (std::int64_t oc = 0; oc < w[0]; ++oc)
            for (std::int64_t ky = 0; ky < w[1]; ++ky)
              for (std::int64_t kx = 0; kx < w[2]; ++kx) {
                const std::int64_t oy = iy * o.stride.h + ky - o.pad.top, ox = ix * o.stride.w + kx - o.pad.left;
                if (oy < 0 || ox < 0 || oy >= y[1] || ox >= y[2]) continue;
                sums[static_cast<std::size_t>(((n * y[1] + oy) * y[2] + ox) * y[3] + oc)] +=
                    (c.x.values[in] - c.in.zero_point) *
                    (c.w.values[static_cast<std::size_t>(((oc * w[1] + ky) * w[2] + kx) * w[3] + ic)] - c.w_zero_point);
              }
  return expected(c, y, y[3], false, o.act, [&](std::int64_t i) { return sums[static_cast<std::size_t>(i)]; });
}

}  // namespace oracle
