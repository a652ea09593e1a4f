// The tensors of a file, decoded: names, resolved shapes, quantization, constants in the graph's own types.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tflite/model_file.h"

namespace tinyc::tfl {

/// Stored blocks of a sparse tensor put in their places; zeros elsewhere. `element` = bytes of one element. Throws
/// Error(input) when the description contradicts itself or the stored values.
Bytes expand_sparse(const fb::SparsityParameters& s, const Shape& shape, std::span<const std::uint8_t> stored,
                    std::size_t element);

class TensorTable {
 public:
  /// Throws Error(input) for impossible shapes. Notes (dynamic batch) are appended to `notes`.
  TensorTable(const ModelFile& file, std::vector<std::string>& notes);

  /// As in the file, printable, "tensor_N" where the file has none; not necessarily unique.
  const std::string& name(std::int32_t i) const { return at(i).name; }
  fb::TensorType type(std::int32_t i) const { return at(i).type; }
  /// Unknown dimensions resolved; check `shape_known`. [] for a tensor without a shape.
  const Shape& shape(std::int32_t i) const { return at(i).shape; }
  /// False when the file leaves more than the batch open, so that only shape inference can tell.
  bool shape_known(std::int32_t i) const { return at(i).shape_known; }
  /// A dimension other than the first that the converter left open.
  bool dynamic(std::int32_t i) const { return at(i).dynamic; }
  bool variable(std::int32_t i) const { return file_.tensor(static_cast<std::size_t>(i)).is_variable(); }
  /// True for float32, int8 and uint8: the types an activation may have.
  bool is_float(std::int32_t i) const { return type(i) == fb::TensorType::FLOAT32; }
  /// Takes whole numbers for the reals that a CAST makes of them: the tensor is float32 from here on.
  void take_by_value(std::int32_t i) { at(i).type = fb::TensorType::FLOAT32; }
  bool is_int8(std::int32_t i) const { return type(i) == fb::TensorType::INT8 || type(i) == fb::TensorType::UINT8; }
  /// True for int32 and int64: activations that count (positions, indices).
  bool is_index(std::int32_t i) const { return type(i) == fb::TensorType::INT32 || type(i) == fb::TensorType::INT64; }

  /// Scales and zero points, those of uint8 tensors shifted to int8; nothing when the file has none. Throws
  /// Error(input) for impossible ones and Error(unsupported) for blockwise and custom schemes.
  std::optional<Quant> quant(std::int32_t i) const;

  /// True when the file stores data for the tensor or `set_constant` gave it a value.
  bool is_constant(std::int32_t i) const { return at(i).stored || at(i).value.has_value(); }
  /// The value, decoded on first use: float16, bfloat16 and float64 become f32, uint8 and int4 become i8, sparse ones
  /// dense. Throws Error(input) for wrong sizes, NaN and infinity, Error(unsupported) for types without a meaning here.
  const Tensor& constant(std::int32_t i);
  /// Gives a tensor a value computed at import.
  void set_constant(std::int32_t i, Tensor value);
  /// Counts bytes against the limit for all constants; throws Error(input) when it is passed.
  void account(std::uint64_t bytes);

 private:
  struct Entry {
    std::string name;
    fb::TensorType type{};
    Shape shape;
    bool shape_known = true, dynamic = false, stored = false;
    std::optional<Tensor> value;
  };
  const Entry& at(std::int32_t i) const { return entries_.at(static_cast<std::size_t>(i)); }
  Entry& at(std::int32_t i) { return entries_.at(static_cast<std::size_t>(i)); }
  void resolve_shape(const fb::Tensor& t, Entry& e, bool is_input, std::vector<std::string>& notes);
  Tensor decode(std::int32_t i);

  const ModelFile& file_;
  std::vector<Entry> entries_;
  std::uint64_t constant_bytes_ = 0;
};

/// The constant as f32: (q - zero_point) * scale for i8 and i32 with `quant`, f32 as it is. Throws Error(unsupported)
/// for integers without quantization.
Tensor dequantized(const Tensor& t);

/// Element i of an i32 or i64 constant (or boolean). Throws Error(unsupported) for other types.
std::vector<std::int64_t> integers(const Tensor& t);

}  // namespace tinyc::tfl
