// Gates on size, RAM and accuracy, and the forms in which CI wants to hear of them.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tinyc/error.h"
#include "tinyc/report.h"

namespace tinyc {

/// One gate that was looked at.
struct GateResult {
  std::string gate;                        ///< "max-flash", "baseline-accuracy"
  ErrorCode code = ErrorCode::over_flash;  ///< what it is when it fails
  bool passed = true;
  std::string message;  ///< a sentence with the figures
  std::string layer;    ///< the layer that has most to do with it; may be empty
  std::string remedy;   ///< which option helps
};

/// A model with its gates.
struct CheckedModel {
  std::string path;  ///< what annotations point at: the model's file, or what was checked
  Report report;
  std::optional<Report> baseline;  ///< of a lock file it has sizes, accuracy and the bytes of layers, no more
  std::vector<GateResult> gates;
  bool passed() const noexcept;
};

/// In what form: lines for people, one JSON document, GitHub's workflow commands, a table for a pull request, JUnit's
/// and SARIF 2.1.0's files, a page.
enum class CheckFormat : std::uint8_t { text, json, github, markdown, junit, sarif, html };

/// The whole answer in one form, ending with a newline. Deterministic: no times, no host. Markdown stays below 65,536
/// characters (what a pull request's comment holds): tables of layers are shortened to that end.
std::string format_check(std::span<const CheckedModel> models, CheckFormat format);

/// tinyc.lock.json (schemas/lock.schema.json): of each model sizes, accuracy, the model file's hash and the bytes of
/// its layers.
struct Locked {
  std::string path;  ///< as tinyc.toml names it
  Report report;
};
std::string lock_to_json(std::span<const Locked> models);
/// Reads it back. Throws Error(not_a_report).
std::vector<Locked> lock_from_json(const std::string& text, const std::string& path);

}  // namespace tinyc
