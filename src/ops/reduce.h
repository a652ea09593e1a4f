// Operators that reduce over any axes: MEAN, SUM, REDUCE_MAX, REDUCE_MIN.
#pragma once
#include <vector>

#include "ops/op_support.h"
#include "ops/overlap.h"

namespace tinyc {

/// Output shape; negative axes count from the end, no axes means no reduction. At most 6 dimensions.
Shape reduced_shape(const Shape& in, const Ints& axes, bool keep_dims);

template <class R>
std::vector<Shape> infer_reduce(const OpData& op, std::span<const Tensor* const> in) {
  return {reduced_shape(in[0]->shape, get<R>(op).axes, get<R>(op).keep_dims)};
}

/// Loops of a reduction, neighbouring axes of one kind merged: at most three kept ones (in output order) and three
/// reduced.
struct Reduction {
  struct Dim {
    std::int32_t count = 1, stride = 0;  ///< in elements of the input
  };
  std::array<Dim, 3> kept, reduced;  ///< outermost first, unused ones first
  std::int32_t terms() const { return reduced[0].count * reduced[1].count * reduced[2].count; }
};
Reduction plan_reduction(const Shape& in, const Ints& axes);

/// Calls visit(element) for every element that the loops `d` reach from element `x`, in order.
template <class Visit>
void for_elements(const std::array<Reduction::Dim, 3>& d, std::ptrdiff_t x, Visit&& visit) {
  for (std::int32_t i = 0; i < d[0].count; ++i)
    for (std::int32_t j = 0; j < d[1].count; ++j)
      for (std::int32_t k = 0; k < d[2].count; ++k)
        visit(x + std::ptrdiff_t{i} * d[0].stride + std::ptrdiff_t{j} * d[1].stride + std::ptrdiff_t{k} * d[2].stride);
}

/// out = fold of `step` over the reduced axes, starting with the first element.
template <class F>
void forward_reduce(const ForwardArgs& a, const Ints& axes, F step) {
  const Reduction r = plan_reduction(*a.in[0].shape, axes);
  const float* in = a.in[0].data;
  float* out = a.out[0].data;
  for_elements(r.kept, 0, [&](std::ptrdiff_t x) {
    float acc = 0;
    bool first = true;
    for_elements(r.reduced, x, [&](std::ptrdiff_t y) {
      acc = first ? in[y] : step(acc, in[y]);
      first = false;
    });
    *out++ = acc;
  });
}

/// d in += share(in, out, g, terms) of every reduced element.
template <class F>
void backward_reduce(const BackwardArgs& a, const Ints& axes, F share) {
  if (!a.grad_in[0]) return;
  const Reduction r = plan_reduction(*a.in[0].shape, axes);
  std::ptrdiff_t out = 0;
  for_elements(r.kept, 0, [&](std::ptrdiff_t x) {
    const float y = a.out[0].data[out], g = a.grad_out[0][out];
    for_elements(r.reduced, x, [&](std::ptrdiff_t i) { a.grad_in[0][i] += share(a.in[0].data[i], y, g, r.terms()); });
    ++out;
  });
}

/// MEAN and SUM in int8: (sum - terms * zp_in) requantized; `mean` folds 1 / terms into the multiplier as TFLite does.
void lower_sum(const Graph& g, const Node& n, ProgramBuilder& out, const Ints& axes, bool mean);
/// REDUCE_MAX and REDUCE_MIN; rejects an output whose quantization differs from the input's.
void lower_extremum(const Graph& g, const Node& n, ProgramBuilder& out, const Ints& axes, bool minimum);

}  // namespace tinyc

extern "C" {
int tinyc_mean(const tinyc_layer* l, uint8_t* arena);
int tinyc_mean_rows(const tinyc_layer* l, uint8_t* arena);
int tinyc_reduce_max(const tinyc_layer* l, uint8_t* arena);
}

namespace tinyc {
/// Each output is written after all of its terms were read.
Overlaps reduction_overlaps(const Program& p, const Layer& l);

inline constexpr Kernel kSumKernels[] = {
    {"tinyc_mean", tinyc_mean, "tinyc_mean.c", reduction_overlaps},
    {"tinyc_mean_rows", tinyc_mean_rows, "tinyc_mean_rows.c", nullptr, false, Bands::sums}};
inline constexpr Kernel kExtremumKernels[] = {
    {"tinyc_reduce_max", tinyc_reduce_max, "tinyc_reduce_max.c", reduction_overlaps}};
}  // namespace tinyc
