// BATCH_MATMUL of int8 operands of rank 3 from its definition; a leading 1 broadcasts.
#pragma once
#include "oracle/weighted_oracle.h"

namespace oracle {

inline Int8s batch_matmul(const WeightedCase& c, const tinyc::Shape& y) {
  const auto& o = std::get<tinyc::BatchMatmul>(c.op);
  const Int8s &a = c.constant_first ? c.w : c.x, &b = c.constant_first ? c.x : c.w;
  const std::int32_t a_zp = c.constant_first ? c.w_zero_point : c.in.zero_point,
                     b_zp = c.constant_first ? c.in.zero_point : c.w_zero_point;
  const auto element = [](const Int8s& t, std::int64_t batch, std::int64_t row, std::int64_t col, bool swapped) {
    if (swapped) std::swap(row, col);
    return static_cast<std::int32_t>(
        t.values[static_cast<std::size_t>(((t.shape[0] == 1 ? 0 : batch) * t.shape[1] + row) * t.shape[2] + col)]);
  };
  return expected(c, y, 1, true, tinyc::Act::none, [&](std::int64_t i) {
    const std::int64_t n = i % y[2], m = i / y[2] % y[1], batch = i / y[2] / y[1];
    std::int64_t sum = 0;
    for (std::int64_t k = 0; k < a.shape[o.adj_x ? 1 : 2]; ++k)
      sum += (element(a, batch, m, k, o.adj_x) - a_zp) * (element(b, batch, k, n, o.adj_y) - b_zp);
    return sum;
  });
}

}  // namespace oracle
