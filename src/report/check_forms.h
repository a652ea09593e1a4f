// What a table of two reports compares, for every form of `check` and `diff`.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "tinyc/check.h"

namespace tinyc {

/// One row of before and after; `before` is absent without a baseline.
struct Comparison {
  std::string what;
  std::optional<double> before;
  double after = 0;
  bool metric = false;  ///< else a count
  std::string before_text() const, after_text() const, change() const;
};
/// Flash, its parts, RAM, multiply-accumulates where both know them, the metric.
std::vector<Comparison> compare(const CheckedModel& m);

/// Layers whose bytes changed, the one that grew most first.
struct LayerChange {
  std::string name, op;
  std::uint64_t before = 0, after = 0;
};
std::vector<LayerChange> changed_layers(const CheckedModel& m);

/// "message; layer", as one line.
std::string with_layer(const GateResult& g);

std::string check_text(std::span<const CheckedModel> models);
std::string check_markdown(std::span<const CheckedModel> models);
std::string check_github(std::span<const CheckedModel> models);
std::string check_json(std::span<const CheckedModel> models);
std::string check_junit(std::span<const CheckedModel> models);
std::string check_sarif(std::span<const CheckedModel> models);
std::string check_html(std::span<const CheckedModel> models);

}  // namespace tinyc
