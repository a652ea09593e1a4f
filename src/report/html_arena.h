// The arena over time, and what keeps it from being smaller.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "tinyc/program.h"

namespace tinyc {

/// Bytes of the arena that are in use while each layer runs; bytes that an output takes over from an operand count
/// once.
std::vector<std::uint64_t> ram_by_layer(const Program& p);

/// Values and scratch as areas, layers to the right, offsets upwards. Where an output is written over an operand, the
/// bytes change hands in the middle of the layer.
std::string arena_chart(const Program& p);
/// The layers that need most RAM, and what lies there meanwhile.
std::string arena_table(const Program& p);

}  // namespace tinyc
