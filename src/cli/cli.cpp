#include "cli/cli.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <new>
#include <nlohmann/json.hpp>

#include "cli/command_line.h"
#include "cli/console.h"
#include "tinyc/error.h"
#include "tinyc/parallel.h"

namespace tinyc {
namespace {

extern "C" void on_interrupt(int) {
  if (interrupted() && !InterruptHold::active()) std::_Exit(130);  // the second Ctrl-C does not wait
  set_interrupted();
}

// Sample files are mapped: the pages of one that another program cuts short, or that its disk no longer gives, are
// gone.
extern "C" void on_lost_page(int, siginfo_t* info, void*) {
  constexpr char message[] = "tinyc: error: a data file became shorter or unreadable while it was read\n";
  if (info->si_code != BUS_ADRERR) std::abort();
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, message, sizeof message - 1);
  std::_Exit(static_cast<int>(ErrorKind::data));
}

void set_up_signals() {
  struct sigaction action{};
  action.sa_handler = on_interrupt;  // without SA_RESTART: waiting for a pipe ends too
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  struct sigaction hang_up{};
  ::sigaction(SIGHUP, nullptr, &hang_up);
  if (hang_up.sa_handler != SIG_IGN) ::sigaction(SIGHUP, &action, nullptr);  // but nohup keeps its meaning
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file size limit is then an ordinary write error
  struct sigaction lost_page{};
  lost_page.sa_sigaction = on_lost_page;
  lost_page.sa_flags = SA_SIGINFO;
  ::sigaction(SIGBUS, &lost_page, nullptr);
}

// Closed standard descriptors get a stand-in that cannot be read or written, so that no file opened later takes their
// numbers and receives the answer or the log.
void hold_standard_descriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd)
    if (::fcntl(fd, F_GETFD) < 0) [[maybe_unused]]
      const int unused = ::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

void print_error_json(const Error& e) {
  const nlohmann::json document{{"schema_version", 1},
                                {"status", "error"},
                                {"errors",
                                 {{{"code", label(e.code())},
                                   {"exit_code", static_cast<int>(e.kind())},
                                   {"message", e.what()},
                                   {"hint", e.hint()}}}}};
  const std::string text = document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  std::fwrite(text.data(), 1, text.size(), stdout);
}

int dispatch(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (!arguments.empty() && arguments[0] == "--version") arguments[0] = "version";
  CommandLine line;
  return line.run(std::move(arguments));
}

}  // namespace

int guarded(const std::function<int()>& command, bool json) {
  const auto fail = [&](const Error& e) {
    log_error(e);
    if (json) print_error_json(e);
    return static_cast<int>(e.kind());
  };
  try {
    const int code = command();
    end_progress();
    return code;
  } catch (const Error& e) {
    return fail(e);
  } catch (const std::bad_alloc&) {
    return fail(Error(ErrorCode::out_of_memory, "out of memory", "close other programs, or use fewer --calib-samples"));
  } catch (const std::exception& e) {
    return fail(Error(ErrorCode::defect, std::string("defect in tinyc: ") + printable(e.what(), 300),
                      "please report it together with the command"));
  }
}

int run_cli(int argc, char** argv) {
  hold_standard_descriptors();
  set_up_signals();
  set_up_console(Verbosity::normal);
  // known before parsing, so that a usage error is a JSON document too
  const bool json = std::any_of(argv, argv + argc, [](const char* a) { return std::strcmp(a, "--json") == 0; });
  return guarded([&] { return dispatch(argc, argv); }, json);
}

}  // namespace tinyc
