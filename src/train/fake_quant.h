// Rounding to an integer grid in float.
#pragma once
#include <span>

#include "tinyc/train.h"

namespace tinyc {

/// to[i] = the grid point of from[i]; an activation's grid is [-128, 127] with one scale.
void round_activation(const Quant& q, std::span<const float> from, std::span<float> to);
/// gradient[i] = 0 where value[i] lies outside the grid by more than half a step.
void mask_outside(const Quant& q, std::span<const float> value, std::span<float> gradient);
/// The same for a weight tensor of `shape`: symmetric, [-limit, limit].
void round_weights(const Quant& q, std::int32_t limit, const Shape& shape, std::span<const float> from,
                   std::span<float> to);

}  // namespace tinyc
