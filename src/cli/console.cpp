#include "cli/console.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tinyc/parallel.h"

namespace tinyc {
namespace {

bool g_progress = false;
bool g_bar_shown = false;
bool g_quiet = false;

bool is_set(const char* variable) {
  const char* v = std::getenv(variable);
  return v && *v;
}

}  // namespace

void set_up_console(Verbosity v, bool progress_allowed) {
  const bool colour = isatty(STDERR_FILENO) && !is_set("NO_COLOR");
  auto logger = std::make_shared<spdlog::logger>(
      "tinyc", std::make_shared<spdlog::sinks::stderr_color_sink_mt>(colour ? spdlog::color_mode::automatic
                                                                            : spdlog::color_mode::never));
  logger->set_pattern("tinyc: %^%l%$: %v");
  logger->set_level(v == Verbosity::quiet     ? spdlog::level::err
                    : v == Verbosity::verbose ? spdlog::level::info
                                              : spdlog::level::warn);
  spdlog::set_default_logger(logger);
  g_quiet = v == Verbosity::quiet;
  const char* term = std::getenv("TERM");
  g_progress = progress_allowed && v != Verbosity::quiet && isatty(STDERR_FILENO) && !is_set("CI") &&
               !(term && std::strcmp(term, "dumb") == 0);
}

void end_progress() {
  if (!g_bar_shown) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  g_bar_shown = false;
}

void log_info(const std::string& line) {
  end_progress();
  spdlog::info("{}", line);
}

void log_progress(const std::string& line) {
  end_progress();
  if (!g_quiet) std::fprintf(stderr, "tinyc: %s\n", line.c_str());
}

void log_warning(const std::string& line) {
  end_progress();
  spdlog::warn("{}", line);
}

void log_error(const Error& e) {
  end_progress();
  spdlog::error("{} {}", label(e.code()), e.what());
  if (!e.hint().empty()) spdlog::error("try: {}", e.hint());
}

void show_progress(const std::string& stage, double fraction) {
  if (!g_progress) return;
  constexpr int width = 30;
  const int filled = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * width);
  std::fprintf(stderr, "\r\033[K[%s%s] %3d %% %s", std::string(static_cast<std::size_t>(filled), '#').c_str(),
               std::string(static_cast<std::size_t>(width - filled), '.').c_str(), static_cast<int>(fraction * 100),
               stage.c_str());
  std::fflush(stderr);
  g_bar_shown = true;
}

void answer(const std::string& text) {
  end_progress();
  const bool ok = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (!ok && errno == EINTR) check_interrupt();
  if (!ok)
    throw Error(ErrorCode::output_closed, std::string("cannot write to standard output: ") + std::strerror(errno));
}

}  // namespace tinyc
