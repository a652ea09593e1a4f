#include "ir/text_tensor.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "ir/random.h"

namespace tinyc::text {
namespace {

constexpr std::size_t kMaxRank = 8;

/// Near normal, mean 0, deviation 1: the sum of four 16-bit uniforms. Integers up to one division, so exact everywhere.
float normal(Random& source) {
  const std::uint64_t z = source.next();
  std::int32_t sum = -131070;
  for (int i = 0; i < 64; i += 16) sum += static_cast<std::int32_t>((z >> i) & 0xffff);
  return static_cast<float>(sum) / 37837.0f;
}

template <class T>
void append(Bytes& out, T v) {
  std::uint8_t raw[sizeof v];
  std::memcpy(raw, &v, sizeof v);
  out.insert(out.end(), raw, raw + sizeof v);
}

}  // namespace

bool TensorReader::peek_type() const {
  for (const auto d : kTypes)
    if (in_.peek_word() == name_of(d)) return true;
  return false;
}

void TensorReader::type(Tensor& t) {
  const auto at = in_.position();
  if (!peek_type()) in_.fail("a type (f32, i8, i16, i32, i64, bool) expected");
  const auto word = in_.word("");
  for (const auto d : kTypes)
    if (word == name_of(d)) t.dtype = d;
  t.shape = ints();
  if (t.shape.size() > kMaxRank) in_.fail("too many dimensions", at);
  if (!is_valid(t.shape)) in_.fail("shape " + to_string(t.shape) + " is empty or too large", at);
}

void TensorReader::facts(Tensor& t) {
  if (in_.accept_word("quant")) quant(t.quant.emplace());
  if (in_.accept_word("coded")) {
    Coded c;
    in_.expect('(');
    c.table = in_.number<std::int32_t>();
    in_.expect(',');
    c.stream = std::make_shared<const Bytes>(in_.hex(std::numeric_limits<std::size_t>::max()));
    in_.expect(')');
    t.coded = std::move(c);
  }
  if (in_.accept_word("range")) {
    Range r;
    in_.expect('(');
    r.min = in_.finite();
    in_.expect(',');
    r.max = in_.finite();
    in_.expect(')');
    t.range = r;
  }
}

void TensorReader::quant(Quant& q) {
  in_.expect('(');
  if (in_.accept_word("axis")) {
    in_.expect('=');
    q.axis = in_.number<std::int32_t>();
    in_.expect(',');
  }
  do {
    if (q.scale.size() == kMaxItems) in_.fail("too many scales");
    q.scale.push_back(in_.finite());
    q.zero_point.push_back(in_.accept(':') ? in_.number<std::int32_t>() : 0);
  } while (in_.accept(','));
  in_.expect(')');
}

namespace {

// Inputs of one neuron: all dimensions but the first, which counts filters; depthwise weights [1, h, w, c] have one
// filter for each of the last.
float fan_in(const Shape& s) {
  if (s.empty()) return 1;
  return static_cast<float>(num_elements(s)) / static_cast<float>(s[0] == 1 && s.size() == 4 ? s.back() : s[0]);
}

Bytes scaled(Bytes bytes, float factor) {
  for (std::size_t i = 0; i < bytes.size(); i += sizeof(float)) {
    float v = 0;
    std::memcpy(&v, bytes.data() + i, sizeof v);
    v *= factor;
    std::memcpy(bytes.data() + i, &v, sizeof v);
  }
  return bytes;
}

}  // namespace

Tensor TensorReader::constant(const char* expected) {
  Tensor t;
  Bytes bytes;
  if (in_.accept_word("random")) {
    in_.expect('(');
    const auto seed = in_.number<std::uint64_t>();
    in_.expect(')');
    type(t);
    bytes = random(t.dtype, seed, generated(t));
  } else if (in_.accept_word("he")) {
    in_.expect('(');
    const auto seed = in_.number<std::uint64_t>();
    in_.expect(')');
    type(t);
    if (t.dtype != DType::f32) in_.fail("he makes f32 constants only");
    bytes = scaled(random(t.dtype, seed, generated(t)), std::sqrt(2.0f / fan_in(t.shape)));
  } else if (in_.accept_word("zeros")) {
    type(t);
    bytes = generated(t);
  } else if (in_.accept_word("fill")) {
    in_.expect('(');
    const auto at = in_.position();
    const auto v = in_.number<double>();
    in_.expect(')');
    type(t);
    bytes = fill(t, v, at);
  } else {
    if (!in_.accept_word("const") && !peek_type()) in_.fail(std::string(expected) + " expected");
    type(t);
    bytes = payload(t);
  }
  t.data = std::make_shared<const Bytes>(std::move(bytes));
  facts(t);
  return t;
}

Bytes TensorReader::random(DType dtype, std::uint64_t seed, Bytes bytes) {
  if (dtype != DType::f32 && dtype != DType::i8) in_.fail("random makes f32 and i8 constants only");
  Random source(seed);
  for (std::size_t i = 0; i < bytes.size(); i += size_of(dtype)) {
    if (dtype == DType::f32) {
      const float v = normal(source);
      std::memcpy(bytes.data() + i, &v, sizeof v);
    } else {
      bytes[i] = static_cast<std::uint8_t>(static_cast<int>(source.next() % 255) - 127);
    }
  }
  return bytes;
}

Bytes TensorReader::fill(const Tensor& t, double v, std::size_t at) {
  Bytes one;
  if (t.dtype == DType::f32) {
    append(one, static_cast<float>(v));
  } else {
    if (!(std::abs(v) < 2147483648.0) || v != std::floor(v)) in_.fail("a whole number expected for this type", at);
    element(t.dtype, static_cast<std::int64_t>(v), one, at);
  }
  Bytes bytes = generated(t);
  for (std::size_t i = 0; i < bytes.size(); i += one.size()) std::memcpy(bytes.data() + i, one.data(), one.size());
  return bytes;
}

Bytes TensorReader::generated(const Tensor& t) {
  if (t.bytes() > kMaxGenerated - generated_) in_.fail("generated constants are limited to 16 MiB");
  generated_ += t.bytes();
  return Bytes(t.bytes(), 0);
}

void TensorReader::element(DType d, std::int64_t v, Bytes& out, std::size_t at) {
  const auto store = [&](auto zero) {
    using T = decltype(zero);
    if (!std::in_range<T>(v)) in_.fail("number out of range", at);
    append(out, static_cast<T>(v));
  };
  switch (d) {
    case DType::i8: return store(std::int8_t{});
    case DType::i16: return store(std::int16_t{});
    case DType::i32: return store(std::int32_t{});
    case DType::i64: return store(std::int64_t{});
    case DType::boolean: return store(std::uint8_t{});
    case DType::f32: return append(out, static_cast<float>(v));
  }
}

Bytes TensorReader::payload(const Tensor& t) {
  const auto at = in_.position();
  Bytes out;
  if (in_.accept('[')) {
    if (!in_.accept(']')) {
      do {
        if (out.size() == t.bytes()) in_.fail("more values than the type holds");
        if (t.dtype == DType::f32)
          append(out, in_.number<float>());
        else
          element(t.dtype, in_.number<std::int64_t>(), out, in_.position());
      } while (in_.accept(','));
      in_.expect(']');
    }
  } else if (in_.peek_word() == "data") {
    in_.fail("this text was printed without its data and cannot be read back");
  } else {
    out = in_.hex(t.bytes());
  }
  if (out.size() != t.bytes()) in_.fail("the type needs " + std::to_string(num_elements(t.shape)) + " values", at);
  return out;
}

Ints TensorReader::ints() {
  Ints v;
  in_.expect('[');
  if (in_.accept(']')) return v;
  do {
    if (v.size() == kMaxItems) in_.fail("list too long");
    v.push_back(in_.number<std::int32_t>());
  } while (in_.accept(','));
  in_.expect(']');
  return v;
}

}  // namespace tinyc::text
