// Operators: plain data structs generated from ops.def, and one traits row for each, defined in src/ops/<stem>.cpp.
#pragma once
#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace tinyc {

using Shape = std::vector<std::int32_t>;  ///< row-major, NHWC for pictures
using Ints = std::vector<std::int32_t>;

/// Fused activation of the operators that have one: real clamp to [0,inf), [0,6], [-1,1].
enum class Act : std::uint8_t { none, relu, relu6, relu_n1_to_1 };
/// Real bounds of a fused activation; +-infinity where it does not clamp.
std::pair<float, float> bounds(Act a) noexcept;

/// (height, width).
struct Pair {
  std::int32_t h = 1, w = 1;
  bool operator==(const Pair&) const = default;
};
/// Explicit zero padding in elements; SAME is resolved at import (the odd one goes bottom/right).
struct Pads {
  std::int32_t top = 0, bottom = 0, left = 0, right = 0;
  bool operator==(const Pads&) const = default;
};

#define TINYC_FIELD(type, name, ...) type name = __VA_ARGS__;
#define TINYC_OP(Type, stem, ...)                 \
  struct Type {                                   \
    __VA_ARGS__                                   \
    bool operator==(const Type&) const = default; \
  };
#include "tinyc/ops.def"
#undef TINYC_OP
#undef TINYC_FIELD

/// Position in ops.def; equals OpData::index().
enum class OpKind : std::uint8_t {
#define TINYC_OP(Type, stem, ...) stem,
#include "tinyc/ops.def"
#undef TINYC_OP
};

namespace detail {
struct End {
  bool operator==(const End&) const = default;
};
}  // namespace detail

using OpVariant = std::variant<
#define TINYC_OP(Type, stem, ...) Type,
#include "tinyc/ops.def"
#undef TINYC_OP
    detail::End>;  // End closes the generated list and is never held by a node

/// One operator's data. A class of its own because copying, moving and destroying so many alternatives is a second's
/// work for the compiler in every unit that copies a graph; here they are compiled once, in src/ir/op.cpp.
struct OpData : OpVariant {
  using OpVariant::OpVariant;
  using OpVariant::operator=;
  OpData();
  OpData(const OpData& o);
  OpData(OpData&& o) noexcept;
  OpData& operator=(const OpData& o);
  OpData& operator=(OpData&& o) noexcept;
  ~OpData();
  bool operator==(const OpData& o) const;
};

inline constexpr std::size_t kOpCount = std::variant_size_v<OpVariant> - 1;

inline OpKind kind(const OpData& op) noexcept { return static_cast<OpKind>(op.index()); }
/// The stem, e.g. "conv_2d": the name in the text form, in file names and in messages.
const char* name_of(OpKind k) noexcept;
/// Default-constructed data of an operator by stem; false when there is no such operator.
bool make_op(const std::string& stem, OpData& out);

/// Calls `visit(name, field)` for every attribute of the operator held by `op`, in the order of ops.def. Field types:
/// bool, int32_t, float, Act, Pair, Pads, Ints. The text form, comparison and documentation are built on this.
/// `op` may be const.
template <class D, class V>
void visit_fields(D& op, V&& visit) {
  switch (op.index()) {
#define TINYC_FIELD(type, name, ...) visit(#name, o.name);
#define TINYC_OP(Type, stem, ...)                  \
  case static_cast<std::size_t>(OpKind::stem): {   \
    [[maybe_unused]] auto& o = std::get<Type>(op); \
    __VA_ARGS__ break;                             \
  }
#include "tinyc/ops.def"
#undef TINYC_OP
#undef TINYC_FIELD
    default: break;
  }
}

struct Graph;
struct Node;
struct Tensor;
struct Kernel;  // program.h
class ProgramBuilder;

/// A float tensor as the executor hands it to `forward`. `data` is null for an absent optional input.
struct FloatIn {
  const float* data = nullptr;
  const Shape* shape = nullptr;
};
struct FloatOut {
  float* data = nullptr;
  const Shape* shape = nullptr;
};
/// Arguments of a float forward step. `scratch` may be resized freely and is reused by the same worker thread.
/// `samples` is more than 1 only for operators that say `batched`: in0 and out0 then hold that many samples one after
/// the other, each of its shape, and all other inputs are constants that the samples share.
struct ForwardArgs {
  const OpData& op;
  std::span<const FloatIn> in;
  std::span<const FloatOut> out;
  std::vector<float>& scratch;
  std::int64_t samples = 1;
};
/// Arguments of a backward step: reverse-mode differentiation of `forward` at the inputs `in` and outputs `out` that
/// forward saw and made. Adds d loss / d in[i] to grad_in[i] where that is not null; grad_out is never null.
struct BackwardArgs {
  const OpData& op;
  std::span<const FloatIn> in, out;
  std::span<const float* const> grad_out;
  std::span<float* const> grad_in;
  std::vector<float>& scratch;
  std::int64_t samples = 1;  ///< as in ForwardArgs
};

