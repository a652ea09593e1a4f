// What several operator files share: attribute access, window geometry, and the offline half of TFLite's int8
// arithmetic.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "tinyc/error.h"
#include "tinyc/graph.h"
#include "tinyc/program.h"

namespace tinyc {

/// The operator's own data.
template <class T>
const T& get(const OpData& op) {
  return std::get<T>(op);
}

/// Throws Error(unsupported); the caller of infer and lower adds the node's name.
[[noreturn]] inline void reject(const std::string& why) { throw Error(ErrorCode::unsupported, why); }
inline void require(bool ok, const char* why) {
  if (!ok) reject(why);
}

/// Output length of a sliding window; rejects windows that do not fit.
inline std::int32_t window_output(std::int32_t in, std::int32_t pad_before, std::int32_t pad_after, std::int32_t kernel,
                                  std::int32_t stride, std::int32_t dilation) {
  const std::int64_t span = std::int64_t{dilation} * (kernel - 1) + 1, room = std::int64_t{in} + pad_before + pad_after;
  if (kernel < 1 || stride < 1 || dilation < 1 || pad_before < 0 || pad_after < 0 || room < span)
    reject("the window does not fit its input");
  return static_cast<std::int32_t>((room - span) / stride + 1);
}

/// Clamps a float to a fused activation.
inline float activate(float x, Act a) {
  const auto [lo, hi] = bounds(a);
  return std::min(std::max(x, lo), hi);
}

/// A shape seen along one of its axes: [outer, extent, inner].
struct AxisSplit {
  std::int64_t outer = 1, extent = 1, inner = 1;
};
inline AxisSplit split_at(const Shape& s, std::int32_t axis) {
  AxisSplit r;
  for (std::size_t d = 0; d < s.size(); ++d)
    (d < static_cast<std::size_t>(axis) ? r.outer : d == static_cast<std::size_t>(axis) ? r.extent : r.inner) *= s[d];
  return r;
}

/// A real multiplier as Q31 mantissa and shift: real = mantissa * 2^(shift - 31). TFLite's QuantizeMultiplier.
struct Multiplier {
  std::int32_t mantissa = 0;
  std::int32_t shift = 0;
};
Multiplier quantize_multiplier(double real);

/// The int8 clamp of a fused activation at the output's quantization: zp + round(bound / scale) in float, within [-128,
/// 127].
struct ActRange {
  std::int16_t min = -128, max = 127;
};
ActRange activation_range(Act a, float scale, std::int32_t zero_point);

/// Per-tensor scale and zero point of a quantized activation or constant. Rejects tensors without them.
struct ScaleZp {
  float scale = 1;
  std::int32_t zero_point = 0;
};
ScaleZp scale_zp(const Tensor& t);

}  // namespace tinyc
