// Operators of two operands with numpy broadcasting. Either may be a constant; in int8 operand A of a layer is always
// an activation, and the one with the output's shape where there is a choice.
#pragma once
#include <vector>

#include "ops/gradient.h"
#include "ops/loops.h"
#include "ops/op_support.h"
#include "ops/overlap.h"

namespace tinyc {

/// Two broadcast operands as nested loops, neighbouring dimensions merged. The innermost loop has strides 0 or 1.
struct Broadcast {
  struct Dim {
    std::int32_t count, a, b;  ///< iterations; element strides of the operands
  };
  Dim inner{1, 1, 1};
  std::vector<Dim> outer;  ///< innermost first
  /// Both operands are read straight through.
  bool same() const { return outer.empty() && inner.a == 1 && inner.b == 1; }
};
Broadcast plan_broadcast(const Shape& a, const Shape& b);

/// numpy's rule, at most 6 dimensions; rejects shapes that do not fit.
Shape broadcast_shape(const Shape& a, const Shape& b);
std::vector<Shape> infer_binary(const OpData&, std::span<const Tensor* const> in);

/// out = clamp(f(a, b)) element by element.
template <class F>
void forward_binary(const ForwardArgs& args, Act act, F f) {
  const Broadcast plan = plan_broadcast(*args.in[0].shape, *args.in[1].shape);
  const std::int32_t count = plan.inner.count;
  const auto [lo, hi] = bounds(act);
  const float *a = args.in[0].data, *b = args.in[1].data;
  float* __restrict out = args.out[0].data;
  std::vector<std::int32_t> index(plan.outer.size(), 0);
  for (std::size_t d = 0;;) {
    if (plan.inner.a && plan.inner.b)
      for (std::int32_t i = 0; i < count; ++i) out[i] = f(a[i], b[i]);
    else if (plan.inner.a)
      for (std::int32_t i = 0; i < count; ++i) out[i] = f(a[i], b[0]);
    else
      for (std::int32_t i = 0; i < count; ++i) out[i] = f(a[0], b[i]);
    if (act != Act::none) add_bias_and_clamp(1, count, nullptr, lo, hi, out);
    out += count;
    for (d = 0; d < index.size(); ++d) {
      const Broadcast::Dim& dim = plan.outer[d];
      a += dim.a;
      b += dim.b;
      if (++index[d] < dim.count) break;
      index[d] = 0;
      a -= std::ptrdiff_t{dim.count} * dim.a;
      b -= std::ptrdiff_t{dim.count} * dim.b;
    }
    if (d == index.size()) return;
  }
}

/// d a += g * slope_a(a, b), d b += g * slope_b(a, b) element by element; broadcast operands sum over their repetitions
/// in the order of the output.
template <class Fa, class Fb>
void backward_binary(const BackwardArgs& args, Act act, Fa slope_a, Fb slope_b) {
  std::vector<float> masked;
  const float* g = unclamped_gradient(args, act, masked);
  const Broadcast plan = plan_broadcast(*args.in[0].shape, *args.in[1].shape);
  const float *a = args.in[0].data, *b = args.in[1].data;
  float* __restrict ga = args.grad_in[0], * __restrict gb = args.grad_in[1];
  std::ptrdiff_t at_a = 0, at_b = 0;
  std::vector<std::int32_t> index(plan.outer.size(), 0);
  for (std::size_t d = 0;;) {
    const float *x = a + at_a, *y = b + at_b;
    const std::ptrdiff_t sa = plan.inner.a, sb = plan.inner.b;
    if (ga && sa && sb)
      for (std::ptrdiff_t i = 0; i < plan.inner.count; ++i) ga[at_a + i] += g[i] * slope_a(x[i], y[i]);
    else if (ga)
      for (std::ptrdiff_t i = 0; i < plan.inner.count; ++i) ga[at_a + i * sa] += g[i] * slope_a(x[i * sa], y[i * sb]);
    if (gb && sa && sb)
      for (std::ptrdiff_t i = 0; i < plan.inner.count; ++i) gb[at_b + i] += g[i] * slope_b(x[i], y[i]);
    else if (gb)
      for (std::ptrdiff_t i = 0; i < plan.inner.count; ++i) gb[at_b + i * sb] += g[i] * slope_b(x[i * sa], y[i * sb]);
    g += plan.inner.count;
    for (d = 0; d < index.size(); ++d) {
      const Broadcast::Dim& dim = plan.outer[d];
      at_a += dim.a;
      at_b += dim.b;
      if (++index[d] < dim.count) break;
      index[d] = 0;
      at_a -= std::ptrdiff_t{dim.count} * dim.a;
      at_b -= std::ptrdiff_t{dim.count} * dim.b;
    }
    if (d == index.size()) return;
  }
}

/// A layer of two operands with everything but its arithmetic: arena values or constant, zero points, loops.
struct BinaryLayer {
  Layer layer;
  ScaleZp a, b, out;     ///< quantization of operands A, B of the layer and of the output
  bool swapped = false;  ///< A is the node's second input
};

/// `same` serves two activations of one shape: p[0] elements. `broadcast` serves everything else: `in_c`, `stride_h`,
/// `stride_w` hold the innermost loop, `n` and `table` the outer ones (tinyc_broadcast). Rejects two constants.
BinaryLayer make_binary(const Graph& g, const Node& n, ProgramBuilder& out, const Kernel& same,
                        const Kernel& broadcast);

/// The outputs of the kernel `exact`, which computes as the reference does, for all pairs of operands of a record whose
/// arithmetic is complete: what cheaper arithmetic is checked against.
std::vector<std::int8_t> every_pair(const tinyc_layer& record, tinyc_kernel exact);
/// The layer's kernel becomes affine[0], or where it broadcasts affine[1].
void use_affine(Layer& l, const Kernel* exact, const Kernel* affine);

/// Sets k_h of the layer: 1 where operand B has the larger scale. That operand is scaled by exactly 1/2, the other by
/// less. Returns the operands' scales as (larger, smaller).
std::pair<float, float> order_by_scale(BinaryLayer& l);

/// ADD and SUB differ in the second input's sign and in how TFLite computes the multipliers.
struct AddMultipliers {
  double narrow, output;  ///< of the operand with the smaller scale, and of the sum
};
void lower_add(const Graph& g, const Node& n, ProgramBuilder& out, Act act, bool subtract,
               AddMultipliers (*multipliers)(float larger, float smaller, float output));
inline constexpr int kAddBits = 20;  ///< left shift of the operands of ADD and SUB

}  // namespace tinyc

