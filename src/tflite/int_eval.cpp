#include "tflite/int_eval.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "tflite/slices.h"
#include "tinyc/error.h"

namespace tinyc::tfl {
namespace {

using Op = fb::BuiltinOperator;
using Values = std::vector<std::int64_t>;

// Shape arithmetic is short; anything longer is data and stays in the graph.
constexpr std::int64_t kMaxElements = 1 << 16;

[[noreturn]] void reject(const std::string& why) { throw Error(ErrorCode::unsupported, why); }
void require(bool ok, const char* why) {
  if (!ok) reject(why);
}

struct IntTensor {
  Shape shape;
  Values v;
};

std::size_t elements(const Shape& s) {
  std::int64_t n = 1;
  for (const auto d : s) {
    require(d > 0, "an evaluated shape has an empty dimension");
    require((n *= d) <= kMaxElements, "an evaluated constant is too large");
  }
  return static_cast<std::size_t>(n);
}

std::int64_t narrow(std::int64_t v) {
  require(v >= INT32_MIN && v <= INT32_MAX, "shape arithmetic overflows");
  return v;
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  const std::int64_t q = a / b;
  return q * b != a && (a < 0) != (b < 0) ? q - 1 : q;
}

std::int64_t binary(Op code, std::int64_t a, std::int64_t b) {
  if (code == Op::DIV || code == Op::FLOOR_DIV || code == Op::FLOOR_MOD)
    require(b != 0, "shape arithmetic divides by zero");
  switch (code) {
    case Op::ADD: return narrow(a + b);
    case Op::SUB: return narrow(a - b);
    case Op::MUL: return narrow(a * b);
    case Op::DIV: return a / b;
    case Op::FLOOR_DIV: return floor_div(a, b);
    case Op::FLOOR_MOD: return a - floor_div(a, b) * b;
    case Op::MAXIMUM: return std::max(a, b);
    default: return std::min(a, b);
  }
}

IntTensor broadcast(Op code, const IntTensor& a, const IntTensor& b) {
  IntTensor out;
  const std::size_t rank = std::max(a.shape.size(), b.shape.size());
  const auto dim = [&](const Shape& s, std::size_t d) { return d + s.size() < rank ? 1 : s[d + s.size() - rank]; };
  for (std::size_t d = 0; d < rank; ++d) {
    const auto x = dim(a.shape, d), y = dim(b.shape, d);
    require(x == y || x == 1 || y == 1, "shapes do not fit each other");
    out.shape.push_back(std::max(x, y));
  }
  out.v.resize(elements(out.shape));
  for (std::size_t i = 0; i < out.v.size(); ++i) {
    std::size_t rest = i, ia = 0, ib = 0, sa = 1, sb = 1;
    for (std::size_t d = rank; d-- > 0;) {
      const auto extent = static_cast<std::size_t>(out.shape[d]), at = rest % extent;
      const auto x = static_cast<std::size_t>(dim(a.shape, d)), y = static_cast<std::size_t>(dim(b.shape, d));
      rest /= extent;
      ia += (x == 1 ? 0 : at) * sa;
      ib += (y == 1 ? 0 : at) * sb;
      sa *= x;
      sb *= y;
    }
    out.v[i] = binary(code, a.v[ia], b.v[ib]);
  }
  return out;
}

class Evaluator {
 public:
  Evaluator(const ModelFile& file, const fb::Operator& op, TensorTable& tensors)
      : code_(file.code(op)), op_(op), tensors_(tensors), in_(values(op.inputs())), out_(values(op.outputs())) {}

  bool run() {
    if (out_.empty()) return false;
    switch (code_) {
      case Op::DEQUANTIZE: return constant(0) && (set(dequantized(tensors_.constant(in_[0]))), true);
      case Op::DENSIFY: return constant(0) && (set(tensors_.constant(in_[0])), true);
      case Op::QUANTIZE: return constant(0) && quantize();
      case Op::SHAPE:
      case Op::RANK: return shape_of();
      default: break;
    }
    for (std::size_t k = 0; k < in_.size(); ++k)
      if (in_[k] != -1 && !small_integers(k)) return false;
    if (in_.empty() || in_[0] == -1) return false;
    return integer_op();
  }

 private:
  bool constant(std::size_t k) const { return k < in_.size() && in_[k] != -1 && tensors_.is_constant(in_[k]); }

