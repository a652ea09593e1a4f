#include <cinttypes>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/cli.h"
#include "cli/console.h"
#include "driver.h"

namespace tinyc {
namespace {

std::string percent(double before, double after) {
  if (before == 0) return "";
  char text[32];
  std::snprintf(text, sizeof text, "%+.1f %%", 100.0 * (after - before) / before);
  return text;
}

}  // namespace

int command_diff(const std::string& before_path, const std::string& after_path, bool json) {
  const Report before = load_report(before_path), after = load_report(after_path);
  struct Row {
    const char* name;
    std::uint64_t before, after;
  };
  const Row rows[] = {{"flash total", before.flash_total(), after.flash_total()},
                      {"weights", before.flash.weights, after.flash.weights},
                      {"tables", before.flash.tables, after.flash.tables},
                      {"params", before.flash.params, after.flash.params},
                      {"descriptors", before.flash.descriptors, after.flash.descriptors},
                      {"code", before.code_bytes, after.code_bytes},
                      {"RAM (arena)", before.arena, after.arena},
                      {"MACs", static_cast<std::uint64_t>(before.macs), static_cast<std::uint64_t>(after.macs)}};
  const bool accuracy = before.accuracy && after.accuracy && before.accuracy->compressed &&
                        after.accuracy->compressed && before.accuracy->metric == after.accuracy->metric;
  if (json) {
    nlohmann::ordered_json j{{"schema_version", 1}, {"status", "ok"}};
    for (const auto& r : rows) j[r.name] = {{"before", r.before}, {"after", r.after}};
    if (accuracy)
      j[after.accuracy->metric] = {{"before", *before.accuracy->compressed}, {"after", *after.accuracy->compressed}};
    answer(j.dump(2) + "\n");
    return 0;
  }
  std::string out = "| " + before.model_name + " | before | after | change |\n|---|---:|---:|---:|\n";
  char line[160];
  for (const auto& r : rows) {
    std::snprintf(line, sizeof line, "| %s | %" PRIu64 " | %" PRIu64 " | %s |\n", r.name, r.before, r.after,
                  percent(static_cast<double>(r.before), static_cast<double>(r.after)).c_str());
    out += line;
  }
  if (accuracy) {
    std::snprintf(line, sizeof line, "| %s | %.4f | %.4f | %+.4f |\n", after.accuracy->metric.c_str(),
                  *before.accuracy->compressed, *after.accuracy->compressed,
                  *after.accuracy->compressed - *before.accuracy->compressed);
    out += line;
  }
  answer(out);
  return 0;
}

}  // namespace tinyc
