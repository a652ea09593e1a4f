// Passes from shared libraries.
#pragma once
#include <filesystem>

#include "tinyc/load_pass.h"

namespace tinyc {

/// The pass that a library holds; it stays loaded. Throws Error(usage): no such file, no library, no pass in it, made
/// for another version, a name that a built-in pass has, or a tinyc that cannot load passes.
const Pass* load_pass(const std::filesystem::path& library);

/// Whether this build has --load-pass: a static executable cannot load what needs the C library of the system.
constexpr bool can_load_passes() noexcept {
#if defined(TINYC_STATIC)
  return false;
#else
  return true;
#endif
}

}  // namespace tinyc
