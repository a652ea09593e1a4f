// Turning one operator of a file into nodes of the graph, and the table of all operators, in both directions.
#pragma once
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "tflite/tensor_table.h"

namespace tinyc::tfl {

/// The graph under construction and what the operators' cases need to know of the file.
class GraphBuilder {
 public:
  GraphBuilder(TensorTable& tensors, Stage stage);

  Graph graph;
  TensorTable& tensors;

  bool quantized() const noexcept { return graph.stage == Stage::Quantized; }
  /// The graph's tensor for an activation of the file, created on first use. Throws Error(unsupported) for types that
  /// no activation may have.
  TensorId activation(std::int32_t file_tensor);
  /// The graph's tensor for a constant, converted to the stage's type.
  TensorId constant(std::int32_t file_tensor);
  /// A bias: int32 in a quantized graph, f32 otherwise; its scale is that of input times weights.
  TensorId bias(std::int32_t file_tensor, TensorId input, std::int32_t input_file, std::int32_t weights_file);
  /// Throws Error(input) unless the graph's tensor has the shape that the file states for it, if it states one.
  void check_shape(std::int32_t file_tensor, TensorId id) const;
  /// Lets `to` be another name of `from`, of the same shape.
  void alias(std::int32_t to, TensorId from);
  /// True once the tensor has a value: a graph input, a constant or some operator's output.
  bool available(std::int32_t file_tensor) const;
  /// A new activation of the same type and quantization as `like`; its shape comes from inference.
  TensorId temporary(const std::string& name, TensorId like);
  /// A new float constant.
  TensorId literal(const std::string& name, Shape shape, std::span<const float> values);
  /// Appends a node, infers its output shapes and compares them with what the file says. Throws Error(input) when they
  /// differ, Error(unsupported) when the inputs do not fit the operator.
  void emit(OpData op, std::vector<TensorId> inputs, TensorId output, std::int32_t source);
  /// `name` made unique among the graph's tensors.
  std::string unique(const std::string& name);
  /// Gives a tensor the name it has in the file, as far as that is free.
  void rename(TensorId id, const std::string& name);
  /// Counts the elements of a constant, each tensor of the file once.
  void count(std::int32_t file_tensor);
  std::uint64_t params() const noexcept { return params_; }
  /// Throws Error(unsupported) when the file computes reals in int32 or int64 tensors, or positions and indices in
  /// others. Call it when the graph is complete.
  void check_index_types() const;
  /// True when the tensor depends on nothing but constants.
  bool derived_from_constants(TensorId id) const { return derived_.at(static_cast<std::size_t>(id)) != 0; }

 private:
  TensorId add(Tensor t, bool derived);

  std::vector<TensorId> id_of_;                                 // by tensor of the file
  std::vector<std::uint8_t> derived_;                           // by graph tensor
  std::vector<std::uint8_t> has_shape_;                         // by graph tensor: the file states it
  std::vector<std::pair<TensorId, std::int32_t>> activations_;  // graph tensor, tensor of the file
  std::map<std::pair<std::int32_t, std::pair<std::int32_t, std::int32_t>>, TensorId> biases_;
  std::set<std::int32_t> counted_;
  std::map<std::string, int> names_;
  std::uint64_t params_ = 0;
};

/// A sliding window; all entries from 1 to 2^20.
struct Window {
  Pair kernel, stride{}, dilation{};
};
/// Throws Error(unsupported) for a window out of range.
void check_window(const Window& w);
/// Padding in the graph's own type; Error(unsupported) beyond it.
std::pair<std::int32_t, std::int32_t> narrow(std::pair<std::int64_t, std::int64_t> pads);

/// One operator being imported: inputs by position, attributes from constant inputs, errors that say which.
class OpImport {
 public:
  OpImport(const ModelFile& file, GraphBuilder& builder, std::size_t index);

  const fb::Operator& op;
  const fb::BuiltinOperator code;
  const ModelFile& file;

  std::size_t input_count() const noexcept { return in_.size(); }
  std::size_t output_count() const noexcept { return out_.size(); }
  bool has(std::size_t k) const noexcept { return k < in_.size() && in_[k] != -1; }
  bool quantized() const noexcept { return b_.quantized(); }

  /// Input k as data of the graph. Throws Error(unsupported) when it is absent.
  TensorId data(std::size_t k);
  /// Input k, which must follow from constants alone.
  TensorId weights(std::size_t k);
  /// Input k as the bias of `input` and `weights`; kNoTensor when it is absent.
  TensorId bias(std::size_t k, std::size_t input, std::size_t weights);
  /// The current shape of a graph tensor.
  const Shape& shape(TensorId id) const { return b_.graph.at(id).shape; }
  /// The same of one with four dimensions; Error(unsupported) otherwise.
  const Shape& picture(TensorId id) const;
  /// SAME or VALID in elements, for a window on `input`.
  Pads pads(TensorId input, fb::Padding padding, const Window& w) const;
  /// True when input k follows from the file alone.
  bool is_constant(std::size_t k) const { return has(k) && b_.tensors.is_constant(in_[k]); }
  /// The shape of constant input k.
  const Shape& constant_shape(std::size_t k) { return b_.tensors.constant(in_.at(k)).shape; }
  /// Input k as integers; Error(unsupported) unless it is a constant.
  std::vector<std::int64_t> ints(std::size_t k);
  Ints ints32(std::size_t k);
  /// The single integer or float of input k.
  std::int64_t integer(std::size_t k);
  float scalar(std::size_t k);