extern "C" {
int tinyc_add(const tinyc_layer* l, uint8_t* arena);
int tinyc_add_broadcast(const tinyc_layer* l, uint8_t* arena);
int tinyc_add_affine(const tinyc_layer* l, uint8_t* arena);
int tinyc_add_affine_broadcast(const tinyc_layer* l, uint8_t* arena);
int tinyc_maximum(const tinyc_layer* l, uint8_t* arena);
int tinyc_maximum_broadcast(const tinyc_layer* l, uint8_t* arena);
}

namespace tinyc {

inline constexpr Kernel kAddKernels[] = {
    {"tinyc_add", tinyc_add, "tinyc_add.c", elementwise_overlaps, false, Bands::elements},
    {"tinyc_add_broadcast", tinyc_add_broadcast, "tinyc_add.c", broadcast_overlaps},
    {"tinyc_add_affine", tinyc_add_affine, "tinyc_add_affine.c", elementwise_overlaps, false, Bands::elements},
    {"tinyc_add_affine_broadcast", tinyc_add_affine_broadcast, "tinyc_add_affine.c", broadcast_overlaps}};
inline constexpr Kernel kMaximumKernels[] = {
    {"tinyc_maximum", tinyc_maximum, "tinyc_maximum.c", elementwise_overlaps, false, Bands::elements},
    {"tinyc_maximum_broadcast", tinyc_maximum_broadcast, "tinyc_maximum.c", broadcast_overlaps}};

/// MAXIMUM and MINIMUM; rejects operands of different scales.
void lower_maximum(const Graph& g, const Node& n, ProgramBuilder& out, bool minimum);

}  // namespace tinyc
