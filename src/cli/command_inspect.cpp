#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/cli.h"
#include "cli/console.h"
#include "cli/ram_bound.h"
#include "tinyc/dataset.h"
#include "tinyc/error.h"
#include "tinyc/import.h"
#include "tinyc/report.h"

namespace tinyc {
int command_inspect(const std::string& path, bool as_json, const std::string& html) {
  const Bytes file = read_file(path, ErrorKind::input);
  const ModelFacts facts = inspect_tflite(file, path);
  std::int64_t work = 0;
  std::uint64_t ram = 0;
  std::string stage;
  std::optional<Import> model;
  if (facts.unsupported.empty()) {
    model = import_tflite(file, path);
    for (const Node& n : model->graph.nodes) work += macs(model->graph, n);
    ram = ram_bound(model->graph);
    stage = name_of(model->graph.stage);
  }
  if (!html.empty())
    write_file(html,
               to_html(facts, std::filesystem::path(path).filename().string(), model ? &model->graph : nullptr, ram));
  const int code = facts.unsupported.empty() ? 0 : static_cast<int>(ErrorKind::unsupported);
  if (as_json) {
    nlohmann::ordered_json j;
    j["schema_version"] = 1;
    j["status"] = code == 0 ? "ok" : "unsupported";
    const auto io = [](const std::vector<ModelFacts::IO>& list) {
      auto a = nlohmann::ordered_json::array();
      for (const auto& t : list) a.push_back({{"name", t.name}, {"shape", t.shape}, {"dtype", t.dtype}});
      return a;
    };
    j["inputs"] = io(facts.inputs);
    j["outputs"] = io(facts.outputs);
    j["ops"] = nlohmann::ordered_json::object();
    for (const auto& op : facts.ops) j["ops"][op.name] = op.count;
    j["unsupported"] = nlohmann::ordered_json::array();
    for (const auto& u : facts.unsupported)
      j["unsupported"].push_back({{"node", u.node}, {"op", u.op}, {"tensor", u.tensor}, {"why", u.why}});
    j["params"] = facts.params;
    j["macs"] = work;
    j["ram_lower_bound"] = ram;
    j["file_bytes"] = facts.file_bytes;
    j["sha256"] = facts.sha256;
    j["notes"] = facts.notes;
    answer(j.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
    return code;
  }
  std::string out;
  const auto row = [&](const std::string& k, const std::string& v) {
    char line[256];
    std::snprintf(line, sizeof line, "%-12s %s\n", k.c_str(), v.c_str());
    out += line;
  };
  for (const auto& t : facts.inputs) row("input", printable(t.name) + " " + to_string(t.shape) + " " + t.dtype);
  for (const auto& t : facts.outputs) row("output", printable(t.name) + " " + to_string(t.shape) + " " + t.dtype);
  for (const auto& op : facts.ops) row("op", std::to_string(op.count) + " x " + printable(op.name));
  row("parameters", std::to_string(facts.params));
  row("file", std::to_string(facts.file_bytes) + " B");
  if (code == 0) {
    row("weights", stage);
    row("MACs", std::to_string(work));
    row("RAM bound", std::to_string(ram) + " B (int8 activations alive at once)");
  }
  for (const auto& note : facts.notes) row("note", printable(note, 200));
  for (const auto& u : facts.unsupported)
    row("unsupported", "node " + std::to_string(u.node) + " " + printable(u.op) + " '" + printable(u.tensor) +
                           "': " + printable(u.why, 150));
  answer(out);
  return code;
}

}  // namespace tinyc
