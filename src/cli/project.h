// A model repository: a tinyc.toml with several models, what was built of them, and tinyc.lock.json.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "cli/options.h"

namespace tinyc {

struct ProjectModel {
  std::string path;         ///< as tinyc.toml has it: what annotations point at
  CompressOptions options;  ///< resolved; out_dir lies beside tinyc.toml where nothing else is said
};

struct Project {
  std::filesystem::path config, folder;
  std::vector<ProjectModel> models;
  std::filesystem::path lock_file() const { return folder / "tinyc.lock.json"; }
};

/// `config` empty: tinyc.toml in the working folder. Throws Error(bad_configuration): no such file, no [[model]], two
/// that would be written into the same folder.
Project load_project(const std::string& config);

}  // namespace tinyc
