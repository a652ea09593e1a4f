// The one intermediate representation: a value type holding tensors and nodes in topological order. Float, quantized
// and coded models are the same type; `stage` tells which invariants hold (see verify).
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tinyc/op.h"

namespace tinyc {

enum class DType : std::uint8_t { f32, i8, i16, i32, i64, boolean };

/// Bytes of one element.
std::size_t size_of(DType t) noexcept;
/// "f32", "i8", ... as in the text form.
const char* name_of(DType t) noexcept;

/// Element count; 1 for a scalar (empty shape). Shapes in a verified graph have no zero or negative dimension and
/// a product below 2^31.
std::int64_t num_elements(const Shape& s) noexcept;
/// Whether a shape is one that a verified graph may have; any numbers may be asked about.
bool is_valid(const Shape& s) noexcept;
/// "[1,8,8,3]".
std::string to_string(const Shape& s);

/// Observed or declared real-valued range of an activation, min <= max, finite.
struct Range {
  float min = 0, max = 0;
  bool operator==(const Range&) const = default;
};

/// Affine quantization: real = scale * (q - zero_point). One entry: per tensor. Several: one for each index of `axis`.
struct Quant {
  std::vector<float> scale;
  std::vector<std::int32_t> zero_point;  ///< same length as scale
  std::int32_t axis = 0;                 ///< meaningful when scale.size() > 1
  bool per_channel() const noexcept { return scale.size() > 1; }
  bool operator==(const Quant&) const = default;
};

/// Immutable payload of a constant, shared between copies of a graph; replace it, never write through it.
using Bytes = std::vector<std::uint8_t>;
using SharedBytes = std::shared_ptr<const Bytes>;

/// The entropy-coded form of an int8 constant (docs/weight_format.md). `data` of the tensor stays beside it.
struct Coded {
  SharedBytes stream;      ///< the coded bytes
  std::int32_t table = 0;  ///< index into Graph::code_tables
  bool operator==(const Coded& o) const {
    return table == o.table && (stream == o.stream || (stream && o.stream && *stream == *o.stream));
  }
};

struct Tensor {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;
  SharedBytes data;  ///< null for activations; else exactly num_elements * size_of bytes, little-endian, row-major
  std::optional<Range> range;
  std::optional<Quant> quant;
  std::optional<Coded> coded;

  bool is_const() const noexcept { return data != nullptr; }
  std::size_t bytes() const noexcept { return static_cast<std::size_t>(num_elements(shape)) * size_of(dtype); }
  /// The constant's elements; T must match dtype (float, int8_t, int16_t, int32_t, int64_t, uint8_t for boolean).
  /// Throws Error(internal) for an activation or another type.
  template <class T>
  std::span<const T> as() const;
  bool operator==(const Tensor& o) const;
};

using TensorId = std::int32_t;
inline constexpr TensorId kNoTensor = -1;  ///< an absent optional input

struct Node {
  OpData op;
  std::vector<TensorId> inputs;   ///< kNoTensor where an optional input is absent
  std::vector<TensorId> outputs;  ///< at least one
  std::string name;               ///< name of the first output in the model file: what messages and reports show
  std::int32_t source = -1;       ///< operator index in the model file, -1 for nodes made by a pass
  bool operator==(const Node&) const = default;
};

enum class Stage : std::uint8_t { Float, Quantized, Coded };
const char* name_of(Stage s) noexcept;

struct Graph {
  std::string name = "model";
  Stage stage = Stage::Float;
  std::vector<Tensor> tensors;
  std::vector<Node> nodes;  ///< topological order: producers before consumers
  std::vector<TensorId> inputs, outputs;
  std::vector<SharedBytes> code_tables;  ///< serialized decode tables shared by coded tensors

  Tensor& at(TensorId id) { return tensors.at(static_cast<std::size_t>(id)); }
  const Tensor& at(TensorId id) const { return tensors.at(static_cast<std::size_t>(id)); }
  /// Appends a tensor and returns its id.
  TensorId add(Tensor t);
  bool operator==(const Graph& o) const;  ///< payloads and tables by content
};

/// A constant float tensor; `values.size()` must equal num_elements(shape), else Error(internal).
Tensor make_const(std::string name, Shape shape, std::span<const float> values);
/// A constant of any type from raw bytes (little-endian).
Tensor make_const(std::string name, DType dtype, Shape shape, Bytes bytes);

/// Which node produces and which consume each tensor. Built on demand; invalid after any change of the graph.
struct Uses {
  explicit Uses(const Graph& g);
  std::vector<std::int32_t> producer;                ///< node index, -1 for graph inputs and constants
  std::vector<std::vector<std::int32_t>> consumers;  ///< node indexes in order, one entry for each use
  std::vector<std::uint8_t> is_output;               ///< 1 where the tensor is a graph output
  /// True when exactly one node reads the tensor and it is no graph output.
  bool single_use(TensorId id) const;
};

/// Output shapes and types of one node from its inputs and attributes; writes them into the graph's output tensors.
/// Throws Error(unsupported) naming the node when its inputs do not fit the operator.
void infer_shapes(Graph& g, const Node& n);

/// 1 for each activation that holds whole numbers counted from 0: outputs of arg_max, what gather takes as indices, and
/// reshapes of both. Float graphs keep them as f32, quantized ones as int32.
std::vector<std::uint8_t> index_tensors(const Graph& g);

/// Checks every invariant of the current stage: ids in range, single producers, topological order, arity, inferred
/// shapes equal the recorded ones, constants of the right size, finite ranges, positive scales, zero points in range;
/// Quantized and Coded: every activation int8 with per-tensor quantization, or int32 with scale 1 and zero point 0
/// where it counts (the output of arg_max, the indices of gather). Throws Error(internal) naming node and tensor.
void verify(const Graph& g);

/// Removes nodes whose outputs nobody needs, and unused tensors; renumbers. Graph inputs stay.
void remove_unused(Graph& g);

/// Multiply-accumulates of one inference (batch as in the shapes): CONV, DEPTHWISE, TRANSPOSE_CONV, FULLY_CONNECTED,
/// BATCH_MATMUL; 0 for all other operators.
std::int64_t macs(const Graph& g, const Node& n);

}  // namespace tinyc
