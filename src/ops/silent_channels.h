// Output channels whose weights are all zero, as pruning leaves them.
#pragma once
#include <span>

#include "ops/op_support.h"

namespace tinyc {

/// Such a channel has one output, whatever its scale: that of its bias, which `zero_point` and `range` make of it. It
/// is given the scale of a channel that has weights, and a bias for the same output; its own scale may be far from all
/// others, beyond what kernels of an instruction set can do. int8 `weights` with channels along `axis`.
void lend_scales(const Tensor& weights, std::int32_t axis, const ActRange& range, std::int32_t zero_point,
                 std::span<std::int32_t> bias, std::span<Multiplier> scales);

}  // namespace tinyc