/// How post-training quantization treats an operator (TFLite int8 specification).
struct QuantRule {
  enum class Output : std::uint8_t {
    calibrated,     ///< own scale and zero point from the calibrated range
    same_as_input,  ///< output and all activation inputs share one scale and zero point
    fixed,          ///< `scale`, `zero_point` below
    index           ///< whole numbers counted from 0, int32 in a quantized graph: no scale
  };
  Output output = Output::calibrated;
  float scale = 0;
  std::int32_t zero_point = 0;
  std::int32_t weight = -1;       ///< index of the weights input: int8, symmetric, zero point 0, [-127, 127]
  std::int32_t weight_axis = -1;  ///< per-channel axis of the weights, -1 = one scale for the tensor
  std::int32_t index = -1;        ///< the input that holds int32 numbers counted from 0, where it is an activation
  std::int32_t bias = -1;         ///< index of the bias input: int32, scale = s_in * s_w[c]
};

/// What an operator's own file defines. A row with a missing entry does not compile (see complete()).
struct OpTraits {
  const char* name = nullptr;     ///< the stem
  const char* summary = nullptr;  ///< one line for `tinyc ops`
  std::int32_t min_inputs = 1;    ///< required inputs
  std::int32_t max_inputs = 1;    ///< including optional ones; -1 = any number
  QuantRule quant{};
  /// Inputs below `min` have the int8 output of min, those above `max` that of max.
  struct Saturation {
    float min = -std::numeric_limits<float>::infinity(), max = std::numeric_limits<float>::infinity();
  } saturation{};
  bool moves = false;        ///< output elements are elements of the inputs: clamping commutes with it
  bool elementwise = false;  ///< an output element depends on the elements at its (broadcast) place only
  bool batched = false;      ///< forward and backward take several samples at once where in1, in2 ... are constants
  /// Output shapes from attributes and input shapes. Throws Error(unsupported) when they do not fit (the caller adds
  /// the node's name). Absent optional inputs are null.
  std::vector<Shape> (*infer)(const OpData& op, std::span<const Tensor* const> in) = nullptr;
  /// Float reference semantics; outputs do not alias inputs.
  void (*forward)(const ForwardArgs& a) = nullptr;
  /// Gradients of forward; stop_gradient where the output does not depend smoothly on anything.
  void (*backward)(const BackwardArgs& a) = nullptr;
  /// Multiply-accumulates of one inference.
  std::int64_t (*macs)(const OpData& op, std::span<const Tensor* const> in, const Tensor& out) = nullptr;
  /// Appends the layers of a quantized node to the program. Throws Error(unsupported) where int8 is not possible.
  void (*lower)(const Graph& g, const Node& n, ProgramBuilder& out) = nullptr;
  /// The runtime kernels that `lower` may choose from; empty when the operator costs nothing at run time.
  std::span<const Kernel> kernels{};
};

/// True when every entry of the row is filled in; each op file asserts it: static_assert(complete(kTraits)).
consteval bool complete(const OpTraits& t) {
  return t.name && t.summary && t.infer && t.forward && t.backward && t.macs && t.lower && t.min_inputs >= 1 &&
         (t.max_inputs == -1 || t.max_inputs >= t.min_inputs);
}

#define TINYC_OP(Type, stem, ...) extern const OpTraits traits_##stem;  // defined in src/ops/<stem>.cpp
#include "tinyc/ops.def"
#undef TINYC_OP

/// The row of an operator.
const OpTraits& traits(OpKind k) noexcept;
inline const OpTraits& traits(const OpData& op) noexcept { return traits(kind(op)); }

/// For the rows of operators that are constant almost everywhere: adds nothing.
void stop_gradient(const BackwardArgs&) noexcept;

/// For the rows of operators without multiplications.
std::int64_t no_macs(const OpData&, std::span<const Tensor* const>, const Tensor&) noexcept;

}  // namespace tinyc
