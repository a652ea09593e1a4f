// FULLY_CONNECTED from its definition.
#pragma once
#include "oracle/weighted_oracle.h"

namespace oracle {

inline Int8s fully_connected(const WeightedCase& c, const tinyc::Shape& y) {
  const auto& o = std::get<tinyc::FullyConnected>(c.op);
  const std::int64_t k = c.w.shape[1], channels = c.w.shape[0];
  return expected(c, y, c.w.shape[0], c.w_scale.size() == 1, o.act, [&](std::int64_t i) {
    std::int64_t sum = 0;
    for (std::int64_t j = 0; j < k; ++j)
      sum += (c.x.values[static_cast<std::size_t>(i / channels * k + j)] - c.in.zero_point) *
             (c.w.values[static_cast<std::size_t>(i % channels * k + j)] - c.w_zero_point);
    return sum;
  });
}

}  // namespace oracle
