// One function for each operator: its TFLite form, attributes that TFLite keeps in tensors included.
#include <cctype>
#include <cmath>
#include <limits>

#include "tflite/exporter.h"
#include "tflite/padding.h"
#include "tinyc/error.h"

namespace tinyc::tfl {

using B = fb::BuiltinOperator;
using O = fb::BuiltinOptions;

struct OpWriter {
  Exporter& e;
  const Node& n;

  const Tensor& in(std::size_t k) const { return e.graph_.at(n.inputs.at(k)); }
  const Tensor& out() const { return e.graph_.at(n.outputs[0]); }
  std::int32_t id(TensorId t) const { return t == kNoTensor ? -1 : e.file_id_[static_cast<std::size_t>(t)]; }
  std::vector<std::int32_t> inputs() const {
    std::vector<std::int32_t> ids;
    for (const auto t : n.inputs) ids.push_back(id(t));
    return ids;
  }
  static fb::ActivationFunctionType act(Act a) {
    switch (a) {
      case Act::relu: return fb::ActivationFunctionType::RELU;
      case Act::relu6: return fb::ActivationFunctionType::RELU6;
      case Act::relu_n1_to_1: return fb::ActivationFunctionType::RELU_N1_TO_1;
      case Act::none: break;
    }
    return fb::ActivationFunctionType::NONE;
  }
  template <class Options>
  void put(B code, std::vector<std::int32_t> ids, O type, flatbuffers::Offset<Options> options) {
    e.add_operator(code, std::move(ids), {id(n.outputs[0])}, type, options.Union());
  }
  void put(B code) { e.add_operator(code, inputs(), {id(n.outputs[0])}); }
  [[noreturn]] void reject(const char* why) const {
    throw Error(ErrorKind::unsupported,
                std::string(name_of(kind(n.op))) + " '" + printable(n.name) + "': " + why + " in the .tflite format.");
  }

  // TFLite's int8 convolutions take the weights' zero point for 0 without looking.
  void check_symmetric() const {
    const auto& q = in(1).quant;
    if (q && std::any_of(q->zero_point.begin(), q->zero_point.end(), [](std::int32_t z) { return z != 0; }))
      reject("int8 weights with a zero point (of a uint8 model) cannot be written");
  }

  // TFLite knows SAME, VALID, and a PAD before the window.
  fb::Padding window(std::vector<std::int32_t>& ids, Pair kernel, Pair stride, Pair dilation, const Pads& p, bool zeros,
                     bool lowest) {
    const Shape& s = in(0).shape;
    if (p == Pads{}) return fb::Padding::VALID;
    const auto [top, bottom] = same_padding(s[1], kernel.h, stride.h, dilation.h);
    const auto [left, right] = same_padding(s[2], kernel.w, stride.w, dilation.w);
    if (top == p.top && bottom == p.bottom && left == p.left && right == p.right) return fb::Padding::SAME;
    if (!zeros && !lowest) reject("this padding cannot be written");
    const auto amounts = e.parameter(n, "paddings", {4, 2}, {0, 0, p.top, p.bottom, p.left, p.right, 0, 0});
    const auto padded =
        e.activation_like(in(0), n.name + "/padded", {s[0], s[1] + p.top + p.bottom, s[2] + p.left + p.right, s[3]});
    std::vector<std::int32_t> pad_inputs = {ids[0], amounts};
    if (lowest) pad_inputs.push_back(pad_value(std::numeric_limits<float>::lowest()));
    e.add_operator(lowest ? B::PADV2 : B::PAD, pad_inputs, {padded});
    ids[0] = padded;
    return fb::Padding::VALID;
  }

  // A scalar in the input's own type and quantization.
  std::int32_t pad_value(float value) {
    const Tensor& x = in(0);
    Tensor t;
    if (x.dtype == DType::i8) {
      if (!x.quant) reject("a padding value without a scale cannot be written");
      const float q = std::round(value / x.quant->scale[0]) + static_cast<float>(x.quant->zero_point[0]);
      t = make_const(n.name + "/value", DType::i8, {},
                     {static_cast<std::uint8_t>(static_cast<std::int8_t>(std::min(std::max(q, -128.0f), 127.0f)))});
      t.quant = x.quant;
    } else {
      t = make_const(n.name + "/value", Shape{}, std::span(&value, 1));
    }
    return e.add_tensor(t);
  }

