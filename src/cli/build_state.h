// Whether what was built of a model is up to date.
#pragma once
#include <filesystem>
#include <string>

#include "cli/project.h"

namespace tinyc {

/// What a build of a model depends on, as one hash: tinyc itself, the options, the contents of all files that they
/// name. Files whose size and time of change are those of the last build are not read again. `up_to_date`: the folder
/// holds what such a build wrote.
class BuildState {
 public:
  explicit BuildState(const ProjectModel& m);
  bool up_to_date() const noexcept { return up_to_date_; }
  int last_exit_code() const noexcept { return last_exit_code_; }
  /// After a build: remembers it, in DIR/.tinyc-build.json, a cache that may be deleted at any time.
  void save(int exit_code) const;

 private:
  std::filesystem::path file_;
  std::string key_, text_;
  bool up_to_date_ = false;
  int last_exit_code_ = 0;
};

}  // namespace tinyc
