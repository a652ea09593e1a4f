// A .tflite file after recognition and structural verification: accessors that stay within bounds.
#pragma once
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tflite_generated.h"
#include "tinyc/graph.h"

namespace tinyc::tfl {

namespace fb = tinyc::tflite;

/// Most tensors, operators, and buffers that a file may claim.
inline constexpr std::size_t kMaxItems = 100'000;
/// Most bytes that all constants of a file may take after expansion.
inline constexpr std::uint64_t kMaxConstantBytes = std::uint64_t{1} << 30;

/// The main subgraph of a verified file. Tensor numbers of operators, inputs and outputs are in range.
class ModelFile {
 public:
  /// Throws Error(input) when `bytes` is not a well-formed model; `path` is for messages. `bytes` must outlive this.
  ModelFile(std::span<const std::uint8_t> bytes, const std::string& path);

  std::size_t tensor_count() const noexcept { return tensors_->size(); }
  std::size_t op_count() const noexcept { return ops_ ? ops_->size() : 0; }
  const fb::Tensor& tensor(std::size_t i) const { return *tensors_->Get(static_cast<flatbuffers::uoffset_t>(i)); }
  const fb::Operator& op(std::size_t i) const { return *ops_->Get(static_cast<flatbuffers::uoffset_t>(i)); }
  const std::vector<std::int32_t>& inputs() const noexcept { return inputs_; }
  const std::vector<std::int32_t>& outputs() const noexcept { return outputs_; }

  /// The larger of the two code fields.
  fb::BuiltinOperator code(const fb::Operator& op) const;
  std::int32_t version(const fb::Operator& op) const { return opcode(op).version(); }
  /// The name of a custom operator, empty for builtin ones.
  std::string custom_name(const fb::Operator& op) const;
  /// "CONV_2D", "CUSTOM:Name", or "BUILTIN_333" for a code without a name.
  std::string op_name(const fb::Operator& op) const;
  /// Custom options inside or outside the flatbuffer; empty when there are none.
  std::span<const std::uint8_t> custom_options(const fb::Operator& op) const;

  /// The stored bytes of a tensor; empty for an activation. Throws Error(input) for bytes outside the file and
  /// Error(unsupported) for external files.
  std::span<const std::uint8_t> stored(const fb::Tensor& t) const;

 private:
  const fb::OperatorCode& opcode(const fb::Operator& op) const;
  void check_ids(const std::string& path) const;
  std::span<const std::uint8_t> outside(std::uint64_t offset, std::uint64_t size, const char* what) const;

  std::vector<std::uint8_t> copy_;  // only when the caller's bytes are not aligned
  std::span<const std::uint8_t> bytes_;
  const fb::Model* model_ = nullptr;
  const flatbuffers::Vector<flatbuffers::Offset<fb::Tensor>>* tensors_ = nullptr;
  const flatbuffers::Vector<flatbuffers::Offset<fb::Operator>>* ops_ = nullptr;
  std::vector<std::int32_t> inputs_, outputs_;
};

/// A FlatBuffers vector of numbers as a std::vector; empty when absent. Copied as bytes: the verifier does not promise
/// that 64-bit elements of a damaged file are aligned.
template <class T>
std::vector<T> values(const flatbuffers::Vector<T>* v) {
  std::vector<T> out(v ? v->size() : 0);
  if (!out.empty()) std::memcpy(out.data(), v->Data(), out.size() * sizeof(T));
  return out;
}

/// "FLOAT32", or "type 77".
std::string type_name(fb::TensorType t);

}  // namespace tinyc::tfl
