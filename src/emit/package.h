// What the packages for build systems have in common.
#pragma once
#include <string>

#include "tinyc/emit.h"

namespace tinyc {

/// The files of emit_c under a folder ("src/"), NAME_data.cc as NAME_data.c: no build system needs C++ for it then.
Texts packaged_c(const Program& p, const EmitOptions& o, const std::string& folder);

/// The version that packages bear: tinyc's own, since a model has none.
std::string package_version();

}  // namespace tinyc
