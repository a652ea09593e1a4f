// The code of a program, kernel by kernel.
#pragma once
#include <vector>

#include "pipeline/targets.h"
#include "tinyc/report.h"

namespace tinyc {

/// Bytes of .text for the target: with its compiler each kernel's own share (what the whole would be smaller by without
/// it) and "shared" for the rest; without, an estimate for each of the runtime's files. The largest first.
std::vector<CodePart> code_parts(const Program& p, const Target& t);

}  // namespace tinyc
