// SAME padding in elements, as TFLite resolves it.
#pragma once
#include <cstdint>
#include <utility>

namespace tinyc::tfl {

/// (before, after) such that the window gives ceil(in / stride) outputs; the odd element goes after.
std::pair<std::int64_t, std::int64_t> same_padding(std::int32_t in, std::int32_t kernel, std::int32_t stride,
                                                   std::int32_t dilation);

/// (before, after) of a transposed convolution with the given output; `after` may be negative: rows that no window
/// reaches. Padding before is that of the forward convolution which this one reverses (none for VALID).
std::pair<std::int64_t, std::int64_t> transposed_padding(std::int32_t in, std::int64_t out, std::int32_t kernel,
                                                         std::int32_t stride, bool same);

}  // namespace tinyc::tfl