  void operator()(const Conv2D& o) {
    check_symmetric();
    auto ids = inputs();
    const auto p = window(ids, {in(1).shape[1], in(1).shape[2]}, o.stride, o.dilation, o.pad, true, false);
    put(B::CONV_2D, ids, O::Conv2DOptions,
        fb::CreateConv2DOptions(e.out_, p, o.stride.w, o.stride.h, act(o.act), o.dilation.w, o.dilation.h));
  }
  void operator()(const DepthwiseConv2D& o) {
    check_symmetric();
    auto ids = inputs();
    const auto p = window(ids, {in(1).shape[1], in(1).shape[2]}, o.stride, o.dilation, o.pad, true, false);
    put(B::DEPTHWISE_CONV_2D, ids, O::DepthwiseConv2DOptions,
        fb::CreateDepthwiseConv2DOptions(e.out_, p, o.stride.w, o.stride.h, in(1).shape[3] / in(0).shape[3], act(o.act),
                                         o.dilation.w, o.dilation.h));
  }
  void operator()(const TransposeConv& o) {
    check_symmetric();
    const Shape &x = in(0).shape, &w = in(1).shape, &y = out().shape;
    const auto fits = [&](bool same) {
      return transposed_padding(x[1], y[1], w[1], o.stride.h, same).first == o.pad.top &&
             transposed_padding(x[2], y[2], w[2], o.stride.w, same).first == o.pad.left;
    };
    if (!fits(true) && !fits(false)) reject("this padding cannot be written");
    std::vector<std::int32_t> ids = {e.parameter(n, "output_shape", y), id(n.inputs[1]), id(n.inputs[0])};
    if (n.inputs.size() > 2 && n.inputs[2] != kNoTensor) ids.push_back(id(n.inputs[2]));
    put(B::TRANSPOSE_CONV, ids, O::TransposeConvOptions,
        fb::CreateTransposeConvOptions(e.out_, fits(true) ? fb::Padding::SAME : fb::Padding::VALID, o.stride.w,
                                       o.stride.h, act(o.act)));
  }
  void operator()(const FullyConnected& o) {
    put(B::FULLY_CONNECTED, inputs(), O::FullyConnectedOptions,
        fb::CreateFullyConnectedOptions(e.out_, act(o.act), fb::FullyConnectedOptionsWeightsFormat::DEFAULT,
                                        o.keep_dims));
  }
  void operator()(const BatchMatmul& o) {
    put(B::BATCH_MATMUL, inputs(), O::BatchMatMulOptions, fb::CreateBatchMatMulOptions(e.out_, o.adj_x, o.adj_y));
  }
  void operator()(const Add& o) { put(B::ADD, inputs(), O::AddOptions, fb::CreateAddOptions(e.out_, act(o.act))); }
  void operator()(const Sub& o) { put(B::SUB, inputs(), O::SubOptions, fb::CreateSubOptions(e.out_, act(o.act))); }
  void operator()(const Mul& o) { put(B::MUL, inputs(), O::MulOptions, fb::CreateMulOptions(e.out_, act(o.act))); }
  void operator()(const AveragePool2D& o) { pool(B::AVERAGE_POOL_2D, o, false); }
  void operator()(const MaxPool2D& o) { pool(B::MAX_POOL_2D, o, true); }
  template <class T>
  void pool(B code, const T& o, bool lowest) {
    auto ids = inputs();
    const auto p = window(ids, o.kernel, o.stride, {1, 1}, o.pad, false, lowest);
    put(code, ids, O::Pool2DOptions,
        fb::CreatePool2DOptions(e.out_, p, o.stride.w, o.stride.h, o.kernel.w, o.kernel.h, act(o.act)));
  }
  void operator()(const Mean& o) { reduce(B::MEAN, o.axes, o.keep_dims); }
  void operator()(const Sum& o) { reduce(B::SUM, o.axes, o.keep_dims); }
  void operator()(const ReduceMax& o) { reduce(B::REDUCE_MAX, o.axes, o.keep_dims); }
  void operator()(const ReduceMin& o) { reduce(B::REDUCE_MIN, o.axes, o.keep_dims); }
  void reduce(B code, const Ints& axes, bool keep) {
    const auto p = e.parameter(n, "axes", axes);
    put(code, {id(n.inputs[0]), p}, O::ReducerOptions, fb::CreateReducerOptions(e.out_, keep));
  }
  void operator()(const Softmax& o) {
    put(B::SOFTMAX, inputs(), O::SoftmaxOptions, fb::CreateSoftmaxOptions(e.out_, o.beta));
  }
  void operator()(const LeakyRelu& o) {
    put(B::LEAKY_RELU, inputs(), O::LeakyReluOptions, fb::CreateLeakyReluOptions(e.out_, o.alpha));
  }
  void operator()(const Pad& o) {
    Ints amounts;
    for (std::size_t d = 0; d < o.before.size(); ++d) amounts.insert(amounts.end(), {o.before[d], o.after[d]});
    const auto p = e.parameter(n, "paddings", {static_cast<std::int32_t>(o.before.size()), 2}, amounts);
    std::vector<std::int32_t> ids = {id(n.inputs[0]), p};
    if (o.value != 0) ids.push_back(pad_value(o.value));
    e.add_operator(o.value != 0 ? B::PADV2 : B::PAD, ids, {id(n.outputs[0])});
  }
  void operator()(const Concatenation& o) {
    put(B::CONCATENATION, inputs(), O::ConcatenationOptions,
        fb::CreateConcatenationOptions(e.out_, o.axis, act(o.act)));
  }
  void operator()(const Reshape& o) {
    const auto p = e.parameter(n, "shape", o.shape);
    const auto shape = e.out_.CreateVector(o.shape);
    put(B::RESHAPE, {id(n.inputs[0]), p}, O::ReshapeOptions, fb::CreateReshapeOptions(e.out_, shape));
  }
  void operator()(const Transpose& o) {
    const auto p = e.parameter(n, "perm", o.perm);
    e.add_operator(B::TRANSPOSE, {id(n.inputs[0]), p}, {id(n.outputs[0])});
  }
  void operator()(const StridedSlice& o) {
    Ints end;
    std::int32_t end_mask = 0;
    for (std::size_t d = 0; d < o.begin.size(); ++d) {
      const std::int32_t last = o.begin[d] + (o.size[d] - 1) * o.stride[d];
      end.push_back(o.stride[d] > 0 ? last + 1 : last - 1);
      if (end.back() < 0) end_mask |= 1 << d;  // a negative end would count from the other side
    }
    const auto b = e.parameter(n, "begin", o.begin), f = e.parameter(n, "end", end),
               s = e.parameter(n, "strides", o.stride);
    put(B::STRIDED_SLICE, {id(n.inputs[0]), b, f, s}, O::StridedSliceOptions,
        fb::CreateStridedSliceOptions(e.out_, 0, end_mask));
  }
  void operator()(const ResizeBilinear& o) {
    const auto p = e.parameter(n, "size", {o.size.h, o.size.w});
    put(B::RESIZE_BILINEAR, {id(n.inputs[0]), p}, O::ResizeBilinearOptions,
        fb::CreateResizeBilinearOptions(e.out_, o.align_corners, o.half_pixel_centers));
  }
  void operator()(const ResizeNearestNeighbor& o) {
    const auto p = e.parameter(n, "size", {o.size.h, o.size.w});
    put(B::RESIZE_NEAREST_NEIGHBOR, {id(n.inputs[0]), p}, O::ResizeNearestNeighborOptions,
        fb::CreateResizeNearestNeighborOptions(e.out_, o.align_corners, o.half_pixel_centers));
  }
  void operator()(const SpaceToDepth& o) {
    put(B::SPACE_TO_DEPTH, inputs(), O::SpaceToDepthOptions, fb::CreateSpaceToDepthOptions(e.out_, o.block));
  }
  void operator()(const DepthToSpace& o) {
    put(B::DEPTH_TO_SPACE, inputs(), O::DepthToSpaceOptions, fb::CreateDepthToSpaceOptions(e.out_, o.block));
  }
  /// Every operator without attributes: its TFLite name is its stem in capitals.
  template <class Op>
  void operator()(const Op&) {
    int attributes = 0;
    visit_fields(n.op, [&](const char*, const auto&) { ++attributes; });
    std::string name = name_of(kind(n.op));
    for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    for (const B code : fb::EnumValuesBuiltinOperator())
      if (attributes == 0 && name == fb::EnumNameBuiltinOperator(code)) return put(code);
    throw Error(ErrorKind::unsupported,
                "operator " + std::string(name_of(kind(n.op))) + " cannot be written as .tflite",
                "leave tflite out of --emit");
  }
  void operator()(const detail::End&) const {}
};

void write_node(Exporter& e, const Node& n) { std::visit(OpWriter{e, n}, n.op); }

}  // namespace tinyc::tfl
