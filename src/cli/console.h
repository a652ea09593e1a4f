// The terminal: answers on stdout, logs and progress on stderr.
#pragma once
#include <cstdint>
#include <string>

#include "tinyc/error.h"

namespace tinyc {

enum class Verbosity : std::uint8_t { quiet, normal, verbose };

/// Sets up logging to stderr. Call once.
void set_up_console(Verbosity v, bool progress_allowed);

/// A line of the log (stderr).
void log_info(const std::string& line);
/// Where a long job stands: shown unless the run is quiet.
void log_progress(const std::string& line);
void log_warning(const std::string& line);
void log_error(const Error& e);

/// A progress bar when stderr is a terminal, CI and TERM=dumb are not set and the run is not quiet; else nothing.
void show_progress(const std::string& stage, double fraction);
/// Removes the bar.
void end_progress();

/// Writes the command's answer to stdout. Throws Error(write) when stdout is closed or full.
void answer(const std::string& text);

}  // namespace tinyc
