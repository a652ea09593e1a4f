// ops, passes, targets, completion, man: what this build knows.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/cli.h"
#include "cli/command_tree.h"
#include "cli/configuration.h"
#include "cli/console.h"
#include "pipeline/targets.h"
#include "tinyc/error.h"
#include "tinyc/pass.h"

namespace tinyc {
namespace {

void list(bool json, const char* key, const std::vector<std::pair<std::string, std::string>>& rows) {
  if (json) {
    nlohmann::ordered_json j{{"schema_version", 1}};
    j[key] = nlohmann::ordered_json::array();
    for (const auto& [name, text] : rows) j[key].push_back({{"name", name}, {"summary", text}});
    answer(j.dump(2) + "\n");
    return;
  }
  std::string out;
  for (const auto& [name, text] : rows) {
    char line[200];
    std::snprintf(line, sizeof line, "%-26s %s\n", name.c_str(), text.c_str());
    out += line;
  }
  answer(out);
}

}  // namespace

int command_ops(bool json) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (std::size_t i = 0; i < kOpCount; ++i) {
    const OpTraits& t = traits(static_cast<OpKind>(i));
    rows.emplace_back(t.name, t.summary);
  }
  list(json, "ops", rows);
  return 0;
}

int command_passes(bool json) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const Pass& p : all_passes())
    rows.emplace_back(p.name, std::string(p.exact ? "exact  " : "lossy  ") + p.summary);
  list(json, "passes", rows);
  return 0;
}

int command_targets(bool json) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const Target& t : all_targets())
    rows.emplace_back(t.name, std::string(t.summary) + (*t.flags ? std::string(": ") + t.flags : ""));
  list(json, "targets", rows);
  return 0;
}

int command_errors() {
  std::string out =
      "# Errors and warnings\nThe code stands in front of each message. The first digit of an error tells the exit "
      "code: "
      "1 to 6 as it is, 7 is 70 and 8 is 130.\nThis page is what `tinyc errors` prints.\n\n| code | means | what to do "
      "|\n"
      "|---|---|---|\n";
  for (const ErrorEntry& e : error_catalogue())
    out += std::string("| ") + e.label + " | " + e.meaning + " | " + e.remedy + " |\n";
  answer(out);
  return 0;
}

int command_schema() {
  answer(configuration_schema());
  return 0;
}

int command_completion(const Command& root, const std::string& shell) {
  answer(completion_script(root, shell));
  return 0;
}

int command_man(const Command& root, const std::string& name) {
  answer(manual_page(root, name, TINYC_VERSION));
  return 0;
}

}  // namespace tinyc
