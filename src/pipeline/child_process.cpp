#include "pipeline/child_process.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include "tinyc/error.h"
#include "tinyc/parallel.h"

namespace tinyc {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kPoll{20};
constexpr std::chrono::seconds kGrace{2};

// True once the child has ended.
bool ended(pid_t child, int& status) {
  const pid_t got = ::waitpid(child, &status, WNOHANG);
  return got == child || (got < 0 && errno != EINTR);
}

// Between fork and exec only async-signal-safe calls are allowed: the text is made before.
[[noreturn]] void become(const char* script, const char* folder) {
  ::setpgid(0, 0);
  for (const int s : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ}) std::signal(s, SIG_DFL);
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  ::execl("/bin/sh", "sh", "-c", script, "sh", folder, static_cast<char*>(nullptr));
  ::_exit(127);
}

int stop(pid_t child) {
  int status = 0;
  ::kill(-child, SIGTERM);
  for (const auto until = Clock::now() + kGrace; Clock::now() < until; std::this_thread::sleep_for(kPoll))
    if (ended(child, status)) return status;
  ::kill(-child, SIGKILL);
  while (!ended(child, status)) std::this_thread::sleep_for(kPoll);
  return status;
}

}  // namespace

ChildEnd run_command(const std::string& command, const std::filesystem::path& folder, double timeout_seconds) {
  const std::string script = command + " \"$1\"", path = folder.string();
  const pid_t child = ::fork();
  if (child < 0)
    throw Error(ErrorCode::hook_failed,
                "no process could be started for the hook: " + std::string(std::strerror(errno)));
  if (child == 0) become(script.c_str(), path.c_str());
  ::setpgid(child, child);  // also here: whoever comes first
  const auto start = Clock::now();
  ChildEnd end;
  int status = 0;
  while (!ended(child, status)) {
    if (interrupted()) {
      stop(child);
      ::kill(-child, SIGKILL);
      check_interrupt();
    }
    if (timeout_seconds > 0 && Clock::now() - start > std::chrono::duration<double>(timeout_seconds)) {
      status = stop(child);
      end.timed_out = true;
      break;
    }
    std::this_thread::sleep_for(kPoll);
  }
  ::kill(-child, SIGKILL);  // whatever it left running in the background
  if (WIFSIGNALED(status))
    end.signal = WTERMSIG(status);
  else
    end.exit_code = WEXITSTATUS(status);
  return end;
}

}  // namespace tinyc
