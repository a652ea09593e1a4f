// Random float layers and the comparison with a sum in double.
#pragma once
#include <cmath>

#include "oracle/run_op.h"

namespace oracle {

inline Floats random_floats(Random& r, tinyc::Shape s) {
  Floats a{std::move(s), {}};
  for (std::int64_t i = 0; i < tinyc::num_elements(a.shape); ++i)
    a.values.push_back(static_cast<float>(r.in(-1000, 1000)) / 500);
  return a;
}

/// The element at `index` of a rank-4 tensor, 0 outside of it (zero padding).
inline double at(const Floats& t, std::int64_t a, std::int64_t b, std::int64_t c, std::int64_t d) {
  if (b < 0 || c < 0 || b >= t.shape[1] || c >= t.shape[2]) return 0;
  return static_cast<double>(
      t.values[static_cast<std::size_t>(((a * t.shape[1] + b) * t.shape[2] + c) * t.shape[3] + d)]);
}

/// True when every element i of `y` is near `value(i)`.
template <class Value>
bool all_near(const Floats& y, Value value) {
  for (std::size_t i = 0; i < y.values.size(); ++i)
    if (!(std::abs(static_cast<double>(y.values[i]) - value(static_cast<std::int64_t>(i))) < 1e-4)) return false;
  return true;
}

}  // namespace oracle
