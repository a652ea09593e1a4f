// A command of the user's, run by the shell.
#pragma once
#include <filesystem>
#include <string>

namespace tinyc {

struct ChildEnd {
  int exit_code = 0;       ///< meaningful when signal is 0
  int signal = 0;          ///< that ended it
  bool timed_out = false;  ///< killed after the time was up
};

/// Runs `sh -c "COMMAND FOLDER"` in a process group of its own and waits. Its standard output goes to standard error:
/// standard output is for tinyc's answer. After `timeout_seconds` (0: never) and on Ctrl-C the whole group is ended,
/// with SIGTERM first and SIGKILL two seconds later; what it leaves behind in its group is ended too. Throws
/// Error(interrupted) after Ctrl-C, Error(data) when no process can be started.
ChildEnd run_command(const std::string& command, const std::filesystem::path& folder, double timeout_seconds);

}  // namespace tinyc
