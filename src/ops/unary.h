// Operators of one activation, element by element. In int8 each is a table of 256 bytes, built here at lowering and
// read by one kernel (src/rt/tinyc_lut.c).
#pragma once
#include <functional>

#include "ops/gradient.h"
#include "ops/op_support.h"
#include "ops/overlap.h"

extern "C" int tinyc_lut(const tinyc_layer* l, uint8_t* arena);

namespace tinyc {

inline constexpr Kernel kLutKernels[] = {
    {"tinyc_lut", tinyc_lut, "tinyc_lut.c", elementwise_overlaps, false, Bands::elements}};

/// The output has the input's shape.
std::vector<Shape> infer_unary(const OpData&, std::span<const Tensor* const> in);

/// out[i] = f(in[i]).
template <class F>
void map_elements(const ForwardArgs& a, F f) {
  const auto n = num_elements(*a.out[0].shape);
  for (std::int64_t i = 0; i < n; ++i) a.out[0].data[i] = f(a.in[0].data[i]);
}

/// One entry of a table: the output for the input q, both at the node's quantization; clamped to int8 by the caller.
using TableEntry = std::function<std::int32_t(std::int32_t q)>;

/// Emits one lookup layer with the entry of every q in [-128, 127].
void lower_table(const Graph& g, const Node& n, ProgramBuilder& out, const TableEntry& entry);

/// Entries where TFLite has no int8 kernel of its own: round(f(s_in * (q - zp_in)) / s_out) + zp_out in float, ties
/// away from zero, infinities clamp, f evaluated in double. `f` must not return NaN.
TableEntry real_entry(ScaleZp in, ScaleZp out, std::function<double(double)> f);

/// relu, relu6, relu_n1_to_1: requantization by s_in / s_out and a clamp.
void lower_clamp(const Graph& g, const Node& n, ProgramBuilder& out, Act act);

/// Quantization of input 0 and of the output.
struct UnaryQuant {
  ScaleZp in, out;
};
UnaryQuant unary_quant(const Graph& g, const Node& n);

/// The input of the fixed-point logistic and tanh tables: q - zp scaled to Q4.27, and where the function saturates.
class Q4Input {
 public:
  explicit Q4Input(ScaleZp in);
  /// -1 or 1 where the input lies outside (-16, 16) as the reference kernel sees it, else 0.
  int saturated(std::int32_t q) const;
  std::int32_t value(std::int32_t q) const;

 private:
  std::int32_t zero_point_;
  Multiplier to_q4_;
  std::int64_t radius_;
};

}  // namespace tinyc
