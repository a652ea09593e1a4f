// One short case for each TFLite operator that computes; those that only move data are in import_moves.cpp.
#include <algorithm>
#include <cstring>

#include "tflite/op_import.h"
#include "tflite/padding.h"
#include "tflite/slices.h"
#include "tinyc/error.h"

namespace tinyc::tfl {
namespace {

using B = fb::BuiltinOperator;

[[noreturn]] void reject(const std::string& why, const std::string& hint = {}) {
  throw Error(ErrorKind::unsupported, why, hint);
}

constexpr std::int32_t kMaxWindow = 1 << 20;

struct Window {
  Pair kernel, stride, dilation;
};

void check_window(const Window& w) {
  for (const auto v : {w.kernel.h, w.kernel.w, w.stride.h, w.stride.w, w.dilation.h, w.dilation.w})
    if (v < 1 || v > kMaxWindow) reject("its window, stride or dilation is " + std::to_string(v));
}

const Shape& picture(OpImport& c, TensorId id) {
  const Shape& s = c.shape(id);
  if (s.size() != 4) reject("an input has shape " + to_string(s) + " where four dimensions are needed");
  return s;
}

std::pair<std::int32_t, std::int32_t> narrow(std::pair<std::int64_t, std::int64_t> pads) {
  if (std::abs(pads.first) > INT32_MAX || std::abs(pads.second) > INT32_MAX) reject("its padding is impossibly large");
  return {static_cast<std::int32_t>(pads.first), static_cast<std::int32_t>(pads.second)};
}

Pads pads(OpImport& c, TensorId input, fb::Padding padding, const Window& w) {
  check_window(w);
  const Shape& s = picture(c, input);
  if (padding == fb::Padding::VALID) return {};
  if (padding != fb::Padding::SAME) reject("its padding is neither SAME nor VALID");
  const auto [top, bottom] = narrow(same_padding(s[1], w.kernel.h, w.stride.h, w.dilation.h));
  const auto [left, right] = narrow(same_padding(s[2], w.kernel.w, w.stride.w, w.dilation.w));
  return {top, bottom, left, right};
}

template <class T>
const T& needed(const T* options) {
  if (!options) reject("its options are missing from the file");
  return *options;
}

template <class Op, class Options>
void convolution(OpImport& c, const Options* options) {
  const auto& o = needed(options);
  const auto x = c.data(0), w = c.weights(1), b = c.bias(2, 0, 1);
  const Shape& ws = picture(c, w);
  const Window window{{ws[1], ws[2]}, {o.stride_h(), o.stride_w()}, {o.dilation_h_factor(), o.dilation_w_factor()}};
  Op op;
  op.stride = window.stride;
  op.dilation = window.dilation;
  op.pad = pads(c, x, o.padding(), window);
  c.emit_fused(op, o.fused_activation_function(), {x, w, b});
}

template <class Op>
void pool(OpImport& c) {
  const auto& o = needed(c.op.builtin_options_as_Pool2DOptions());
  const auto x = c.data(0);
  const Window window{{o.filter_height(), o.filter_width()}, {o.stride_h(), o.stride_w()}, {1, 1}};
  Op op;
  op.kernel = window.kernel;
  op.stride = window.stride;
  op.pad = pads(c, x, o.padding(), window);
  c.emit_fused(op, o.fused_activation_function(), {x});
}

void transposed(OpImport& c, TensorId x, TensorId w, TensorId b, Pair stride, std::int64_t out_h, std::int64_t out_w,
                bool same, fb::ActivationFunctionType f) {
  const Shape &xs = picture(c, x), &ws = picture(c, w);
  check_window({{ws[1], ws[2]}, stride, {1, 1}});
  if (out_h < 1 || out_w < 1 || out_h > INT32_MAX || out_w > INT32_MAX) reject("its output size is impossible");
  TransposeConv op;
  op.stride = stride;
  std::tie(op.pad.top, op.pad.bottom) = narrow(transposed_padding(xs[1], out_h, ws[1], stride.h, same));
  std::tie(op.pad.left, op.pad.right) = narrow(transposed_padding(xs[2], out_w, ws[2], stride.w, same));
  c.emit_fused(op, f, {x, w, b});
}

void transpose_conv(OpImport& c) {
  const auto& o = needed(c.op.builtin_options_as_TransposeConvOptions());
  const auto size = c.ints(0);
  if (size.size() != 4) reject("its output shape has " + std::to_string(size.size()) + " dimensions");
  const auto x = c.data(2), w = c.weights(1), b = c.bias(3, 2, 1);
  transposed(c, x, w, b, {o.stride_h(), o.stride_w()}, size[1], size[2], o.padding() == fb::Padding::SAME,
             o.fused_activation_function());
}

// MediaPipe's transposed convolution with bias: padding (1 = SAME), stride width and height are three int32.
void custom_transpose_conv(OpImport& c) {
  const auto raw = c.file.custom_options(c.op);
  std::int32_t v[3];
  if (raw.size() < sizeof v) reject("its options are missing from the file");
  std::memcpy(v, raw.data(), sizeof v);
  const auto x = c.data(0), w = c.weights(1), b = c.bias(2, 0, 1);
  const Shape &xs = picture(c, x), &ws = picture(c, w);
  const Pair stride{v[2], v[1]};
  check_window({{ws[1], ws[2]}, stride, {1, 1}});
  const bool same = v[0] == 1;
  const auto out = [&](std::int64_t in, std::int64_t kernel, std::int64_t step) {
    return in * step + (same ? 0 : std::max<std::int64_t>(kernel - step, 0));
  };
  transposed(c, x, w, b, stride, out(xs[1], ws[1], stride.h), out(xs[2], ws[2], stride.w), same,
             fb::ActivationFunctionType::NONE);
}

void fully_connected(OpImport& c) {
  const auto* o = c.op.builtin_options_as_FullyConnectedOptions();
  if (o && o->weights_format() != fb::FullyConnectedOptionsWeightsFormat::DEFAULT)
    reject("its weights are stored shuffled for one processor", "Convert the model without delegate-specific weights.");
  FullyConnected op;
  op.keep_dims = o && o->keep_num_dims();
  const auto x = c.data(0), w = c.weights(1), b = c.bias(2, 0, 1);
  c.emit_fused(op, o ? o->fused_activation_function() : fb::ActivationFunctionType::NONE, {x, w, b});
}

template <class Op, class Options>
void fused_binary(OpImport& c, const Options* o) {
  const auto a = c.data(0), b = c.data(1);
  c.emit_fused(Op{}, o ? o->fused_activation_function() : fb::ActivationFunctionType::NONE, {a, b});
}

template <class Op>
void binary(OpImport& c) {
  const auto a = c.data(0), b = c.data(1);
  c.emit(Op{}, {a, b});
}

template <class Op>
void unary(OpImport& c, Op op = {}) {
  c.emit(op, {c.data(0)});
}

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

void batch_matmul(OpImport& c) {
  const auto* o = c.op.builtin_options_as_BatchMatMulOptions();
  BatchMatmul op;
  op.adj_x = o && o->adj_x();
  op.adj_y = o && o->adj_y();
  const auto a = c.data(0), b = c.data(1);
  c.emit(op, {a, b});
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

// In a float graph both are the identity. In a quantized one QUANTIZE changes the scale, or does nothing.
void requantize(OpImport& c) {
  const auto x = c.data(0);
  if (!c.quantized() || c.same_quant_as_output(x)) return c.alias(x);
  c.emit(Quantize{}, {x});
}

template <class Op>
void plain_unary(OpImport& c) {
  unary(c, Op{});
}

constexpr ImportCase kCases[] = {
    {B::CONV_2D, [](OpImport& c) { convolution<Conv2D>(c, c.op.builtin_options_as_Conv2DOptions()); }},
    {B::DEPTHWISE_CONV_2D,
     [](OpImport& c) { convolution<DepthwiseConv2D>(c, c.op.builtin_options_as_DepthwiseConv2DOptions()); }},
    {B::TRANSPOSE_CONV, transpose_conv},
    {B::CUSTOM, custom_transpose_conv},
    {B::FULLY_CONNECTED, fully_connected},
    {B::BATCH_MATMUL, batch_matmul},
    {B::AVERAGE_POOL_2D, pool<AveragePool2D>},
    {B::MAX_POOL_2D, pool<MaxPool2D>},
    {B::ADD, [](OpImport& c) { fused_binary<Add>(c, c.op.builtin_options_as_AddOptions()); }},
    {B::SUB, [](OpImport& c) { fused_binary<Sub>(c, c.op.builtin_options_as_SubOptions()); }},
    {B::MUL, [](OpImport& c) { fused_binary<Mul>(c, c.op.builtin_options_as_MulOptions()); }},
    {B::MAXIMUM, binary<Maximum>},
    {B::MINIMUM, binary<Minimum>},
    {B::SQUARED_DIFFERENCE, binary<SquaredDifference>},
    {B::PRELU, binary<Prelu>},
    {B::MEAN, reduction<Mean>},
    {B::SUM, reduction<Sum>},
    {B::REDUCE_MAX, reduction<ReduceMax>},
    {B::REDUCE_MIN, reduction<ReduceMin>},
    {B::RESIZE_BILINEAR,
     [](OpImport& c) { resize<ResizeBilinear>(c, c.op.builtin_options_as_ResizeBilinearOptions()); }},
    {B::RESIZE_NEAREST_NEIGHBOR,
     [](OpImport& c) { resize<ResizeNearestNeighbor>(c, c.op.builtin_options_as_ResizeNearestNeighborOptions()); }},
    {B::QUANTIZE, requantize},
    {B::DEQUANTIZE, requantize},
    {B::SOFTMAX,
     [](OpImport& c) {
       const auto* o = c.op.builtin_options_as_SoftmaxOptions();
       unary(c, Softmax{o ? o->beta() : 1.0f});
     }},
    {B::LEAKY_RELU,
     [](OpImport& c) { unary(c, LeakyRelu{needed(c.op.builtin_options_as_LeakyReluOptions()).alpha()}); }},
    {B::LOGISTIC, plain_unary<Logistic>},
    {B::TANH, plain_unary<Tanh>},
    {B::RELU, plain_unary<Relu>},
    {B::RELU6, plain_unary<Relu6>},
    {B::RELU_N1_TO_1, plain_unary<ReluN1To1>},
    {B::ELU, plain_unary<Elu>},
    {B::HARD_SWISH, plain_unary<HardSwish>},
    {B::ABS, plain_unary<Abs>},
    {B::NEG, plain_unary<Neg>},
    {B::SQUARE, plain_unary<Square>},
    {B::SQRT, plain_unary<Sqrt>},
    {B::RSQRT, plain_unary<Rsqrt>},
    {B::EXP, plain_unary<Exp>},
    {B::LOG, plain_unary<Log>},
};

const ImportCase* find_case(B code) noexcept {
  for (const auto cases : {std::span<const ImportCase>(kCases), movement_cases()})
    for (const ImportCase& row : cases)
      if (row.code == code) return &row;
  return nullptr;
}

}  // namespace

bool is_supported(B code, const std::string& custom_name) noexcept {
  if (code == B::CUSTOM) return custom_name == "Convolution2DTransposeBias";
  return find_case(code) != nullptr;
}

void import_operator(OpImport& c) {
  if (c.output_count() == 0)
    throw Error(ErrorKind::input, "An operator has no output.", "The file is damaged; export it again.");
  const ImportCase* found = find_case(c.code);
  if (!found) reject("tinyc has no such operator", advice(c.code));
  found->run(c);
}

}  // namespace tinyc::tfl
