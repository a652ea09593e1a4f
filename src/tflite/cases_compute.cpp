// The TFLite operators that compute without weights: elementwise ones, pools, reductions, SOFTMAX, resizing.
#include <algorithm>

#include "tflite/op_case.h"
#include "tflite/op_export.h"
#include "tflite/slices.h"

namespace tinyc::tfl {
namespace {

using B = fb::BuiltinOperator;
using O = fb::BuiltinOptions;

// ---- elementwise

/// An operator of one input without attributes.
template <class Op>
void unary(OpImport& c) {
  c.emit(Op{}, {c.data(0)});
}

template <class Op>
void binary(OpImport& c) {
  const auto a = c.data(0), b = c.data(1);
  c.emit(Op{}, {a, b});
}

template <B code>
void write_plain(OpExport& e) {
  e.put(code, e.inputs());
}

template <class Op, B code>
constexpr OpCase unary_case(OpKind kind, std::int32_t int8_version = 2) {
  return {code, unary<Op>, kind, write_plain<code>, int8_version};
}
template <class Op, B code>
constexpr OpCase binary_case(OpKind kind, std::int32_t int8_version = 2) {
  return {code, binary<Op>, kind, write_plain<code>, int8_version};
}

template <class Op, class Options>
void fused_binary(OpImport& c, const Options* o) {
  const auto a = c.data(0), b = c.data(1);
  c.emit_fused(Op{}, fused(o), {a, b});
}

void write_add(OpExport& e) {
  e.put(B::ADD, e.inputs(), O::AddOptions, fb::CreateAddOptions(e.file(), fused_activation(std::get<Add>(e.n.op).act)));
}

void write_sub(OpExport& e) {
  e.put(B::SUB, e.inputs(), O::SubOptions, fb::CreateSubOptions(e.file(), fused_activation(std::get<Sub>(e.n.op).act)));
}

void write_mul(OpExport& e) {
  e.put(B::MUL, e.inputs(), O::MulOptions, fb::CreateMulOptions(e.file(), fused_activation(std::get<Mul>(e.n.op).act)));
}

/// TFLite's int8 kernel negates the integers as they are, zero points or not.
void write_neg(OpExport& e) {
  if (e.in(0).dtype != DType::f32) e.reject("an int8 negation cannot be written");
  write_plain<B::NEG>(e);
}

void leaky_relu(OpImport& c) {
  c.emit(LeakyRelu{needed(c.op.builtin_options_as_LeakyReluOptions()).alpha()}, {c.data(0)});
}

void write_leaky_relu(OpExport& e) {
  e.put(B::LEAKY_RELU, e.inputs(), O::LeakyReluOptions,
        fb::CreateLeakyReluOptions(e.file(), std::get<LeakyRelu>(e.n.op).alpha));
}

void gelu(OpImport& c) {
  const auto* o = c.op.builtin_options_as_GeluOptions();
  c.emit(Gelu{o && o->approximate()}, {c.data(0)});
}

void write_gelu(OpExport& e) {
  e.put(B::GELU, e.inputs(), O::GeluOptions, fb::CreateGeluOptions(e.file(), std::get<Gelu>(e.n.op).approximate));
}

/// In a float graph both are the identity. In a quantized one QUANTIZE changes the scale, or does nothing.
void requantize(OpImport& c) {
  const auto x = c.data(0);
  if (!c.quantized() || c.same_quant_as_output(x)) return c.alias(x);
  c.emit(Quantize{}, {x});
}

// ---- along the last dimension

void softmax(OpImport& c) {
  const auto* o = c.op.builtin_options_as_SoftmaxOptions();
  c.emit(Softmax{o ? o->beta() : 1.0f}, {c.data(0)});
}

void write_softmax(OpExport& e) {
  e.put(B::SOFTMAX, e.inputs(), O::SoftmaxOptions, fb::CreateSoftmaxOptions(e.file(), std::get<Softmax>(e.n.op).beta));
}

void l2_normalization(OpImport& c) {
  const auto* o = c.op.builtin_options_as_L2NormOptions();
  const auto x = c.data(0);
  if (fused_activation(fused(o)) != Act::none) reject("it has a fused activation, which TFLite does not define for it");
  c.emit(L2Normalization{}, {x});
}

void write_l2_normalization(OpExport& e) {
  e.put(B::L2_NORMALIZATION, e.inputs(), O::L2NormOptions, fb::CreateL2NormOptions(e.file()));
}

void arg_max(OpImport& c) {
  const auto x = c.data(0);
  c.emit(ArgMax{static_cast<std::int32_t>(resolve_axis(c.integer(1), c.shape(x).size()))}, {x});
}

void write_arg_max(OpExport& e) {
  const auto axis = e.parameter("axis", {}, {std::get<ArgMax>(e.n.op).axis});
  e.put(B::ARG_MAX, {e.id(e.n.inputs[0]), axis}, O::ArgMaxOptions,
        fb::CreateArgMaxOptions(e.file(), fb::TensorType::INT32));
}

// ---- reductions

template <class Op>
void reduction(OpImport& c) {
  const auto* o = c.op.builtin_options_as_ReducerOptions();
  const auto x = c.data(0);
  Op op;
  op.keep_dims = o && o->keep_dims();
  for (const auto axis : c.ints(1)) op.axes.push_back(static_cast<std::int32_t>(resolve_axis(axis, c.shape(x).size())));
  std::ranges::sort(op.axes);
  op.axes.erase(std::unique(op.axes.begin(), op.axes.end()), op.axes.end());
  if (op.axes.empty()) reject("it reduces no axis");
  c.emit(op, {x});
}

template <class Op, B code>
void write_reduction(OpExport& e) {
  const auto& o = std::get<Op>(e.n.op);
  const auto axes = e.parameter("axes", o.axes);
  e.put(code, {e.id(e.n.inputs[0]), axes}, O::ReducerOptions, fb::CreateReducerOptions(e.file(), o.keep_dims));
}

// ---- windows over pictures

template <class Op>
void pool(OpImport& c) {
  const auto& o = needed(c.op.builtin_options_as_Pool2DOptions());
  const auto x = c.data(0);
  Op op;
  op.kernel = {o.filter_height(), o.filter_width()};
  op.stride = {o.stride_h(), o.stride_w()};
  op.pad = c.pads(x, o.padding(), {op.kernel, op.stride});
  c.emit_fused(op, o.fused_activation_function(), {x});
}

template <class Op, B code>
void write_pool(OpExport& e) {
  constexpr auto border = code == B::MAX_POOL_2D ? OpExport::Border::lowest : OpExport::Border::none;
  const auto& o = std::get<Op>(e.n.op);
  auto ids = e.inputs();
  const auto p = e.window(ids, o.kernel, o.stride, {1, 1}, o.pad, border);
  e.put(code, ids, O::Pool2DOptions,
        fb::CreatePool2DOptions(e.file(), p, o.stride.w, o.stride.h, o.kernel.w, o.kernel.h, fused_activation(o.act)));
}

template <class Op, class Options>
void resize(OpImport& c, const Options* o) {
  const auto size = c.ints32(1);
  if (size.size() != 2) reject("its size has " + std::to_string(size.size()) + " entries instead of two");
  Op op;
  op.size = {size[0], size[1]};
  op.align_corners = o && o->align_corners();
  op.half_pixel_centers = o && o->half_pixel_centers();
  c.emit(op, {c.data(0)});
}

void write_resize_bilinear(OpExport& e) {
  const auto& o = std::get<ResizeBilinear>(e.n.op);
  const auto size = e.parameter("size", {o.size.h, o.size.w});
  e.put(B::RESIZE_BILINEAR, {e.id(e.n.inputs[0]), size}, O::ResizeBilinearOptions,
        fb::CreateResizeBilinearOptions(e.file(), o.align_corners, o.half_pixel_centers));
}

void write_resize_nearest_neighbor(OpExport& e) {
  const auto& o = std::get<ResizeNearestNeighbor>(e.n.op);
  const auto size = e.parameter("size", {o.size.h, o.size.w});
  e.put(B::RESIZE_NEAREST_NEIGHBOR, {e.id(e.n.inputs[0]), size}, O::ResizeNearestNeighborOptions,
        fb::CreateResizeNearestNeighborOptions(e.file(), o.align_corners, o.half_pixel_centers));
}

constexpr OpCase kCases[] = {
    {B::ADD, [](OpImport& c) { fused_binary<Add>(c, c.op.builtin_options_as_AddOptions()); }, OpKind::add, write_add},
    {B::SUB, [](OpImport& c) { fused_binary<Sub>(c, c.op.builtin_options_as_SubOptions()); }, OpKind::sub, write_sub},
    {B::MUL, [](OpImport& c) { fused_binary<Mul>(c, c.op.builtin_options_as_MulOptions()); }, OpKind::mul, write_mul},
    binary_case<Maximum, B::MAXIMUM>(OpKind::maximum),
    binary_case<Minimum, B::MINIMUM>(OpKind::minimum),
    binary_case<SquaredDifference, B::SQUARED_DIFFERENCE>(OpKind::squared_difference),
    binary_case<Prelu, B::PRELU>(OpKind::prelu, 1),
    unary_case<Logistic, B::LOGISTIC>(OpKind::logistic),
    unary_case<Tanh, B::TANH>(OpKind::tanh),
    unary_case<Relu, B::RELU>(OpKind::relu),
    unary_case<Relu6, B::RELU6>(OpKind::relu6),
    unary_case<ReluN1To1, B::RELU_N1_TO_1>(OpKind::relu_n1_to_1, 1),
    unary_case<Elu, B::ELU>(OpKind::elu, 1),
    unary_case<HardSwish, B::HARD_SWISH>(OpKind::hard_swish, 1),
    unary_case<Abs, B::ABS>(OpKind::abs),
    {B::NEG, unary<Neg>, OpKind::neg, write_neg},
    unary_case<Square, B::SQUARE>(OpKind::square, 1),
    unary_case<Sqrt, B::SQRT>(OpKind::sqrt, 1),
    unary_case<Rsqrt, B::RSQRT>(OpKind::rsqrt),
    unary_case<Exp, B::EXP>(OpKind::exp),
    unary_case<Log, B::LOG>(OpKind::log),
    unary_case<Floor, B::FLOOR>(OpKind::floor, 1),
    unary_case<Ceil, B::CEIL>(OpKind::ceil, 1),
    unary_case<Round, B::ROUND>(OpKind::round, 1),
    unary_case<Sin, B::SIN>(OpKind::sin, 1),
    unary_case<Cos, B::COS>(OpKind::cos, 1),
    {B::GELU, gelu, OpKind::gelu, write_gelu},
    {B::LEAKY_RELU, leaky_relu, OpKind::leaky_relu, write_leaky_relu},
    {B::QUANTIZE, requantize, OpKind::quantize, write_plain<B::QUANTIZE>, 1},
    {B::DEQUANTIZE, requantize, OpKind::dequantize, write_plain<B::DEQUANTIZE>},
    {B::L2_NORMALIZATION, l2_normalization, OpKind::l2_normalization, write_l2_normalization},
    {B::ARG_MAX, arg_max, OpKind::arg_max, write_arg_max},
    {B::SOFTMAX, softmax, OpKind::softmax, write_softmax},
    {B::MEAN, reduction<Mean>, OpKind::mean, write_reduction<Mean, B::MEAN>},
    {B::SUM, reduction<Sum>, OpKind::sum, write_reduction<Sum, B::SUM>},
    {B::REDUCE_MAX, reduction<ReduceMax>, OpKind::reduce_max, write_reduction<ReduceMax, B::REDUCE_MAX>},
    {B::REDUCE_MIN, reduction<ReduceMin>, OpKind::reduce_min, write_reduction<ReduceMin, B::REDUCE_MIN>},
    {B::AVERAGE_POOL_2D, pool<AveragePool2D>, OpKind::average_pool_2d, write_pool<AveragePool2D, B::AVERAGE_POOL_2D>},
    {B::MAX_POOL_2D, pool<MaxPool2D>, OpKind::max_pool_2d, write_pool<MaxPool2D, B::MAX_POOL_2D>},
    {B::RESIZE_BILINEAR,
     [](OpImport& c) { resize<ResizeBilinear>(c, c.op.builtin_options_as_ResizeBilinearOptions()); },
     OpKind::resize_bilinear, write_resize_bilinear, 3, 3},
    {B::RESIZE_NEAREST_NEIGHBOR,
     [](OpImport& c) { resize<ResizeNearestNeighbor>(c, c.op.builtin_options_as_ResizeNearestNeighborOptions()); },
     OpKind::resize_nearest_neighbor, write_resize_nearest_neighbor, 3, 3},
};

}  // namespace

std::span<const OpCase> compute_cases() noexcept { return kCases; }

}  // namespace tinyc::tfl
