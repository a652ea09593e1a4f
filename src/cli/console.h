// The terminal: answers on stdout, logs and progress on stderr.
#pragma once
#include <cstdint>
#include <string>

#include "tinyc/error.h"

namespace tinyc {

enum class Verbosity : std::uint8_t { quiet, normal, verbose };

/// How lines of the log look: as people read them, or one JSON object a line (level, message, and code where there is
/// one).
enum class LogFormat : std::uint8_t { text, json };

/// Sets up logging to stderr. Colours only on a terminal and without NO_COLOR.
void set_up_console(Verbosity v, LogFormat format = LogFormat::text);

/// A line of the log (stderr).
void log_info(const std::string& line);
/// Where a long job stands: shown unless the run is quiet.
void log_progress(const std::string& line);
void log_warning(const std::string& line);
void log_error(const Error& e);

/// What is being done and how far it is. A bar with the time left when stderr is a terminal, CI and TERM=dumb are not
/// set; under CI a line when the stage changes; nothing when the run is quiet.
void show_progress(const std::string& stage, double fraction);
/// Removes the bar.
void end_progress();

/// Writes the command's answer to stdout. Throws Error(write) when stdout is closed or full.
void answer(const std::string& text);

}  // namespace tinyc
