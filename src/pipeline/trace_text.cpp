#include <cstdio>
#include <nlohmann/json.hpp>

#include "pipeline/trace.h"
#include "tinyc/error.h"

namespace tinyc {
namespace {

using State = TraceReport::State;

std::string hex(std::uint32_t v) {
  char text[12];
  std::snprintf(text, sizeof text, "%08x", v);
  return text;
}

const char* name_of(State s) {
  switch (s) {
    case State::same: return "same";
    case State::differs: return "differs";
    case State::missing: return "missing";
    case State::part: break;
  }
  return "part";
}

}  // namespace

std::string to_text(const Program& p, const TraceReport& r) {
  std::string out = "input: " + r.input + "\n";
  for (std::size_t i = 0; i < r.layers.size(); ++i) {
    const auto& row = r.layers[i];
    if (row.state == State::part) continue;
    char line[160];
    std::snprintf(line, sizeof line, "%5zu %-22s %8u B  %-8s ", i, name_of(p.layers[i].op), row.bytes,
                  name_of(row.state));
    out += line + (row.how.empty() ? printable(p.layers[i].name, 40) : row.how) + "\n";
  }
  if (r.first_bad < 0) {
    out += "all layers are the same on the device\n";
  } else {
    const auto bad = static_cast<std::size_t>(r.first_bad);
    const Layer& l = p.layers[bad];
    out += std::string(r.layers[bad].state == State::missing ? "first layer that is missing: "
                                                             : "first layer that differs: ") +
           std::to_string(bad) + " " + name_of(l.op) + " '" + printable(l.name) + "'\n";
  }
  if (!r.causes.empty()) out += "likely causes:\n";
  for (const auto& cause : r.causes) out += "  - " + cause + "\n";
  return out;
}

std::string to_json(const Program& p, const TraceReport& r) {
  nlohmann::ordered_json j;
  j["schema_version"] = 1;
  j["status"] = r.first_bad < 0 && r.causes.empty() ? "ok" : "failed";
  j["input"] = r.input;
  j["first_bad"] = nullptr;
  if (r.first_bad >= 0) j["first_bad"] = r.first_bad;
  j["causes"] = r.causes;
  j["layers"] = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < r.layers.size(); ++i) {
    const auto& row = r.layers[i];
    if (row.state == State::part) continue;
    j["layers"].push_back({{"index", i},
                           {"op", name_of(p.layers[i].op)},
                           {"name", p.layers[i].name},
                           {"bytes", row.bytes},
                           {"state", name_of(row.state)},
                           {"host", hex(row.host)},
                           {"device", row.state == State::missing ? "" : hex(row.device)},
                           {"difference", row.how}});
  }
  return j.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace tinyc
