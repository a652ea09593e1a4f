#include "train/fake_quant.h"

#include <algorithm>
#include <cmath>

namespace tinyc {

void round_activation(const Quant& q, std::span<const float> from, std::span<float> to) {
  const float scale = q.scale[0], inverse = 1.0f / scale, zero = static_cast<float>(q.zero_point[0]);
  const float lo = -128.0f - zero, hi = 127.0f - zero;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const float v = std::min(std::max(from[i] * inverse, lo), hi);
    // |v| is far below 2^22, where adding and taking away 1.5 * 2^23 rounds to the nearest integer
    to[i] = ((v + 0x1.8p23f) - 0x1.8p23f) * scale;
  }
}

void mask_outside(const Quant& q, std::span<const float> value, std::span<float> gradient) {
  const float scale = q.scale[0], zero = static_cast<float>(q.zero_point[0]);
  const float lo = (-128.5f - zero) * scale, hi = (127.5f - zero) * scale;
  for (std::size_t i = 0; i < value.size(); ++i) gradient[i] = value[i] >= lo && value[i] <= hi ? gradient[i] : 0.0f;
}

void round_weights(const Quant& q, std::int32_t limit, const Shape& shape, std::span<const float> from,
                   std::span<float> to) {
  std::size_t inner = 1;
  for (std::size_t d = static_cast<std::size_t>(q.axis) + 1; d < shape.size(); ++d)
    inner *= static_cast<std::size_t>(shape[d]);
  const auto most = static_cast<float>(limit);
  for (std::size_t i = 0; i < from.size(); ++i) {
    const float scale = q.per_channel() ? q.scale[i / inner % q.scale.size()] : q.scale[0];
    to[i] = std::clamp(std::round(from[i] / scale), -most, most) * scale;
  }
}

}  // namespace tinyc
