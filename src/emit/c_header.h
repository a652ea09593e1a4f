// NAME_data.h.
#pragma once
#include <string>

#include "tinyc/emit.h"

namespace tinyc {

/// Sizes, scales and functions of a model, and inline functions between its integers and floats.
std::string c_header(const Program& p, const EmitOptions& o);

}  // namespace tinyc
