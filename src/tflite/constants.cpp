// Decoding stored constants into the graph's types.
#include <bit>
#include <cmath>
#include <cstring>

#include "tflite/tensor_table.h"
#include "tinyc/error.h"

namespace tinyc::tfl {
namespace {

// A sparse tensor may claim far more elements than it stores; beyond this ratio it is an attack, not a model.
constexpr std::uint64_t kSparseRatio = 1024, kSparseFree = 1 << 20;

[[noreturn]] void bad(const std::string& name, const std::string& why) {
  throw Error(ErrorCode::damaged_model, "Tensor '" + name + "' " + why + ".",
              "The file is damaged; fetch or export it again.");
}

float from_half(std::uint16_t h) {
  const std::uint32_t sign = std::uint32_t{h & 0x8000u} << 16, exponent = h >> 10 & 31, mantissa = h & 0x3ff;
  if (exponent == 0) return std::ldexp(static_cast<float>(mantissa), -24) * (sign ? -1.0f : 1.0f);
  const std::uint32_t bits = exponent == 31 ? 0x7f800000u | mantissa << 13 : (exponent + 112) << 23 | mantissa << 13;
  return std::bit_cast<float>(sign | bits);
}

template <class T>
T load(std::span<const std::uint8_t> raw, std::size_t i) {
  T v;
  std::memcpy(&v, raw.data() + i * sizeof(T), sizeof(T));
  return v;
}

template <class T, class F>
Bytes to_floats(std::span<const std::uint8_t> raw, F convert) {
  const std::size_t n = raw.size() / sizeof(T);
  Bytes out(n * sizeof(float));
  for (std::size_t i = 0; i < n; ++i) {
    const float v = convert(load<T>(raw, i));
    std::memcpy(out.data() + i * sizeof(float), &v, sizeof v);
  }
  return out;
}

// Two values a byte, the low half first, two's complement.
Bytes unpack_int4(std::span<const std::uint8_t> raw, std::size_t n) {
  Bytes out(n);
  for (std::size_t i = 0; i < n; ++i) {
    const int nibble = raw[i / 2] >> (i % 2 ? 4 : 0) & 15;
    out[i] = static_cast<std::uint8_t>(nibble >= 8 ? nibble - 16 : nibble);
  }
  return out;
}

// Stored bytes of one element; 0 for types that have no meaning here.
std::size_t element_bytes(fb::TensorType t) {
  using T = fb::TensorType;
  switch (t) {
    case T::FLOAT64:
    case T::INT64: return 8;
    case T::FLOAT32:
    case T::INT32: return 4;
    case T::FLOAT16:
    case T::BFLOAT16:
    case T::INT16: return 2;
    case T::INT8:
    case T::UINT8:
    case T::BOOL:
    case T::INT4: return 1;
    default: return 0;
  }
}

struct Decoded {
  DType dtype;
  Bytes bytes;
};

Decoded convert(fb::TensorType type, std::span<const std::uint8_t> raw, std::size_t n) {
  using T = fb::TensorType;
  const auto as_is = [&](DType d) { return Decoded{d, Bytes(raw.begin(), raw.end())}; };
  switch (type) {
    case T::FLOAT32: return as_is(DType::f32);
    case T::FLOAT16: return {DType::f32, to_floats<std::uint16_t>(raw, from_half)};
    case T::BFLOAT16:
      return {DType::f32, to_floats<std::uint16_t>(
                              raw, [](std::uint16_t h) { return std::bit_cast<float>(std::uint32_t{h} << 16); })};
    case T::FLOAT64: return {DType::f32, to_floats<double>(raw, [](double d) { return static_cast<float>(d); })};
    case T::INT4: return {DType::i8, unpack_int4(raw, n)};
    case T::INT8: return as_is(DType::i8);
    case T::INT16: return as_is(DType::i16);
    case T::INT32: return as_is(DType::i32);
    case T::INT64: return as_is(DType::i64);
    case T::BOOL: {
      Decoded d = as_is(DType::boolean);
      for (auto& b : d.bytes) b = b != 0;
      return d;
    }
    default: {  // UINT8: the same real values as int8 with the zero point moved by 128
      Decoded d = as_is(DType::i8);
      for (auto& b : d.bytes) b ^= 0x80;
      return d;
    }
  }
}

void check_finite(const Tensor& t, const std::string& name) {
  const auto v = t.as<float>();
  for (std::size_t i = 0; i < v.size(); ++i)
    if (!std::isfinite(v[i]))
      throw Error(ErrorCode::damaged_model,
                  "Tensor '" + name + "' holds " + (std::isnan(v[i]) ? "NaN" : "infinity") + " at element " +
                      std::to_string(i) + ".",
                  "Training diverged or the file is damaged; export the model again.");
}

}  // namespace

Tensor TensorTable::decode(std::int32_t i) {
  const Entry& e = at(i);
  const fb::Tensor& t = file_.tensor(static_cast<std::size_t>(i));
  const std::size_t element = element_bytes(e.type);
  const auto quantization = quant(i);
  if (element == 0 || (e.type == fb::TensorType::UINT8 && !quantization))
    throw Error(ErrorCode::unsupported, "constant '" + e.name + "' has type " + type_name(e.type));
  auto raw = file_.stored(t);
  const Shape shape = values(t.shape());
  for (const auto d : shape)
    if (d <= 0) bad(e.name, "is a constant of shape " + to_string(shape));
  const auto n = static_cast<std::size_t>(num_elements(shape));
  Bytes dense;
  if (t.sparsity()) {
    if (n * element > kSparseFree && n * element / kSparseRatio > raw.size())
      bad(e.name, "claims " + to_string(shape) + " but stores next to nothing");
    if (e.type == fb::TensorType::INT4)
      throw Error(ErrorCode::unsupported, "constant '" + e.name + "' is sparse and of type INT4");
    account(n * element);
    dense = expand_sparse(*t.sparsity(), shape, raw, element);
    raw = dense;
  }
  const std::size_t expected = e.type == fb::TensorType::INT4 ? (n + 1) / 2 : n * element;
  if (raw.size() != expected)
    bad(e.name, "stores " + std::to_string(raw.size()) + " bytes; its shape " + to_string(shape) + " needs " +
                    std::to_string(expected));
  account(n * element);
  Decoded d = convert(e.type, raw, n);
  Tensor out = make_const(e.name, d.dtype, shape, std::move(d.bytes));
  if (out.dtype == DType::f32) {
    check_finite(out, e.name);
  } else {
    out.quant = quantization;
  }
  return out;
}

Tensor dequantized(const Tensor& t) {
  if (t.dtype == DType::f32) return t;
  if (!t.quant || (t.dtype != DType::i8 && t.dtype != DType::i32))
    throw Error(ErrorCode::unsupported, "constant '" + t.name + "' holds plain integers (" + name_of(t.dtype) + ")");
  const Quant& q = *t.quant;
  const auto n = static_cast<std::size_t>(num_elements(t.shape));
  std::size_t inner = 1;
  for (std::size_t d = static_cast<std::size_t>(q.axis) + 1; d < t.shape.size(); ++d)
    inner *= static_cast<std::size_t>(t.shape[d]);
  std::vector<float> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t c = q.per_channel() ? i / inner % q.scale.size() : 0;
    const std::int64_t v = t.dtype == DType::i8 ? t.as<std::int8_t>()[i] : t.as<std::int32_t>()[i];
    out[i] = static_cast<float>(static_cast<double>(v - q.zero_point[c]) * static_cast<double>(q.scale[c]));
    if (!std::isfinite(out[i])) bad(t.name, "has values beyond the range of a float");
  }
  return make_const(t.name, t.shape, out);
}

std::vector<std::int64_t> integers(const Tensor& t) {
  switch (t.dtype) {
    case DType::i32: {
      const auto v = t.as<std::int32_t>();
      return {v.begin(), v.end()};
    }
    case DType::i64: {
      const auto v = t.as<std::int64_t>();
      return {v.begin(), v.end()};
    }
    case DType::boolean: {
      const auto v = t.as<std::uint8_t>();
      return {v.begin(), v.end()};
    }
    default:
      throw Error(ErrorCode::unsupported,
                  "parameter '" + t.name + "' has type " + name_of(t.dtype) + " instead of an integer type");
  }
}

}  // namespace tinyc::tfl
