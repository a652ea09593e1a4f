// `check` as JUnit's XML: a suite a model, a test a gate.
#include <algorithm>

#include "report/check_forms.h"

namespace tinyc {
namespace {

/// Text for an attribute or an element; what XML 1.0 cannot hold becomes `\xNN`.
std::string xml(const std::string& text) {
  std::string out;
  for (const char c : printable(text, 1000)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string counts(std::size_t tests, std::size_t failures) {
  return " tests=\"" + std::to_string(tests) + "\" failures=\"" + std::to_string(failures) + "\" errors=\"0\"";
}

}  // namespace

std::string check_junit(std::span<const CheckedModel> models) {
  std::string body;
  std::size_t all = 0, all_failed = 0;
  for (const CheckedModel& m : models) {
    const auto failed = static_cast<std::size_t>(std::ranges::count(m.gates, false, &GateResult::passed));
    body +=
        "  <testsuite name=\"" + xml(m.report.model_name) + "\"" + counts(m.gates.size(), failed) + " skipped=\"0\">\n";
    for (const GateResult& g : m.gates) {
      body += "    <testcase classname=\"" + xml(m.path) + "\" name=\"" + xml(g.gate) + "\"";
      if (g.passed) {
        body += "/>\n";
        continue;
      }
      body += ">\n      <failure message=\"" + xml(g.message) + "\" type=\"" + label(g.code) + "\">" +
              xml(with_layer(g)) + (g.remedy.empty() ? "" : "&#10;try " + xml(g.remedy)) +
              "</failure>\n    </testcase>\n";
    }
    body += "  </testsuite>\n";
    all += m.gates.size(), all_failed += failed;
  }
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" + counts(all, all_failed) + ">\n" + body +
         "</testsuites>\n";
}

}  // namespace tinyc
