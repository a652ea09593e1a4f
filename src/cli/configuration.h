// tinyc.toml: the options of compress by model. Read with toml++; unknown keys and sections are errors.
#pragma once
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "cli/options.h"

namespace tinyc {

/// Sets what [defaults] and the [[model]] of this path say. Relative paths count from the file's folder. Keys named in
/// `without` are understood and left alone. Throws Error(bad_configuration, bad_value).
void apply_configuration(CompressOptions& o, const std::filesystem::path& file, const std::set<std::string>& without);

/// The paths of its [[model]]s as written, in their order. Throws Error(bad_configuration): also for one that stands
/// twice.
std::vector<std::string> configured_models(const std::filesystem::path& file);

/// schemas/tinyc.toml.schema.json.
std::string configuration_schema();

}  // namespace tinyc
