// --emit blob: models whose data lie outside of the firmware.
#pragma once
#include <cstdint>
#include <string>

#include "tinyc/emit.h"

namespace tinyc {

/// Stands for what the firmware holds: two programs with the same one can take each other's data.
std::uint32_t blob_structure(const Program& p);

/// NAME_load, NAME_scale, NAME_zero_point and NAME_invoke for NAME_data.cc.
std::string blob_functions(const Program& p);

}  // namespace tinyc
