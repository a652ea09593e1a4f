// TFLite operators that say the same as others which tinyc has. All of them only read.
#include <algorithm>
#include <numeric>

#include "tflite/op_case.h"
#include "tflite/slices.h"

namespace tinyc::tfl {
namespace {

using B = fb::BuiltinOperator;

// Copies side by side are nodes of many inputs; beyond this the model means something else.
constexpr std::int64_t kMaxCopies = 1024;

// x / constant = x * (1 / constant), x / sqrt(y) = x * rsqrt(y)
void div(OpImport& c) {
  if (c.quantized()) reject("an integer division has no int8 form", "quantize the float model with `--int8` instead");
  const auto x = c.data(0), divisor = c.data(1);
  const auto* o = c.op.builtin_options_as_DivOptions();
  const Tensor& d = c.tensor(divisor);
  if (!d.is_const()) {
    const Node* n = c.producer(divisor);
    if (!n || kind(n->op) != OpKind::sqrt)
      reject("its divisor is computed at run time and is no square root", "multiply by RSQRT of its square instead");
    const auto squared = n->inputs[0], inverse = c.temporary(divisor);
    c.emit(Rsqrt{}, {squared}, inverse);
    return c.emit_fused(Mul{}, fused(o), {x, inverse});
  }
  std::vector<float> reciprocals;
  for (const float v : d.as<float>()) {
    if (v == 0) reject("its divisor is zero");
    reciprocals.push_back(1 / v);
  }
  c.emit_fused(Mul{}, fused(o), {x, c.literal(d.shape, reciprocals)});
}

// x^1, x^2, x^3, x^0.5, x^-0.5
void pow(OpImport& c) {
  if (c.quantized()) reject("it has no int8 form", "quantize the float model with `--int8` instead");
  const auto x = c.data(0);
  const float exponent = c.scalar(1);
  if (exponent == 1) return c.alias(x);
  if (exponent == 2) return c.emit(Square{}, {x});
  if (exponent == 0.5f) return c.emit(Sqrt{}, {x});
  if (exponent == -0.5f) return c.emit(Rsqrt{}, {x});
  if (exponent != 3) reject("its exponent is none of 1, 2, 3, 0.5 and -0.5");
  const auto square = c.temporary(c.out());
  c.emit(Square{}, {x}, square);
  c.emit(Mul{}, {square, x});
}

// y - log(sum(exp(y))) with y = x - max(x), so that nothing overflows.
void log_softmax(OpImport& c) {
  if (c.quantized()) reject("it is not supported in int8 models", "quantize the float model with `--int8` instead");
  const auto x = c.data(0);
  const Ints last{static_cast<std::int32_t>(c.shape(x).size()) - 1};
  if (last[0] < 0) reject("its input is a scalar");
  const auto largest = c.temporary(x), y = c.temporary(c.out()), powers = c.temporary(c.out());
  const auto sum = c.temporary(c.out()), log = c.temporary(c.out());
  c.emit(ReduceMax{last, true}, {x}, largest);
  c.emit(Sub{}, {x, largest}, y);
  c.emit(Exp{}, {y}, powers);
  c.emit(Sum{last, true}, {powers}, sum);
  c.emit(Log{}, {sum}, log);
  c.emit(Sub{}, {y, log});
}

// A slice of everything from the end.
void reverse(OpImport& c) {
  const auto x = c.data(0);
  const Shape in = c.shape(x);
  StridedSlice op{Ints(in.size(), 0), in, Ints(in.size(), 1)};
  for (const auto a : c.ints(1)) {
    const auto axis = resolve_axis(a, in.size());
    op.begin[axis] = in[axis] - 1;
    op.stride[axis] = -1;
  }
  c.emit(op, {x});
}

void add_n(OpImport& c) {
  if (c.quantized()) reject("it has no int8 form", "add two tensors at a time");
  if (c.input_count() == 1) return c.alias(c.data(0));
  auto sum = c.data(0);
  for (std::size_t k = 1; k < c.input_count(); ++k) {
    const auto next = k + 1 == c.input_count() ? c.out() : c.temporary(c.out());
    c.emit(Add{}, {sum, c.data(k)}, next);
    sum = next;
  }
}

// max(0, min(x, 1))
void relu_0_to_1(OpImport& c) {
  if (c.quantized()) reject("it has no int8 form", "quantize the float model with `--int8` instead");
  const auto positive = c.temporary(c.out());
  c.emit(Relu{}, {c.data(0)}, positive);
  c.emit(Minimum{}, {positive, c.literal({}, {1.0f})});
}

// sqrt(mean of squares)
void l2_pool(OpImport& c) {
  if (c.quantized()) reject("it has no int8 form", "quantize the float model with `--int8` instead");
  const auto x = c.data(0);
  const auto& o = needed(c.op.builtin_options_as_Pool2DOptions());
  AveragePool2D pool;
  pool.kernel = {o.filter_height(), o.filter_width()};
  pool.stride = {o.stride_h(), o.stride_w()};
  pool.pad = c.pads(x, o.padding(), {pool.kernel, pool.stride, {1, 1}});
  const auto squares = c.temporary(c.out()), means = c.temporary(c.out());
  c.emit(Square{}, {x}, squares);
  c.emit(pool, {squares}, means);
  if (o.fused_activation_function() == fb::ActivationFunctionType::NONE) return c.emit(Sqrt{}, {means});
  reject("it has a fused activation");
}

// Copies of x side by side, `times` along each axis.
void repeat(OpImport& c, TensorId x, const std::vector<std::int64_t>& times) {
  std::size_t last = times.size();
  for (std::size_t axis = 0; axis < times.size(); ++axis) {
    if (times[axis] < 1 || times[axis] > kMaxCopies)
      reject("it makes " + std::to_string(times[axis]) + " copies along axis " + std::to_string(axis));
    if (times[axis] > 1) last = axis;
  }
  if (last == times.size()) return c.emit(Reshape{c.shape(x)}, {x});
  for (std::size_t axis = 0; axis <= last; ++axis) {
    if (times[axis] == 1) continue;
    const auto to = axis == last ? c.out() : c.temporary(x);
    c.emit(Concatenation{static_cast<std::int32_t>(axis), Act::none},
           std::vector<TensorId>(static_cast<std::size_t>(times[axis]), x), to);
    x = to;
  }
}

void tile(OpImport& c) {
  const auto x = c.data(0);
  const auto times = c.ints(1);
  if (times.size() != c.shape(x).size()) reject("its multiples do not fit the input's dimensions");
  repeat(c, x, times);
}

void broadcast_to(OpImport& c) {
  const auto to = c.ints32(1);
  auto x = c.data(0);
  Shape from = c.shape(x);
  if (from.size() > to.size()) reject("its shape " + to_string(to) + " has fewer dimensions than the input");
  from.insert(from.begin(), to.size() - from.size(), 1);
  x = c.reshaped(x, from);
  std::vector<std::int64_t> times(to.size(), 1);
  for (std::size_t d = 0; d < to.size(); ++d) {
    if (from[d] != 1 && from[d] != to[d]) reject(to_string(from) + " cannot be broadcast to " + to_string(to));
    times[d] = from[d] == 1 ? to[d] : 1;
  }
  repeat(c, x, times);
}

// ---- SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND: a grid of `block` pictures in the batch, every block-th pixel in each.

struct Blocks {
  Ints block, before, after;  // by spatial dimension
};

Blocks blocks(OpImport& c, const Shape& in) {
  Blocks b{c.ints32(1), {}, {}};
  const auto borders = c.ints32(2);
  if (b.block.empty() || in.size() < b.block.size() + 1 || borders.size() != 2 * b.block.size())
    reject("its block shape does not fit the input " + to_string(in));
  for (std::size_t d = 0; d < b.block.size(); ++d) {
    if (b.block[d] < 1 || borders[2 * d] < 0 || borders[2 * d + 1] < 0) reject("its block or border is negative");
    b.before.push_back(borders[2 * d]);
    b.after.push_back(borders[2 * d + 1]);
  }
  return b;
}

// [n, h/b, b, w/b, b, c] -> [b, b, n, h/b, w/b, c] for m spatial dimensions.
Transpose blocks_first(std::size_t m, std::size_t rank) {
  Transpose t;
  for (std::size_t d = 0; d < m; ++d) t.perm.push_back(static_cast<std::int32_t>(2 * d + 2));
  t.perm.push_back(0);
  for (std::size_t d = 0; d < m; ++d) t.perm.push_back(static_cast<std::int32_t>(2 * d + 1));
  for (std::size_t d = 2 * m + 1; d < rank; ++d) t.perm.push_back(static_cast<std::int32_t>(d));
  return t;
}

// pad, [n, h, w, c] -> [n, h/b, b, w/b, b, c] -> [b, b, n, h/b, w/b, c] -> [b*b*n, h/b, w/b, c]
void space_to_batch(OpImport& c) {
  auto x = c.data(0);
  const Shape in = c.shape(x);
  const Blocks b = blocks(c, in);
  const std::size_t m = b.block.size();
  Pad pad{Ints(in.size(), 0), Ints(in.size(), 0), 0};
  std::copy(b.before.begin(), b.before.end(), pad.before.begin() + 1);
  std::copy(b.after.begin(), b.after.end(), pad.after.begin() + 1);
  const auto padded = c.temporary(x);
  c.emit(pad, {x}, padded);
  const Shape full = c.shape(padded);
  Shape apart{full[0]}, out = full;
  for (std::size_t d = 0; d < m; ++d) {
    if (full[d + 1] % b.block[d] != 0) reject("its padded input " + to_string(full) + " is no multiple of the block");
    out[0] *= b.block[d];
    out[d + 1] /= b.block[d];
    apart.insert(apart.end(), {out[d + 1], b.block[d]});
  }
  apart.insert(apart.end(), full.begin() + 1 + static_cast<std::ptrdiff_t>(m), full.end());
  const auto grid = c.reshaped(padded, apart), sorted = c.temporary(x);
  c.emit(blocks_first(m, apart.size()), {grid}, sorted);
  c.emit(Reshape{out}, {sorted});
}

const Node* skip_reshapes(OpImport& c, TensorId id) {
  const Node* n = c.producer(id);
  while (n && kind(n->op) == OpKind::reshape) n = c.producer(n->inputs[0]);
  return n;
}

// The pad of the SPACE_TO_BATCH_ND with these blocks that feeds `id`, through reshapes; null when there is none.
const Node* spread_by(OpImport& c, TensorId id, const Ints& block) {
  const Node* order = skip_reshapes(c, id);
  if (!order || kind(order->op) != OpKind::transpose) return nullptr;
  const Shape& apart = c.shape(order->inputs[0]);
  if (apart.size() < 2 * block.size() + 1 || std::get<Transpose>(order->op) != blocks_first(block.size(), apart.size()))
    return nullptr;
  for (std::size_t d = 0; d < block.size(); ++d)
    if (apart[2 * d + 2] != block[d]) return nullptr;
  const Node* pad = skip_reshapes(c, order->inputs[0]);
  return pad && kind(pad->op) == OpKind::pad ? pad : nullptr;
}

// SPACE_TO_BATCH_ND, convolution, BATCH_TO_SPACE_ND is how converters write a dilated convolution: every phase of the
// grid meets the same filter. Border minus crop is its padding. The nodes of the long form are left without readers.
template <class Conv>
bool dilated(OpImport& c, TensorId x, const Blocks& b) {
  const Node* conv = skip_reshapes(c, x);
  if (!conv || !std::holds_alternative<Conv>(conv->op) || !c.same_quant_as_output(conv->outputs[0])) return false;
  Conv op = std::get<Conv>(conv->op);
  if (op.stride != Pair{} || op.dilation != Pair{}) return false;
  const Node* pad = spread_by(c, conv->inputs[0], b.block);
  if (!pad) return false;
  const TensorId source = pad->inputs[0];
  const Shape inner = c.shape(conv->inputs[0]), whole = c.shape(source);
  const Ints before = std::get<Pad>(pad->op).before, after = std::get<Pad>(pad->op).after;
  // one spatial dimension is a picture of height or width 1
  Shape picture = whole;
  std::size_t first = 0;
  if (b.block.size() == 1 && whole.size() == 3 && inner.size() == 4 && (inner[1] == 1 || inner[2] == 1)) {
    first = inner[1] == 1 ? 1 : 0;
    picture.insert(picture.begin() + (first == 1 ? 1 : 2), 1);
  } else if (b.block.size() != 2 || whole.size() != 4) {
    return false;
  }
  std::int32_t* const dilation[] = {&op.dilation.h, &op.dilation.w};
  std::int32_t* const pads[][2] = {{&op.pad.top, &op.pad.bottom}, {&op.pad.left, &op.pad.right}};
  for (std::size_t d = 0; d < b.block.size(); ++d) {
    const std::int64_t border[] = {std::int64_t{before[d + 1]} - b.before[d], std::int64_t{after[d + 1]} - b.after[d]};
    for (std::size_t side = 0; side < 2; ++side) {
      std::int32_t& p = *pads[first + d][side];
      const std::int64_t total = border[side] + std::int64_t{p} * b.block[d];
      if (total < 0 || total > INT32_MAX) return false;
      p = static_cast<std::int32_t>(total);
    }
    *dilation[first + d] = b.block[d];
  }
  std::vector<TensorId> inputs = conv->inputs;
  inputs[0] = c.reshaped(source, picture);
  if (picture == whole) {
    c.emit(op, inputs);
  } else {
    const auto y = c.temporary(c.out());
    c.emit(op, inputs, y);
    Shape out = c.shape(y);
    out.erase(out.begin() + (first == 1 ? 1 : 2));
    c.emit(Reshape{out}, {y});
  }
  return true;
}

// The reverse: [b*b*n, h, w, c] -> [b, b, n, h, w, c] -> [n, h, b, w, b, c] -> [n, h*b, w*b, c], then the crop.
void batch_to_space(OpImport& c) {
  const auto x = c.data(0);
  const Shape in = c.shape(x);
  const Blocks b = blocks(c, in);
  if (dilated<Conv2D>(c, x, b) || dilated<DepthwiseConv2D>(c, x, b)) return;
  const std::size_t m = b.block.size();
  const std::int64_t pictures = std::accumulate(b.block.begin(), b.block.end(), std::int64_t{1}, std::multiplies<>());
  if (in[0] % pictures != 0) reject("its batch " + std::to_string(in[0]) + " is no multiple of the block");
  Shape apart(b.block);
  Shape full = in;
  full[0] = static_cast<std::int32_t>(in[0] / pictures);
  apart.push_back(full[0]);
  apart.insert(apart.end(), in.begin() + 1, in.end());
  Transpose order{{static_cast<std::int32_t>(m)}};
  for (std::size_t d = 0; d < m; ++d) {
    order.perm.insert(order.perm.end(), {static_cast<std::int32_t>(m + 1 + d), static_cast<std::int32_t>(d)});
    full[d + 1] *= b.block[d];
  }
  for (std::size_t d = 2 * m + 1; d < apart.size(); ++d) order.perm.push_back(static_cast<std::int32_t>(d));
  const auto sorted = c.temporary(x), whole = c.temporary(x);
  c.emit(order, {c.reshaped(x, apart)}, sorted);
  c.emit(Reshape{full}, {sorted}, whole);
  StridedSlice crop{Ints(full.size(), 0), full, Ints(full.size(), 1)};
  for (std::size_t d = 0; d < m; ++d) {
    crop.begin[d + 1] = b.before[d];
    crop.size[d + 1] -= b.before[d] + b.after[d];
    if (crop.size[d + 1] < 1) reject("its crops leave nothing");
  }
  c.emit(crop, {whole});
}

constexpr OpCase kCases[] = {
    {B::DIV, div},
    {B::POW, pow},
    {B::LOG_SOFTMAX, log_softmax},
    {B::ADD_N, add_n},
    {B::RELU_0_TO_1, relu_0_to_1},
    {B::L2_POOL_2D, l2_pool},
    {B::REVERSE_V2, reverse},
    {B::TILE, tile},
    {B::BROADCAST_TO, broadcast_to},
    {B::SPACE_TO_BATCH_ND, space_to_batch},
    {B::BATCH_TO_SPACE_ND, batch_to_space},
};

}  // namespace

std::span<const OpCase> rewritten_cases() noexcept { return kCases; }

}  // namespace tinyc::tfl
