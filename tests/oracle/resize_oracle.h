// Naive references of the resize operators, pixel by pixel, with TFLite's own arithmetic.
#pragma once
#include <algorithm>
#include <cmath>

#include "oracle/move_oracle.h"

namespace oracle {

struct Resize {
  std::int32_t h, w;
  bool align, half;
};

inline std::int32_t nearest_index(std::int32_t i, std::int32_t in, std::int32_t out, const Resize& r) {
  float scale = static_cast<float>(in) / static_cast<float>(out);
  if (r.align && out > 1) scale = static_cast<float>(in - 1) / static_cast<float>(out - 1);
  const float x = (static_cast<float>(i) + (r.half ? 0.5f : 0.0f)) * scale;
  const auto index = static_cast<std::int32_t>(r.align ? std::round(x) : std::floor(x));
  return std::max(0, std::min(index, in - 1));
}

template <class T>
Array<T> resize_nearest(const Array<T>& in, const Resize& r) {
  return build<T>({in.shape[0], r.h, r.w, in.shape[3]}, [&](const Index& i) {
    const auto y = nearest_index(i[1], in.shape[1], r.h, r), x = nearest_index(i[2], in.shape[2], r.w, r);
    return in.values[flat(in.shape, {i[0], y, x, i[3]})];
  });
}

/// Position in 1/1024 pixel and its neighbours, all in 64 bits.
struct Position {
  std::int64_t at, low, high;
};
inline Position position(std::int64_t i, std::int64_t in, std::int64_t out, const Resize& r) {
  std::int64_t scale = (1024 * in + out / 2) / out;
  if (r.align && out > 1) scale = (1024 * (in - 1) + (out - 1) / 2) / (out - 1);
  Position p{};
  p.at = i * scale;
  if (r.half) p.at += scale / 2 - 512;
  p.low = std::max<std::int64_t>(p.at / 1024, 0);
  p.high = std::min<std::int64_t>((p.at + 1023) / 1024, in - 1);
  // beyond the last pixel the reference reads outside its input; the last pixel is what it means
  p.low = std::min(p.low, in - 1);
  p.high = std::max<std::int64_t>(p.high, 0);
  return p;
}

inline Int8s resize_bilinear(const Int8s& in, const Resize& r) {
  return build<std::int8_t>({in.shape[0], r.h, r.w, in.shape[3]}, [&](const Index& i) {
    const Position y = position(i[1], in.shape[1], r.h, r), x = position(i[2], in.shape[2], r.w, r);
    const auto pixel = [&](std::int64_t py, std::int64_t px) {
      return std::int64_t{
          in.values[flat(in.shape, {i[0], static_cast<std::int32_t>(py), static_cast<std::int32_t>(px), i[3]})]};
    };
    const std::int64_t dy = y.at - 1024 * y.low, dx = x.at - 1024 * x.low;
    const std::int64_t sum = pixel(y.low, x.low) * (1024 - dy) * (1024 - dx) + pixel(y.high, x.low) * dy * (1024 - dx) +
                             pixel(y.low, x.high) * (1024 - dy) * dx + pixel(y.high, x.high) * dy * dx;
    return static_cast<std::int8_t>((sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20));
  });
}

}  // namespace oracle