  bool small_integers(std::size_t k) {
    if (!constant(k)) return false;
    const auto type = tensors_.type(in_[k]);
    if (type != fb::TensorType::INT32 && type != fb::TensorType::INT64) return false;
    const Tensor& t = tensors_.constant(in_[k]);
    return !t.quant && num_elements(t.shape) <= kMaxElements;
  }

  IntTensor ints(std::size_t k) {
    require(k < in_.size() && in_[k] != -1, "an input is missing");
    const Tensor& t = tensors_.constant(in_[k]);
    return {t.shape, integers(t)};
  }

  void set(Tensor t, std::size_t k = 0) { tensors_.set_constant(out_.at(k), std::move(t)); }

  // Integers are kept in the output's own type; a CAST or FILL may also make floats.
  void set(const IntTensor& t, std::size_t k = 0) {
    require(t.v.size() == elements(t.shape), "an evaluated shape does not fit its values");
    require(k < out_.size(), "an output is missing");
    if (tensors_.is_float(out_[k])) {
      const std::vector<float> f(t.v.begin(), t.v.end());
      return set(make_const("", t.shape, f), k);
    }
    const bool wide = tensors_.type(out_[k]) == fb::TensorType::INT64;
    require(wide || tensors_.type(out_[k]) == fb::TensorType::INT32,
            "an evaluated constant has neither integer nor float type");
    Bytes bytes(t.v.size() * (wide ? 8 : 4));
    for (std::size_t i = 0; i < t.v.size(); ++i) {
      const auto narrow32 = static_cast<std::int32_t>(wide ? 0 : narrow(t.v[i]));
      std::memcpy(bytes.data() + i * (wide ? 8 : 4), wide ? static_cast<const void*>(&t.v[i]) : &narrow32,
                  wide ? 8 : 4);
    }
    set(make_const("", wide ? DType::i64 : DType::i32, t.shape, std::move(bytes)), k);
  }

  bool quantize() {
    const auto q = tensors_.quant(out_[0]);
    if (!q || q->per_channel() || !tensors_.is_int8(out_[0])) return false;
    const Tensor in = dequantized(tensors_.constant(in_[0]));
    Bytes bytes;
    for (const float x : in.as<float>()) {
      const float scaled = std::round(x / q->scale[0]) + static_cast<float>(q->zero_point[0]);
      bytes.push_back(static_cast<std::uint8_t>(static_cast<std::int8_t>(std::clamp(scaled, -128.0f, 127.0f))));
    }
    Tensor out = make_const("", DType::i8, in.shape, std::move(bytes));
    out.quant = q;
    set(std::move(out));
    return true;
  }

  bool shape_of() {
    if (in_.empty() || in_[0] == -1 || !tensors_.shape_known(in_[0])) return false;
    const Shape& s = tensors_.shape(in_[0]);
    if (code_ == Op::RANK) return set(IntTensor{{}, {static_cast<std::int64_t>(s.size())}}), true;
    if (s.empty()) return false;
    return set(IntTensor{{static_cast<std::int32_t>(s.size())}, {s.begin(), s.end()}}), true;
  }

  bool integer_op() {
    switch (code_) {
      case Op::ADD:
      case Op::SUB:
      case Op::MUL:
      case Op::DIV:
      case Op::FLOOR_DIV:
      case Op::FLOOR_MOD:
      case Op::MAXIMUM:
      case Op::MINIMUM: set(broadcast(code_, ints(0), ints(1))); return true;
      case Op::NEG: return map([](std::int64_t v) { return -v; });
      case Op::ABS: return map([](std::int64_t v) { return v < 0 ? -v : v; });
      case Op::CAST: return map([](std::int64_t v) { return v; });
      case Op::SQUEEZE:
      case Op::EXPAND_DIMS:
      case Op::RESHAPE: return reshape();
      case Op::PACK: return pack();
      case Op::UNPACK: return unpack();
      case Op::CONCATENATION: return concatenate();
      case Op::STRIDED_SLICE: return strided_slice();
      case Op::SLICE: return slice();
      case Op::GATHER: return gather();
      case Op::FILL: return fill();
      case Op::RANGE: return range();
      case Op::REDUCE_PROD:
      case Op::SUM: return reduce();
      default: return false;
    }
  }

