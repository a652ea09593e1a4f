// What RAM a model needs at the least, before anything is planned.
#pragma once
#include <cstdint>

#include "tinyc/graph.h"

namespace tinyc {

/// Bytes of the largest set of int8 activations alive at once, in the model's own order: what no planner can go below
/// without one lying over another.
std::uint64_t ram_bound(const Graph& g);

}  // namespace tinyc
