// Passes from shared libraries.
#pragma once
#include <filesystem>

#include "tinyc/load_pass.h"

namespace tinyc {

/// The pass that a library holds; it stays loaded. Throws Error(usage): no such file, no library, no pass in it, made
/// for another version, or a name that a built-in pass has.
const Pass* load_pass(const std::filesystem::path& library);

}  // namespace tinyc