  template <class F>
  bool map(F f) {
    IntTensor t = ints(0);
    for (auto& v : t.v) v = f(narrow(v));
    set(t);
    return true;
  }

  bool reshape() {
    IntTensor t = ints(0);
    if (code_ == Op::EXPAND_DIMS) {
      const auto axis = resolve_axis(ints(1).v.at(0), t.shape.size() + 1);
      t.shape.insert(t.shape.begin() + static_cast<std::ptrdiff_t>(axis), 1);
    } else if (code_ == Op::SQUEEZE) {
      Shape kept;
      for (const auto d : t.shape)
        if (d != 1) kept.push_back(d);
      // With a list of axes the file's own shape tells which ones went.
      const Shape& stated = tensors_.shape(out_[0]);
      t.shape = tensors_.shape_known(out_[0]) && num_elements(stated) == static_cast<std::int64_t>(t.v.size()) ? stated
                                                                                                               : kept;
    } else {
      const auto* o = op_.builtin_options_as_ReshapeOptions();
      Values to = in_.size() > 1 && in_[1] != -1 ? ints(1).v : Values{};
      if (to.empty() && o)
        for (const auto d : values(o->new_shape())) to.push_back(d);
      std::int64_t known = 1, open = -1;
      for (std::size_t i = 0; i < to.size(); ++i) {
        if (to[i] == -1)
          open = static_cast<std::int64_t>(i);
        else
          require(to[i] > 0 && (known *= narrow(to[i])) <= kMaxElements, "a shape is impossible");
      }
      if (open >= 0) to[static_cast<std::size_t>(open)] = static_cast<std::int64_t>(t.v.size()) / known;
      t.shape.assign(to.begin(), to.end());
    }
    set(t);
    return true;
  }

  // Joins inputs [0, n) along `axis`; all other dimensions must agree.
  void join(std::vector<IntTensor> parts, std::size_t axis) {
    IntTensor out{parts[0].shape, {}};
    std::size_t outer = 1;
    for (std::size_t d = 0; d < axis; ++d) outer *= static_cast<std::size_t>(out.shape[d]);
    std::int64_t total = 0;
    for (auto& p : parts) {
      require(p.shape.size() == out.shape.size(), "joined shapes differ in rank");
      total += p.shape[axis];
      require(p.v.size() % outer == 0, "joined shapes differ");
      p.shape[axis] = out.shape[axis];
      require(p.shape == out.shape, "joined shapes differ");
    }
    out.shape[axis] = static_cast<std::int32_t>(narrow(total));
    elements(out.shape);
    for (std::size_t i = 0; i < outer; ++i)
      for (const auto& p : parts) {
        const std::size_t run = p.v.size() / outer;
        out.v.insert(out.v.end(), p.v.begin() + static_cast<std::ptrdiff_t>(i * run),
                     p.v.begin() + static_cast<std::ptrdiff_t>((i + 1) * run));
      }
    set(out);
  }

  bool pack() {
    const auto* o = op_.builtin_options_as_PackOptions();
    const auto axis = resolve_axis(o ? o->axis() : 0, ints(0).shape.size() + 1);
    std::vector<IntTensor> parts;
    for (std::size_t k = 0; k < in_.size(); ++k) {
      parts.push_back(ints(k));
      require(parts[k].shape.size() >= axis, "packed shapes differ in rank");
      parts[k].shape.insert(parts[k].shape.begin() + static_cast<std::ptrdiff_t>(axis), 1);
    }
    join(std::move(parts), axis);
    return true;
  }

  bool concatenate() {
    const auto* o = op_.builtin_options_as_ConcatenationOptions();
    std::vector<IntTensor> parts;
    parts.reserve(in_.size());
    for (std::size_t k = 0; k < in_.size(); ++k) parts.push_back(ints(k));
    const auto axis = resolve_axis(o ? o->axis() : 0, parts[0].shape.size());
    join(std::move(parts), axis);
    return true;
  }

  void take(const IntTensor& t, const ResolvedSlice& s, std::size_t output = 0) {
    IntTensor out{s.shape, {}};
    for (const auto i : slice_elements(t.shape, s)) out.v.push_back(t.v[i]);
    set(out, output);
  }

