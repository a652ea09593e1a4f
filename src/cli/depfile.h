// Dependency files for build systems: what a compression read, as a rule of make.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "cli/options.h"

namespace tinyc {

/// The files that compress reads for these options, each once: the model, configuration, data (a folder, and each
/// picture in it), teacher, student, passes. What a fine-tuning hook reads is not among them.
std::vector<std::filesystem::path> files_read(const CompressOptions& o);

/// "TARGET: FILES", names escaped, and for each file an empty rule, so that make goes on when one is gone.
std::string dependency_rule(const std::filesystem::path& target, const std::vector<std::filesystem::path>& files);

}  // namespace tinyc
