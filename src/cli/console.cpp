#include "cli/console.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

#include "tinyc/parallel.h"

namespace tinyc {
namespace {

using Clock = std::chrono::steady_clock;

enum class Progress : std::uint8_t { none, bar, lines };
Progress g_progress = Progress::none;
bool g_bar_shown = false;
bool g_quiet = false;
bool g_json = false;
std::string g_stage;
Clock::time_point g_start;

bool is_set(const char* variable) {
  const char* v = std::getenv(variable);
  return v && *v;
}

/// One object a line. A message that begins with a code ("W104 ...") has it apart, too.
std::string json_line(const char* level, const std::string& message, const std::string& hint = "") {
  nlohmann::ordered_json j{{"level", level}, {"message", message}};
  const bool coded = message.size() > 4 && (message[0] == 'E' || message[0] == 'W') && message[4] == ' ' &&
                     message.find_first_not_of("0123456789", 1) == 4;
  if (coded) {
    j["code"] = message.substr(0, 4);
    j["message"] = message.substr(5);
  }
  if (!hint.empty()) j["hint"] = hint;
  return j.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// From the time that the part behind took; nothing in the first seconds.
std::string time_left(double fraction) {
  const double passed = std::chrono::duration<double>(Clock::now() - g_start).count();
  if (passed < 2 || fraction < 0.05 || fraction >= 1) return "";
  return ", " + std::to_string(static_cast<int>(passed * (1 - fraction) / fraction) + 1) + " s left";
}

}  // namespace

void set_up_console(Verbosity v, LogFormat format) {
  const bool colour = isatty(STDERR_FILENO) && !is_set("NO_COLOR");
  auto logger = std::make_shared<spdlog::logger>(
      "tinyc", std::make_shared<spdlog::sinks::stderr_color_sink_mt>(colour ? spdlog::color_mode::automatic
                                                                            : spdlog::color_mode::never));
  g_json = format == LogFormat::json;
  logger->set_pattern(g_json ? "%v" : "tinyc: %^%l%$: %v");
  logger->set_level(v == Verbosity::quiet     ? spdlog::level::err
                    : v == Verbosity::verbose ? spdlog::level::info
                                              : spdlog::level::warn);
  spdlog::set_default_logger(logger);
  g_quiet = v == Verbosity::quiet;
  const char* term = std::getenv("TERM");
  const bool dumb = term && std::strcmp(term, "dumb") == 0;
  g_progress = g_quiet                                     ? Progress::none
               : is_set("CI")                              ? Progress::lines
               : isatty(STDERR_FILENO) && !dumb && !g_json ? Progress::bar
                                                           : Progress::none;
  g_start = Clock::now();
}

void end_progress() {
  if (!g_bar_shown) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  g_bar_shown = false;
}

void log_info(const std::string& line) {
  end_progress();
  spdlog::info("{}", g_json ? json_line("info", line) : line);
}

void log_progress(const std::string& line) {
  end_progress();
  if (g_quiet) return;
  std::fprintf(stderr, g_json ? "%s\n" : "tinyc: %s\n", (g_json ? json_line("progress", line) : line).c_str());
}

void log_warning(const std::string& line) {
  end_progress();
  spdlog::warn("{}", g_json ? json_line("warning", line) : line);
}

void log_error(const Error& e) {
  end_progress();
  const std::string text = label(e.code()) + " " + e.what();
  if (g_json) {
    spdlog::error("{}", json_line("error", text, e.hint()));
    return;
  }
  spdlog::error("{}", text);
  if (!e.hint().empty()) spdlog::error("try: {}", e.hint());
}

void show_progress(const std::string& stage, double fraction) {
  const bool changed = stage != g_stage;
  g_stage = stage;
  if (g_progress == Progress::lines && changed && fraction < 1) log_progress(stage);
  if (g_progress != Progress::bar) return;
  constexpr int width = 30;
  const int filled = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * width);
  std::fprintf(stderr, "\r\033[K[%s%s] %3d %% %s%s", std::string(static_cast<std::size_t>(filled), '#').c_str(),
               std::string(static_cast<std::size_t>(width - filled), '.').c_str(), static_cast<int>(fraction * 100),
               stage.c_str(), time_left(fraction).c_str());
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
