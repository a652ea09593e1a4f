#include "tflite/op_export.h"

#include <cmath>
#include <limits>

#include "tflite/padding.h"
#include "tinyc/error.h"

namespace tinyc::tfl {

using B = fb::BuiltinOperator;

fb::ActivationFunctionType fused_activation(Act a) {
  switch (a) {
    case Act::relu: return fb::ActivationFunctionType::RELU;
    case Act::relu6: return fb::ActivationFunctionType::RELU6;
    case Act::relu_n1_to_1: return fb::ActivationFunctionType::RELU_N1_TO_1;
    case Act::none: break;
  }
  return fb::ActivationFunctionType::NONE;
}

void OpExport::reject(const std::string& why) const {
  throw Error(ErrorCode::not_exportable,
              std::string(name_of(kind(n.op))) + " '" + printable(n.name) + "': " + why + " in the .tflite format.",
              "leave tflite out of --emit");
}

OpExport::Ids OpExport::inputs() const {
  Ids ids;
  ids.reserve(n.inputs.size());
  for (const auto t : n.inputs) ids.push_back(id(t));
  return ids;
}

void OpExport::check_symmetric() const {
  const auto& q = in(1).quant;
  if (q && std::any_of(q->zero_point.begin(), q->zero_point.end(), [](std::int32_t z) { return z != 0; }))
    reject("int8 weights with a zero point (of a uint8 model) cannot be written");
}

std::int32_t OpExport::scalar_like_input(float value) {
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
  return e_.add_tensor(t);
}

fb::Padding OpExport::window(Ids& ids, Pair kernel, Pair stride, Pair dilation, const Pads& p, Border border) {
  const Shape& s = in(0).shape;
  if (p == Pads{}) return fb::Padding::VALID;
  const auto [top, bottom] = same_padding(s[1], kernel.h, stride.h, dilation.h);
  const auto [left, right] = same_padding(s[2], kernel.w, stride.w, dilation.w);
  if (top == p.top && bottom == p.bottom && left == p.left && right == p.right) return fb::Padding::SAME;
  if (border == Border::none) reject("this padding cannot be written");
  const auto amounts = parameter("paddings", {4, 2}, {0, 0, p.top, p.bottom, p.left, p.right, 0, 0});
  const auto padded =
      e_.activation_like(in(0), n.name + "/padded", {s[0], s[1] + p.top + p.bottom, s[2] + p.left + p.right, s[3]});
  Ids pad_inputs = {ids[0], amounts};
  const bool lowest = border == Border::lowest;
  if (lowest) pad_inputs.push_back(scalar_like_input(std::numeric_limits<float>::lowest()));
  e_.add_operator(lowest ? B::PADV2 : B::PAD, pad_inputs, {padded});
  ids[0] = padded;
  return fb::Padding::VALID;
}

}  // namespace tinyc::tfl
