#include "ops/op_support.h"

namespace tinyc {

Multiplier quantize_multiplier(double real) {
  require(std::isfinite(real), "its scales are too far apart");
  if (real == 0) return {};
  Multiplier m;
  int exponent = 0;
  const double q = std::frexp(real, &exponent);
  auto fixed = static_cast<std::int64_t>(std::round(q * static_cast<double>(std::int64_t{1} << 31)));
  if (fixed == (std::int64_t{1} << 31)) {
    fixed /= 2;
    ++exponent;
  }
  if (exponent < -31) return {};
  if (exponent > 30) return {0x7fffffff, 30};
  m.mantissa = static_cast<std::int32_t>(fixed);
  m.shift = exponent;
  return m;
}

ActRange activation_range(Act a, float scale, std::int32_t zero_point) {
  const auto [lo, hi] = bounds(a);
  const auto quantized = [&](float bound) {
    if (std::isinf(bound)) return bound < 0 ? -128.0f : 127.0f;
    return std::clamp(static_cast<float>(zero_point) + std::round(bound / scale), -128.0f, 127.0f);
  };
  return {static_cast<std::int16_t>(quantized(lo)), static_cast<std::int16_t>(quantized(hi))};
}

ScaleZp scale_zp(const Tensor& t) {
  if (!t.quant || t.quant->scale.size() != 1)
    reject("tensor '" + printable(t.name) + "' has no per-tensor quantization");
  return {t.quant->scale[0], t.quant->zero_point[0]};
}

}  // namespace tinyc
