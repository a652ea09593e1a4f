// Which values of an activation still make a difference once the model is int8.
#pragma once
#include <vector>

#include "tinyc/graph.h"

namespace tinyc {

/// By tensor, the interval of values that its readers can tell apart: [-3, inf) when only hard_swish reads it, all
/// reals for inputs and outputs of the graph. Clamping an activation to it leaves the int8 model's outputs as they are.
std::vector<Range> distinguished_ranges(const Graph& g);

}  // namespace tinyc