  TensorId out(std::size_t k = 0);
  /// The shape that the file states for output k; nothing when it leaves it open.
  const Shape* stated_shape(std::size_t k = 0) const;

  void emit(OpData op_data, std::vector<TensorId> inputs, TensorId output);
  void emit(OpData op_data, std::vector<TensorId> inputs) { emit(std::move(op_data), std::move(inputs), out()); }
  /// With the fused activation `f`: an attribute where the operator has it, a node of its own for TANH.
  template <class T>
  void emit_fused(T op_data, fb::ActivationFunctionType f, std::vector<TensorId> inputs);
  /// `id` in another shape: itself when it has that shape already.
  TensorId reshaped(TensorId id, const Shape& to);
  TensorId temporary(TensorId like);
  /// A float constant that the file does not have.
  TensorId literal(Shape shape, const std::vector<float>& values);
  const Tensor& tensor(TensorId id) const { return b_.graph.at(id); }
  /// The node that writes a tensor; null for inputs and constants.
  const Node* producer(TensorId id) const;
  /// The output becomes another name of `from`.
  void alias(TensorId from);
  /// The file's types of an input and of the output.
  std::string type_of_input(std::size_t k) const { return type_name(b_.tensors.type(in_.at(k))); }
  std::string type_of_output() const { return type_name(b_.tensors.type(out_.at(0))); }
  bool reads_and_writes_floats() const { return b_.tensors.is_float(in_.at(0)) && b_.tensors.is_float(out_.at(0)); }
  /// True when the output has the scale and zero point of `id`.
  bool same_quant_as_output(TensorId id) const;

 private:
  void emit_tanh(OpData op_data, std::vector<TensorId> inputs);

  GraphBuilder& b_;
  std::int32_t index_;
  std::vector<std::int32_t> in_, out_;
};

/// The fused activations that are attributes. Throws Error(unsupported) for SIGN_BIT and unknown ones.
Act fused_activation(fb::ActivationFunctionType f);

template <class T>
void OpImport::emit_fused(T op_data, fb::ActivationFunctionType f, std::vector<TensorId> inputs) {
  if (f == fb::ActivationFunctionType::TANH) return emit_tanh(std::move(op_data), std::move(inputs));
  op_data.act = fused_activation(f);
  emit(std::move(op_data), std::move(inputs));
}

/// Throws Error(unsupported): why the operator cannot be imported; the caller says which it is.
[[noreturn]] void reject(const std::string& why, const std::string& hint = {});

/// Options that the operator cannot be without.
template <class T>
const T& needed(const T* options) {
  if (!options) reject("its options are missing from the file");
  return *options;
}
/// The fused activation in options that may be absent.
template <class Options>
fb::ActivationFunctionType fused(const Options* o) {
  return o ? o->fused_activation_function() : fb::ActivationFunctionType::NONE;
}

class OpExport;  // op_export.h

/// One TFLite operator, in both directions: the one case that a new operator adds. Rows that only read (SQUEEZE becomes
/// a reshape, which RESHAPE's row writes) have no `write`.
struct OpCase {
  fb::BuiltinOperator code;
  void (*read)(OpImport& c);
  OpKind kind = OpKind::reshape;
  void (*write)(OpExport& e) = nullptr;
  std::int32_t int8_version = 2;   ///< the operator's version that first took int8
  std::int32_t float_version = 1;  ///< the version whose attributes `write` uses
};
/// Operators with weights, other operators that compute, and those that only move data.
std::span<const OpCase> weighted_cases() noexcept;
std::span<const OpCase> compute_cases() noexcept;
std::span<const OpCase> move_cases() noexcept;
/// Operators that become several others.
std::span<const OpCase> rewritten_cases() noexcept;

/// Imports one operator. Throws Error(unsupported) saying why when it cannot be.
void import_operator(OpImport& c);
/// The row of a TFLite operator, nullptr when there is none.
const OpCase* case_of(fb::BuiltinOperator code) noexcept;
/// Writes one node. Throws Error(unsupported) when the format cannot say it.
void export_operator(OpExport& e);
/// True when operators of this code can be imported at all (custom ones by name).
bool is_supported(fb::BuiltinOperator code, const std::string& custom_name) noexcept;
/// What to do about an operator that is not supported.
std::string advice(fb::BuiltinOperator code);

}  // namespace tinyc::tfl
