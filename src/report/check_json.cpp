// `check` as one JSON document, and as SARIF 2.1.0 for code scanning.
#include <nlohmann/json.hpp>

#include "report/check_forms.h"

namespace tinyc {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& j) { return j.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

Json gate_json(const GateResult& g) {
  Json j{{"gate", g.gate}, {"passed", g.passed}, {"message", g.message}};
  if (!g.passed) {
    j["code"] = label(g.code);
    j["layer"] = g.layer;
    j["remedy"] = g.remedy;
  }
  return j;
}

Json number(const Comparison& c, double value) {
  return c.metric ? Json(value) : Json(static_cast<std::uint64_t>(value));
}

/// What a row of the table is called in JSON stays as people read it: "RAM (arena)".
Json figures(const CheckedModel& m) {
  Json j = Json::object();
  for (const Comparison& c : compare(m)) {
    j[c.what] = {{"after", number(c, c.after)}};
    if (c.before) j[c.what]["before"] = number(c, *c.before);
  }
  return j;
}

Json model_json(const CheckedModel& m) {
  Json j{{"model", m.report.model_name},
         {"path", m.path},
         {"passed", m.passed()},
         {"gates", Json::array()},
         {"figures", figures(m)}};
  for (const GateResult& g : m.gates) j["gates"].push_back(gate_json(g));
  if (m.baseline) {
    j["layers"] = Json::array();
    for (const LayerChange& c : changed_layers(m))
      j["layers"].push_back({{"name", c.name}, {"op", c.op}, {"before", c.before}, {"after", c.after}});
  }
  return j;
}

/// A path as SARIF wants it: a relative URI, with what may not stand in one as %XX.
std::string uri(const std::string& path) {
  std::string out;
  for (const char c : path) {
    const bool plain =
        std::isalnum(static_cast<unsigned char>(c)) || std::string_view("-._~/").find(c) != std::string_view::npos;
    char escaped[4];
    std::snprintf(escaped, sizeof escaped, "%%%02X", static_cast<unsigned char>(c));
    out += plain ? std::string(1, c) : escaped;
  }
  return out;
}

}  // namespace

std::string check_json(std::span<const CheckedModel> models) {
  Json failures = Json::array(), list = Json::array();
  for (const CheckedModel& m : models) {
    for (const GateResult& g : m.gates)
      if (!g.passed) failures.push_back(g.message);
    list.push_back(model_json(m));
  }
  Json j{{"schema_version", 1}, {"status", failures.empty() ? "ok" : "failed"}};
  if (models.size() == 1) {
    j["flash"] = models[0].report.flash_total();
    j["ram"] = models[0].report.arena;
    const Json all = figures(models[0]);
    for (const auto& [what, row] : all.items())
      if (row.contains("before")) j[what] = row;
  }
  j["failures"] = failures;
  j["models"] = list;
  return text_of(j);
}

std::string check_sarif(std::span<const CheckedModel> models) {
  Json rules = Json::array(), results = Json::array();
  for (const ErrorEntry& e : error_catalogue()) {
    if (e.label[0] != 'E' || e.label[1] != '1') continue;
    rules.push_back({{"id", e.label},
                     {"shortDescription", {{"text", e.meaning}}},
                     {"help", {{"text", e.remedy}}},
                     {"defaultConfiguration", {{"level", "error"}}}});
  }
  for (const CheckedModel& m : models)
    for (const GateResult& g : m.gates) {
      if (g.passed) continue;
      const std::string text =
          m.report.model_name + ": " + with_layer(g) + (g.remedy.empty() ? "" : ". Try " + g.remedy);
      results.push_back(
          {{"ruleId", label(g.code)},
           {"level", "error"},
           {"message", {{"text", text}}},
           {"locations",
            {{{"physicalLocation", {{"artifactLocation", {{"uri", uri(m.path)}}}, {"region", {{"startLine", 1}}}}}}}},
           {"partialFingerprints", {{"tinycGate/v1", m.report.model_name + "/" + g.gate}}}});
    }
  const Json driver{{"name", "tinyc"}, {"version", TINYC_VERSION}, {"rules", rules}};
  return text_of({{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                  {"version", "2.1.0"},
                  {"runs", {{{"tool", {{"driver", driver}}}, {"results", results}}}}});
}

}  // namespace tinyc
