// Hashes that tell whether two computations see the same inputs.
#pragma once
#include <string>

#include "tinyc/dataset.h"

namespace tinyc {

/// Of what a data set holds, not of where it lies: 64 hexadecimal digits. So of chosen rows of a file, too.
std::string fingerprint(const Dataset& d);
std::string fingerprint(const std::string& text);

}  // namespace tinyc
