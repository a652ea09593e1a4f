// The TFLite operators with weights: convolutions, FULLY_CONNECTED, BATCH_MATMUL.
#include <algorithm>
#include <cstring>

#include "tflite/op_case.h"
#include "tflite/op_export.h"
#include "tflite/padding.h"

namespace tinyc::tfl {
namespace {

using B = fb::BuiltinOperator;
using O = fb::BuiltinOptions;

template <class Op, class Options>
void convolution(OpImport& c, const Options* options) {
  const auto& o = needed(options);
  const auto x = c.data(0), w = c.weights(1), b = c.bias(2, 0, 1);
  const Shape& ws = c.picture(w);
  const Window window{{ws[1], ws[2]}, {o.stride_h(), o.stride_w()}, {o.dilation_h_factor(), o.dilation_w_factor()}};
  Op op;
  op.stride = window.stride;
  op.dilation = window.dilation;
  op.pad = c.pads(x, o.padding(), window);
  c.emit_fused(op, o.fused_activation_function(), {x, w, b});
}

void write_conv_2d(OpExport& e) {
  const auto& o = std::get<Conv2D>(e.n.op);
  const Shape& w = e.in(1).shape;
  e.check_symmetric();
  auto ids = e.inputs();
  const auto p = e.window(ids, {w[1], w[2]}, o.stride, o.dilation, o.pad, OpExport::Border::zeros);
  e.put(B::CONV_2D, ids, O::Conv2DOptions,
        fb::CreateConv2DOptions(e.file(), p, o.stride.w, o.stride.h, fused_activation(o.act), o.dilation.w,
                                o.dilation.h));
}

void write_depthwise_conv_2d(OpExport& e) {
  const auto& o = std::get<DepthwiseConv2D>(e.n.op);
  const Shape &x = e.in(0).shape, &w = e.in(1).shape;
  e.check_symmetric();
  auto ids = e.inputs();
  const auto p = e.window(ids, {w[1], w[2]}, o.stride, o.dilation, o.pad, OpExport::Border::zeros);
  e.put(B::DEPTHWISE_CONV_2D, ids, O::DepthwiseConv2DOptions,
        fb::CreateDepthwiseConv2DOptions(e.file(), p, o.stride.w, o.stride.h, w[3] / x[3], fused_activation(o.act),
                                         o.dilation.w, o.dilation.h));
}

void transposed(OpImport& c, TensorId x, TensorId w, TensorId b, Pair stride, std::int64_t out_h, std::int64_t out_w,
                bool same, fb::ActivationFunctionType f) {
  const Shape &xs = c.picture(x), &ws = c.picture(w);
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
  const Shape &xs = c.picture(x), &ws = c.picture(w);
  const Pair stride{v[2], v[1]};
  check_window({{ws[1], ws[2]}, stride, {1, 1}});
  const bool same = v[0] == 1;
  const auto out = [&](std::int64_t in, std::int64_t kernel, std::int64_t step) {
    return in * step + (same ? 0 : std::max<std::int64_t>(kernel - step, 0));
  };
  transposed(c, x, w, b, stride, out(xs[1], ws[1], stride.h), out(xs[2], ws[2], stride.w), same,
             fb::ActivationFunctionType::NONE);
}

void write_transpose_conv(OpExport& e) {
  const auto& o = std::get<TransposeConv>(e.n.op);
  e.check_symmetric();
  const Shape &x = e.in(0).shape, &w = e.in(1).shape, &y = e.out().shape;
  const auto fits = [&](bool same) {
    return transposed_padding(x[1], y[1], w[1], o.stride.h, same).first == o.pad.top &&
           transposed_padding(x[2], y[2], w[2], o.stride.w, same).first == o.pad.left;
  };
  if (!fits(true) && !fits(false)) e.reject("this padding cannot be written");
  OpExport::Ids ids = {e.parameter("output_shape", y), e.id(e.n.inputs[1]), e.id(e.n.inputs[0])};
  if (e.n.inputs.size() > 2 && e.n.inputs[2] != kNoTensor) ids.push_back(e.id(e.n.inputs[2]));
  e.put(B::TRANSPOSE_CONV, ids, O::TransposeConvOptions,
        fb::CreateTransposeConvOptions(e.file(), fits(true) ? fb::Padding::SAME : fb::Padding::VALID, o.stride.w,
                                       o.stride.h, fused_activation(o.act)));
}

void fully_connected(OpImport& c) {
  const auto* o = c.op.builtin_options_as_FullyConnectedOptions();
  if (o && o->weights_format() != fb::FullyConnectedOptionsWeightsFormat::DEFAULT)
    reject("its weights are stored shuffled for one processor", "Convert the model without delegate-specific weights.");
  FullyConnected op;
  op.keep_dims = o && o->keep_num_dims();
  const auto x = c.data(0), w = c.weights(1), b = c.bias(2, 0, 1);
  c.emit_fused(op, fused(o), {x, w, b});
}

void write_fully_connected(OpExport& e) {
  const auto& o = std::get<FullyConnected>(e.n.op);
  e.put(B::FULLY_CONNECTED, e.inputs(), O::FullyConnectedOptions,
        fb::CreateFullyConnectedOptions(e.file(), fused_activation(o.act),
                                        fb::FullyConnectedOptionsWeightsFormat::DEFAULT, o.keep_dims));
}

void batch_matmul(OpImport& c) {
  const auto* o = c.op.builtin_options_as_BatchMatMulOptions();
  BatchMatmul op;
  op.adj_x = o && o->adj_x();
  op.adj_y = o && o->adj_y();
  const auto a = c.data(0), b = c.data(1);
  c.emit(op, {a, b});
}

void write_batch_matmul(OpExport& e) {
  const auto& o = std::get<BatchMatmul>(e.n.op);
  e.put(B::BATCH_MATMUL, e.inputs(), O::BatchMatMulOptions, fb::CreateBatchMatMulOptions(e.file(), o.adj_x, o.adj_y));
}

constexpr OpCase kCases[] = {
    {B::CONV_2D, [](OpImport& c) { convolution<Conv2D>(c, c.op.builtin_options_as_Conv2DOptions()); }, OpKind::conv_2d,
     write_conv_2d, 3},
    {B::DEPTHWISE_CONV_2D,
     [](OpImport& c) { convolution<DepthwiseConv2D>(c, c.op.builtin_options_as_DepthwiseConv2DOptions()); },
     OpKind::depthwise_conv_2d, write_depthwise_conv_2d, 3},
    {B::TRANSPOSE_CONV, transpose_conv, OpKind::transpose_conv, write_transpose_conv},
    {B::CUSTOM, custom_transpose_conv},
    {B::FULLY_CONNECTED, fully_connected, OpKind::fully_connected, write_fully_connected, 4},
    {B::BATCH_MATMUL, batch_matmul, OpKind::batch_matmul, write_batch_matmul},
};

}  // namespace

std::span<const OpCase> weighted_cases() noexcept { return kCases; }

}  // namespace tinyc::tfl