  bool unpack() {
    const auto* o = op_.builtin_options_as_UnpackOptions();
    const IntTensor t = ints(0);
    const auto axis = resolve_axis(o ? o->axis() : 0, t.shape.size());
    require(static_cast<std::size_t>(t.shape[axis]) == out_.size(),
            "the number of outputs differs from the input's dimension");
    for (std::size_t k = 0; k < out_.size(); ++k) {
      ResolvedSlice s{Ints(t.shape.size(), 0), t.shape, Ints(t.shape.size(), 1), t.shape};
      s.begin[axis] = static_cast<std::int32_t>(k);
      s.size[axis] = 1;
      s.shape.erase(s.shape.begin() + static_cast<std::ptrdiff_t>(axis));
      take(t, s, k);
    }
    return true;
  }

  bool strided_slice() {
    const IntTensor t = ints(0);
    take(t, resolve_slice(t.shape, ints(1).v, ints(2).v, ints(3).v, op_.builtin_options_as_StridedSliceOptions()));
    return true;
  }

  bool slice() {
    const IntTensor t = ints(0);
    const Values begin = ints(1).v;
    Values size = ints(2).v;
    require(begin.size() == t.shape.size() && size.size() == t.shape.size(), "begin and size do not fit the input");
    for (std::size_t d = 0; d < size.size(); ++d) {
      require(begin[d] >= 0 && begin[d] <= t.shape[d], "the slice leaves its input");
      size[d] = size[d] == -1 ? t.shape[d] : narrow(size[d]) + begin[d];
    }
    take(t, resolve_slice(t.shape, begin, size, Values(begin.size(), 1), nullptr));
    return true;
  }

  bool gather() {
    const auto* o = op_.builtin_options_as_GatherOptions();
    const IntTensor t = ints(0), index = ints(1);
    if (t.shape.size() != 1 || (o && (o->batch_dims() != 0 || resolve_axis(o->axis(), 1) != 0))) return false;
    IntTensor out{index.shape, {}};
    for (auto i : index.v) {
      if (i < 0) i += static_cast<std::int64_t>(t.v.size());
      require(i >= 0 && i < static_cast<std::int64_t>(t.v.size()), "an index lies outside its input");
      out.v.push_back(t.v[static_cast<std::size_t>(i)]);
    }
    set(out);
    return true;
  }

  bool fill() {
    const Values dims = ints(0).v, value = ints(1).v;
    IntTensor out;
    for (const auto d : dims) out.shape.push_back(static_cast<std::int32_t>(narrow(d)));
    require(value.size() == 1, "FILL has no single value");
    out.v.assign(elements(out.shape), value[0]);
    set(out);
    return true;
  }

  bool range() {
    const auto scalar = [&](std::size_t k) {
      const Values v = ints(k).v;
      require(v.size() == 1, "RANGE has no single start, limit or step");
      return narrow(v[0]);
    };
    const std::int64_t start = scalar(0), limit = scalar(1), step = scalar(2);
    require(step != 0 && (limit - start) / step < kMaxElements && (limit - start) / step >= 0,
            "RANGE has an impossible step");
    IntTensor out;
    for (std::int64_t v = start; step > 0 ? v < limit : v > limit; v += step) out.v.push_back(v);
    out.shape = {static_cast<std::int32_t>(out.v.size())};
    set(out);
    return true;
  }

  // Only the whole of a list: what computing an element count needs.
  bool reduce() {
    const IntTensor t = ints(0), axes = ints(1);
    if (t.shape.size() != 1 || axes.v.size() != 1) return false;
    resolve_axis(axes.v[0], 1);
    const auto* o = op_.builtin_options_as_ReducerOptions();
    std::int64_t total = code_ == Op::SUM ? 0 : 1;
    for (const auto v : t.v) total = code_ == Op::SUM ? narrow(total + narrow(v)) : narrow(total * narrow(v));
    set(IntTensor{o && o->keep_dims() ? Shape{1} : Shape{}, {total}});
    return true;
  }

  Op code_;
  const fb::Operator& op_;
  TensorTable& tensors_;
  std::vector<std::int32_t> in_, out_;
};

}  // namespace

bool fold_operator(const ModelFile& file, const fb::Operator& op, TensorTable& tensors) {
  return Evaluator(file, op, tensors).run();
}

}  // namespace tinyc::tfl
