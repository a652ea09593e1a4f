// What the cases of all operators share.
#include <algorithm>
#include <cstdlib>

#include "tflite/op_case.h"
#include "tflite/padding.h"
#include "tinyc/error.h"

namespace tinyc::tfl {

void reject(const std::string& why, const std::string& hint) { throw Error(ErrorCode::unsupported, why, hint); }

Act fused_activation(fb::ActivationFunctionType f) {
  switch (f) {
    case fb::ActivationFunctionType::NONE: return Act::none;
    case fb::ActivationFunctionType::RELU: return Act::relu;
    case fb::ActivationFunctionType::RELU6: return Act::relu6;
    case fb::ActivationFunctionType::RELU_N1_TO_1: return Act::relu_n1_to_1;
    default: {
      const char* name = fb::EnumNameActivationFunctionType(f);
      reject(std::string("its fused activation ") + (name && *name ? name : "(unknown)") + " is not supported");
    }
  }
}

OpImport::OpImport(const ModelFile& f, GraphBuilder& builder, std::size_t index)
    : op(f.op(index)),
      code(f.code(op)),
      file(f),
      b_(builder),
      index_(static_cast<std::int32_t>(index)),
      in_(values(op.inputs())),
      out_(values(op.outputs())) {}

TensorId OpImport::data(std::size_t k) {
  if (!has(k)) reject("its input " + std::to_string(k) + " is missing");
  const auto i = in_[k];
  return b_.tensors.is_constant(i) ? b_.constant(i) : b_.activation(i);
}

TensorId OpImport::weights(std::size_t k) {
  const auto id = data(k);
  if (!b_.derived_from_constants(id))
    reject("its weights are computed at run time", "Only constant weights can be compressed.");
  return id;
}

TensorId OpImport::bias(std::size_t k, std::size_t input, std::size_t weights_input) {
  if (!has(k)) return kNoTensor;
  return b_.bias(in_[k], data(input), in_[input], in_[weights_input]);
}

std::vector<std::int64_t> OpImport::ints(std::size_t k) {
  if (!has(k)) reject("its parameter input " + std::to_string(k) + " is missing");
  const auto i = in_[k];
  if (!b_.tensors.is_constant(i))
    reject("its parameter '" + b_.tensors.name(i) + "' is computed at run time",
           "Convert the model with fixed input shapes.");
  return integers(b_.tensors.constant(i));
}

Ints OpImport::ints32(std::size_t k) {
  Ints out;
  for (const auto v : ints(k)) {
    if (v < INT32_MIN || v > INT32_MAX) reject("a parameter is out of range");
    out.push_back(static_cast<std::int32_t>(v));
  }
  return out;
}

std::int64_t OpImport::integer(std::size_t k) {
  const auto v = ints(k);
  if (v.size() != 1) reject("parameter input " + std::to_string(k) + " is no single number");
  return v[0];
}

float OpImport::scalar(std::size_t k) {
  if (!has(k) || !b_.tensors.is_constant(in_[k])) reject("its value is no constant");
  const Tensor t = dequantized(b_.tensors.constant(in_[k]));
  if (num_elements(t.shape) != 1) reject("its value is no single number");
  return t.as<float>()[0];
}

const Shape& OpImport::picture(TensorId id) const {
  const Shape& s = shape(id);
  if (s.size() != 4) reject("an input has shape " + to_string(s) + " where four dimensions are needed");
  return s;
}

void check_window(const Window& w) {
  constexpr std::int32_t kMaxWindow = 1 << 20;
  for (const auto v : {w.kernel.h, w.kernel.w, w.stride.h, w.stride.w, w.dilation.h, w.dilation.w})
    if (v < 1 || v > kMaxWindow) reject("its window, stride or dilation is " + std::to_string(v));
}

std::pair<std::int32_t, std::int32_t> narrow(std::pair<std::int64_t, std::int64_t> pads) {
  if (std::abs(pads.first) > INT32_MAX || std::abs(pads.second) > INT32_MAX) reject("its padding is impossibly large");
  return {static_cast<std::int32_t>(pads.first), static_cast<std::int32_t>(pads.second)};
}

Pads OpImport::pads(TensorId input, fb::Padding padding, const Window& w) const {
  check_window(w);
  const Shape& s = picture(input);
  if (padding == fb::Padding::VALID) return {};
  if (padding != fb::Padding::SAME) reject("its padding is neither SAME nor VALID");
  const auto [top, bottom] = narrow(same_padding(s[1], w.kernel.h, w.stride.h, w.dilation.h));
  const auto [left, right] = narrow(same_padding(s[2], w.kernel.w, w.stride.w, w.dilation.w));
  return {top, bottom, left, right};
}

TensorId OpImport::out(std::size_t k) { return b_.activation(out_.at(k)); }

const Shape* OpImport::stated_shape(std::size_t k) const {
  return b_.tensors.shape_known(out_.at(k)) ? &b_.tensors.shape(out_[k]) : nullptr;
}

void OpImport::emit(OpData op_data, std::vector<TensorId> inputs, TensorId output) {
  b_.emit(std::move(op_data), std::move(inputs), output, index_);
}

void OpImport::emit_tanh(OpData op_data, std::vector<TensorId> inputs) {
  if (quantized()) reject("its fused activation TANH has no int8 form");
  const auto before = temporary(out());
  b_.graph.at(before).range.reset();
  emit(std::move(op_data), std::move(inputs), before);
  emit(Tanh{}, {before});
}

TensorId OpImport::reshaped(TensorId id, const Shape& to) {
  if (shape(id) == to) return id;
  const auto result = temporary(id);
  emit(Reshape{to}, {id}, result);
  return result;
}

TensorId OpImport::temporary(TensorId like) { return b_.temporary(b_.graph.at(out()).name + "/part", like); }

// The shape is a copy: out() may add a tensor, and then references into the graph's are gone.
TensorId OpImport::literal(Shape to, const std::vector<float>& values) {
  return b_.literal(b_.graph.at(out()).name + "/value", std::move(to), values);
}

const Node* OpImport::producer(TensorId id) const {
  const auto& nodes = b_.graph.nodes;
  const auto found = std::find_if(nodes.rbegin(), nodes.rend(), [&](const Node& n) { return n.outputs[0] == id; });
  return found == nodes.rend() ? nullptr : &*found;
}

bool OpImport::same_quant_as_output(TensorId id) const { return b_.graph.at(id).quant == b_.tensors.quant(out_.at(0)); }

void OpImport::alias(TensorId from) { b_.alias(out_.at(0), from); }

}  // namespace tinyc::tfl
