// Folders that are replaced as a whole.
#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "tinyc/graph.h"

namespace tinyc {

/// Makes `dir` hold exactly these files. They are written beside it first, and both folders change places: at every
/// moment `dir` is the old one or the new one (on file systems that cannot exchange names it is missing for a moment).
/// Throws Error(write).
void replace_folder(const std::filesystem::path& dir, const std::map<std::string, Bytes>& files);

}  // namespace tinyc
