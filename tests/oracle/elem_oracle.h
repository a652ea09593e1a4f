// Naive references of the elementwise, pooling and reducing operators: written from the formulas, in wide integers and
// by coordinates, with no shortcut of the kernels.
#pragma once
#include <algorithm>
#include <cmath>
#include <functional>

#include "oracle/move_oracle.h"

namespace oracle {

__extension__ using Wide = __int128;

/// x * 2^31 * real with TFLite's two roundings: the multiplier as a 31-bit mantissa, the product half up, the right
/// shift half away from zero.
inline std::int64_t scaled(std::int64_t x, double real) {
  if (real == 0) return 0;
  int exponent = 0;
  long long mantissa = std::llround(std::frexp(real, &exponent) * 2147483648.0);
  if (mantissa == 2147483648) {
    mantissa /= 2;
    ++exponent;
  }
  if (exponent < -31) return 0;
  const Wide product = Wide{x} * (std::int64_t{1} << std::max(exponent, 0)) * mantissa + (std::int64_t{1} << 30);
  const auto high = static_cast<std::int64_t>(product >> 31);
  const std::int64_t unit = std::int64_t{1} << std::max(-exponent, 0);
  const std::int64_t magnitude = (std::abs(high) + unit / 2) / unit;
  return high < 0 ? -magnitude : magnitude;
}

inline std::int8_t clamped(std::int64_t v, std::int64_t lo = -128, std::int64_t hi = 127) {
  return static_cast<std::int8_t>(std::clamp(v, lo, hi));
}

/// The int8 bounds of a fused activation.
inline std::pair<std::int64_t, std::int64_t> act_bounds(tinyc::Act act, Scale q) {
  const auto at = [&](float v) { return std::clamp<std::int64_t>(q.zero_point + std::lround(v / q.scale), -128, 127); };
  switch (act) {
    case tinyc::Act::relu: return {at(0), 127};
    case tinyc::Act::relu6: return {at(0), at(6)};
    case tinyc::Act::relu_n1_to_1: return {at(-1), at(1)};
    case tinyc::Act::none: break;
  }
  return {-128, 127};
}

/// numpy broadcasting, one output at a time.
inline Int8s broadcast(const Int8s& a, const Int8s& b, const std::function<std::int8_t(int, int)>& f) {
  const std::size_t rank = std::max(a.shape.size(), b.shape.size());
  const auto length = [&](const tinyc::Shape& s, std::size_t d) {
    return d < rank - s.size() ? 1 : s[d - (rank - s.size())];
  };
  tinyc::Shape out;
  for (std::size_t d = 0; d < rank; ++d) out.push_back(std::max(length(a.shape, d), length(b.shape, d)));
  const auto value = [&](const Int8s& x, const Index& i) {
    Index own;
    for (std::size_t d = rank - x.shape.size(); d < rank; ++d) own.push_back(length(x.shape, d) == 1 ? 0 : i[d]);
    return int{x.values[flat(x.shape, own)]};
  };
  return build<std::int8_t>(out, [&](const Index& i) { return f(value(a, i), value(b, i)); });
}

/// Every output from the list of inputs that reduce to it.
inline Int8s reduce(const Int8s& in, const std::vector<std::int32_t>& axes, bool keep_dims,
                    const std::function<std::int8_t(const std::vector<int>&)>& f) {
  std::vector<bool> gone(in.shape.size(), false);
  for (const auto a : axes) gone[static_cast<std::size_t>(a < 0 ? a + static_cast<int>(in.shape.size()) : a)] = true;
  tinyc::Shape kept, named;
  for (std::size_t d = 0; d < in.shape.size(); ++d) {
    kept.push_back(gone[d] ? 1 : in.shape[d]);
    if (!gone[d] || keep_dims) named.push_back(kept.back());
  }
  std::vector<std::vector<int>> terms(static_cast<std::size_t>(tinyc::num_elements(kept)));
  for (std::size_t at = 0; at < in.values.size(); ++at) {
    Index i = unflat(in.shape, at);
    for (std::size_t d = 0; d < i.size(); ++d)
      if (gone[d]) i[d] = 0;
    terms[flat(kept, i)].push_back(in.values[at]);
  }
  Int8s out{named, {}};
  for (const auto& t : terms) out.values.push_back(f(t));
  return out;
}

/// Every output of a pool from the list of values in its window.
inline Int8s pool(const Int8s& in, tinyc::Pair kernel, tinyc::Pair stride, tinyc::Pads pad,
                  const std::function<std::int8_t(const std::vector<int>&)>& f) {
  const auto length = [](int n, int before, int after, int k, int s) { return (n + before + after - k) / s + 1; };
  const tinyc::Shape out{in.shape[0], length(in.shape[1], pad.top, pad.bottom, kernel.h, stride.h),
                         length(in.shape[2], pad.left, pad.right, kernel.w, stride.w), in.shape[3]};
  return build<std::int8_t>(out, [&](const Index& i) {
    std::vector<int> window;
    for (int dy = 0; dy < kernel.h; ++dy)
      for (int dx = 0; dx < kernel.w; ++dx) {
        const int y = i[1] * stride.h - pad.top + dy, x = i[2] * stride.w - pad.left + dx;
        if (y >= 0 && y < in.shape[1] && x >= 0 && x < in.shape[2])
          window.push_back(in.values[flat(in.shape, {i[0], y, x, i[3]})]);
      }
    return f(window);
  });
}

/// A scale of 2^lo ... 2^hi and any zero point.
inline Scale random_scale(Random& r, int lo, int hi) {
  return {std::ldexp(1.0f + static_cast<float>(r.in(0, 1 << 20)) / (1 << 20), r.in(lo, hi - 1)), r.in(-128, 127)};
}

}  // namespace oracle
