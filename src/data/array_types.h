// Array element types as C++ types.
#pragma once
#include <bit>
#include <cstdint>
#include <cstring>

#include "tinyc/dataset.h"

namespace tinyc {

/// IEEE 754 half precision, exact as float.
struct Half {
  std::uint16_t bits = 0;
  explicit operator float() const noexcept {
    const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000) << 16, exponent = (bits >> 10) & 31,
                        mantissa = bits & 0x3ff;
    if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | mantissa << 13);
    if (exponent != 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;  // subnormal
    return sign ? -magnitude : magnitude;
  }
};

template <class T>
T load(const std::uint8_t* p) noexcept {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

/// Calls `f` with a value of the C++ type of `t`.
template <class F>
void visit_type(Array::Type t, F&& f) {
  switch (t) {
    case Array::Type::u8:
    case Array::Type::boolean: return f(std::uint8_t{});
    case Array::Type::i8: return f(std::int8_t{});
    case Array::Type::u16: return f(std::uint16_t{});
    case Array::Type::i16: return f(std::int16_t{});
    case Array::Type::i32: return f(std::int32_t{});
    case Array::Type::i64: return f(std::int64_t{});
    case Array::Type::f16: return f(Half{});
    case Array::Type::f32: return f(float{});
    case Array::Type::f64: return f(double{});
  }
}

}  // namespace tinyc
