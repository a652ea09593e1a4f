// Errors that end a command, and warnings: one message for the user, what to do about it, a code to look up.
#pragma once
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

namespace tinyc {

/// The reason a command ended; the value is the process's exit code (docs/cli.md).
enum class ErrorKind : std::uint8_t {
  gate = 1,          ///< a budget, accuracy or verification gate failed
  usage = 2,         ///< wrong command line or configuration
  input = 3,         ///< the model file cannot be read or is not a model
  unsupported = 4,   ///< an operator, type or attribute that is not supported
  data = 5,          ///< calibration, evaluation or training data
  write = 6,         ///< an output could not be written
  internal = 70,     ///< a defect of tinyc itself
  interrupted = 130  ///< Ctrl-C
};

/// The rows of errors.def: ErrorCode::damaged_model is E303.
enum class ErrorCode : std::uint16_t {
#define TINYC_ERROR(number, name, meaning, remedy) name = (number),  // NOLINT(bugprone-macro-parentheses): a name
#define TINYC_WARNING(number, name, meaning, remedy)
#include "tinyc/errors.def"
#undef TINYC_ERROR
#undef TINYC_WARNING
};

enum class WarningCode : std::uint8_t {
#define TINYC_ERROR(number, name, meaning, remedy)
#define TINYC_WARNING(number, name, meaning, remedy) name = (number),  // NOLINT(bugprone-macro-parentheses): a name
#include "tinyc/errors.def"
#undef TINYC_ERROR
#undef TINYC_WARNING
};

/// The exit code that goes with a code: by its first digit.
ErrorKind kind_of(ErrorCode code) noexcept;
/// "E303", "W101".
std::string label(ErrorCode code);
std::string label(WarningCode code);

/// A row of errors.def, for `tinyc errors` and docs/errors.md.
struct ErrorEntry {
  const char* label;    ///< "E303"
  const char* meaning;  ///< a sentence, Markdown
  const char* remedy;   ///< what to do, sentences, Markdown
};
/// Errors by number, then warnings.
std::span<const ErrorEntry> error_catalogue() noexcept;

/// Thrown anywhere below the driver; caught once in src/cli. `what()` is a complete sentence for the user
/// (no newline at its end); `hint` says what to do and may be empty.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message, std::string hint = {})
      : std::runtime_error(message), code_(code), hint_(std::move(hint)) {}
  ErrorCode code() const noexcept { return code_; }
  ErrorKind kind() const noexcept { return kind_of(code_); }
  const std::string& hint() const noexcept { return hint_; }

 private:
  ErrorCode code_;
  std::string hint_;
};

/// A warning as reports and logs hold it: "W104 input 'x': ...".
std::string warning(WarningCode code, const std::string& text);

/// Makes text that came from a file safe to show in a terminal: control bytes and escapes become `\xNN`,
/// anything over `max_bytes` is cut and marked with "...".
std::string printable(const std::string& text, std::size_t max_bytes = 120);

}  // namespace tinyc
