// Errors that end a command: one message for the user, what to do about it, and the exit code.
#pragma once
#include <cstdint>
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

/// Thrown anywhere below the driver; caught once in src/cli. `what()` is a complete sentence for the user
/// (no newline at its end); `hint` says what to do and may be empty.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message, std::string hint = {})
      : std::runtime_error(message), kind_(kind), hint_(std::move(hint)) {}
  ErrorKind kind() const noexcept { return kind_; }
  const std::string& hint() const noexcept { return hint_; }

 private:
  ErrorKind kind_;
  std::string hint_;
};

/// Makes text that came from a file safe to show in a terminal: control bytes and escapes become `\xNN`,
/// anything over `max_bytes` is cut and marked with "...".
std::string printable(const std::string& text, std::size_t max_bytes = 120);

}  // namespace tinyc
