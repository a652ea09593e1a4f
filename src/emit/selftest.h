// --emit selftest: an input, its outputs and a hash of every layer's output, for the device to repeat.
#pragma once
#include <string>
#include <vector>

#include "tinyc/program.h"

namespace tinyc {

/// Constants and NAME_selftest for NAME_data.cc; `inputs` as they lie in the arena. Throws Error(internal) when the
/// program does not run.
std::string selftest_function(const Program& p, const std::vector<Bytes>& inputs);

}  // namespace tinyc
