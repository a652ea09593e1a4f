// Moving elements without arithmetic: one description of "which element goes where" that the float step and the int8
// layer of reshape, pad, concatenation, transpose, strided_slice, space_to_depth and depth_to_space share.
#pragma once
#include <cstdint>
#include <vector>

#include "ops/gradient.h"
#include "ops/op_support.h"

extern "C" {
int tinyc_copy(const tinyc_layer* l, std::uint8_t* arena);
int tinyc_copy_strided(const tinyc_layer* l, std::uint8_t* arena);
int tinyc_pad(const tinyc_layer* l, std::uint8_t* arena);
}

namespace tinyc {

/// Highest rank the moving operators accept.
inline constexpr std::size_t kMaxCopyRank = 6;

/// The loops of tinyc_copy_strided.
Overlaps copy_overlaps(const Program& p, const Layer& l);

inline constexpr Kernel kCopyKernels[] = {{"tinyc_copy", tinyc_copy, "tinyc_copy.c"},
                                          {"tinyc_copy_strided", tinyc_copy_strided, "tinyc_copy.c", copy_overlaps}};
/// Copies `out_bytes` bytes from in0 to out: for outputs that are another name of an input.
inline constexpr const Kernel& kCopyKernel = kCopyKernels[0];
inline constexpr const Kernel& kStridedCopyKernel = kCopyKernels[1];

/// One loop of a copy: `extent` rounds, each moving the source by in_step and the destination by out_step elements.
struct CopyDim {
  std::int32_t extent = 1, in_step = 0, out_step = 0;
};
/// Nested loops, outermost first, from the elements `in_start` and `out_start`.
struct CopyPlan {
  std::vector<CopyDim> dims;
  std::int32_t in_start = 0, out_start = 0;
};

/// Elements between neighbours along each dimension of a row-major tensor.
Ints row_major_steps(const Shape& s);

/// Copies all of a tensor of `elements` elements.
CopyPlan copy_all(std::int64_t elements);

/// Runs the plan on floats.
void copy_elements(const CopyPlan& plan, const float* in, float* out);

/// Appends the layer that runs the plan from tensor `in` (an activation, or an int8 constant read from flash) to the
/// node's output with a kernel of the strided family. `part`: more layers write the same output after this one.
/// `fill`: the byte that tinyc_pad writes around the copied elements.
void add_copy(const Graph& g, const Node& n, TensorId in, const CopyPlan& plan, const Kernel& kernel, bool part,
              ProgramBuilder& out, std::int32_t fill = 0);

/// The whole lowering of a node with one input that only moves elements. A plan that changes no address becomes an
/// alias. Rejects different quantization of input and output.
void lower_move(const Graph& g, const Node& n, const CopyPlan& plan, ProgramBuilder& out);

/// Rejects a node whose input `in` and first output do not share scale and zero point.
void require_same_quant(const Graph& g, const Node& n, TensorId in);

/// A dimension computed in 64 bits; rejects what is not in [1, 2^31).
std::int32_t checked_dim(std::int64_t d);

}  // namespace tinyc
