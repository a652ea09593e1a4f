// STRIDED_SLICE with all its masks, resolved to one (begin, size, stride) for each input dimension.
#pragma once
#include "tflite/model_file.h"

namespace tinyc::tfl {

struct ResolvedSlice {
  Ints begin, size, stride;  ///< one entry an input dimension; size >= 1
  Shape shape;               ///< of the result, after shrunk and new axes
};

/// Throws Error(unsupported) when the slice is empty, leaves its input or contradicts itself.
ResolvedSlice resolve_slice(const Shape& in, const std::vector<std::int64_t>& begin,
                            const std::vector<std::int64_t>& end, const std::vector<std::int64_t>& stride,
                            const fb::StridedSliceOptions* o);

/// Axis counted from the end when negative. Throws Error(unsupported) outside [-rank, rank).
std::size_t resolve_axis(std::int64_t axis, std::size_t rank);

/// Element numbers of the slice in row-major order of its result.
std::vector<std::size_t> slice_elements(const Shape& in, const ResolvedSlice& s);

}  // namespace tinyc::tfl
