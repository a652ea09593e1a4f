// Writing C for firmware.
#pragma once
#include <map>
#include <string>

#include "tinyc/program.h"

namespace tinyc {

/// File name -> contents: NAME_data.h, NAME_data.cc, tinyc_rt.h, tinyc_rt.c (only the kernels in use). Deterministic.
/// `p.name` must be a C identifier, else Error(usage).
std::map<std::string, std::string> emit_c(const Program& p);

/// The runtime's files that tinyc_rt.c holds for this program, by name.
std::map<std::string, std::string> runtime_files(const Program& p);

/// True for [A-Za-z_][A-Za-z0-9_]* that is no keyword of C or C++.
bool is_c_identifier(const std::string& name);

}  // namespace tinyc
