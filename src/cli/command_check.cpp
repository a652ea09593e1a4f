#include <nlohmann/json.hpp>

#include "cli/cli.h"
#include "cli/console.h"
#include "cli/options.h"
#include "tinyc/error.h"

namespace tinyc {

Compressed compress_model(const CompressOptions& o);

int command_check(const CheckArguments& a) {
  // the option table parses the gates too; a report or DIR needs nothing else of it
  const bool is_model = std::filesystem::path(a.subject).extension() == ".tflite";
  CompressOptions o = resolve_options(a.subject, a.given, a.config);
  const Report report = is_model ? compress_model(o).report : load_report(a.subject);
  std::optional<Report> baseline;
  if (!a.baseline.empty()) baseline = load_report(a.baseline);
  if (!baseline && !o.gates.max_flash && !o.gates.max_ram && !o.gates.max_drop && !o.gates.min_accuracy)
    throw Error(ErrorKind::usage, "check needs a gate",
                "--max-flash, --max-ram, --max-drop, --min-accuracy or --baseline report.json");
  const auto failures = failed_gates(report, o.gates, baseline ? &*baseline : nullptr);
  if (a.json) {
    const nlohmann::ordered_json j{{"schema_version", 1},
                                   {"status", failures.empty() ? "ok" : "failed"},
                                   {"flash", report.flash_total()},
                                   {"ram", report.arena},
                                   {"failures", failures}};
    answer(j.dump(2) + "\n");
  } else {
    std::string text;
    for (const auto& f : failures) text += "FAIL  " + f + "\n";
    if (failures.empty())
      text = "ok    flash " + std::to_string(report.flash_total()) + " B, RAM " + std::to_string(report.arena) + " B\n";
    answer(text);
  }
  return failures.empty() ? 0 : static_cast<int>(ErrorKind::gate);
}

}  // namespace tinyc
