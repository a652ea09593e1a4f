// Turning one node of the graph into operators of a file.
#pragma once
#include <string>
#include <vector>

#include "tflite/exporter.h"

namespace tinyc::tfl {

/// One node being written: ids of the file's tensors, attributes that TFLite keeps in tensors, padding as TFLite knows
/// it.
class OpExport {
 public:
  using Ids = std::vector<std::int32_t>;
  OpExport(Exporter& exporter, const Node& node) : n(node), e_(exporter) {}

  const Node& n;

  const Tensor& in(std::size_t k) const { return e_.graph_.at(n.inputs.at(k)); }
  const Tensor& out() const { return e_.graph_.at(n.outputs[0]); }
  /// The file's number of a graph tensor; -1 for an absent one.
  std::int32_t id(TensorId t) const { return t == kNoTensor ? -1 : e_.file_id_[static_cast<std::size_t>(t)]; }
  Ids inputs() const;
  flatbuffers::FlatBufferBuilder& file() { return e_.out_; }

  /// A constant parameter tensor `what` of int32 values.
  std::int32_t parameter(const char* what, const Ints& values) { return e_.parameter(n, what, values); }
  std::int32_t parameter(const char* what, Shape shape, const Ints& values) {
    return e_.parameter(n, what, std::move(shape), values);
  }
  /// A scalar in the first input's own type and quantization. Throws Error(unsupported) when that has no scale.
  std::int32_t scalar_like_input(float value);

  enum class Border : std::uint8_t { none, zeros, lowest };  ///< what a PAD before the window may write
  /// SAME or VALID where that says it all; else a PAD of `border` before the window, which replaces ids[0]. Throws
  /// Error(unsupported) where neither fits.
  fb::Padding window(Ids& ids, Pair kernel, Pair stride, Pair dilation, const Pads& p, Border border);
  /// Rejects int8 weights with a zero point, which TFLite's int8 kernels ignore.
  void check_symmetric() const;

  /// Writes the operator with the node's output.
  template <class Options>
  void put(fb::BuiltinOperator code, const Ids& ids, fb::BuiltinOptions type, flatbuffers::Offset<Options> options) {
    e_.add_operator(code, ids, {id(n.outputs[0])}, type, options.Union());
  }
  void put(fb::BuiltinOperator code, const Ids& ids) { e_.add_operator(code, ids, {id(n.outputs[0])}); }
  /// Throws Error(unsupported): `why` cannot be said in the format.
  [[noreturn]] void reject(const std::string& why) const;

 private:
  Exporter& e_;
};

fb::ActivationFunctionType fused_activation(Act a);

}  // namespace tinyc::tfl
