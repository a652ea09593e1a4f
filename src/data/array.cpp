// Numeric arrays as stored, read by value.
#include <bit>
#include <cstring>
#include <type_traits>

#include "data/array_types.h"
#include "tinyc/dataset.h"

namespace tinyc {

std::size_t size_of(Array::Type t) noexcept {
  switch (t) {
    case Array::Type::u8:
    case Array::Type::i8:
    case Array::Type::boolean: return 1;
    case Array::Type::u16:
    case Array::Type::i16:
    case Array::Type::f16: return 2;
    case Array::Type::i32:
    case Array::Type::f32: return 4;
    case Array::Type::i64:
    case Array::Type::f64: return 8;
  }
  return 1;
}

std::size_t Array::rows() const noexcept { return shape.empty() ? 1 : static_cast<std::size_t>(shape[0]); }

std::size_t Array::row_elements() const noexcept {
  std::size_t n = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) n *= static_cast<std::size_t>(shape[i]);
  return n;
}

void Array::row(std::size_t i, std::span<float> out) const {
  const std::size_t n = row_elements(), first = i * n * size_of(type);
  if (out.size() != n || i >= rows() || first + n * size_of(type) > data.size())
    throw Error(ErrorCode::defect, "array '" + printable(name) + "': row " + std::to_string(i) + " read out of bounds");
  if (n == 0) return;
  visit_type(type, [&]<class T>(T) {
    const std::uint8_t* in = data.data() + first;
    for (std::size_t k = 0; k < n; ++k) out[k] = static_cast<float>(load<T>(in + k * sizeof(T)));
  });
}

}  // namespace tinyc
