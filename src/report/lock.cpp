// tinyc.lock.json: what a model repository's last accepted state was.
#include <nlohmann/json.hpp>

#include "tinyc/check.h"

namespace tinyc {
namespace {

using Json = nlohmann::ordered_json;
constexpr int kSchemaVersion = 1;

Json locked_json(const Locked& m) {
  const Report& r = m.report;
  Json layers = Json::array();
  for (const LayerReport& l : r.layers)
    if (l.bytes > 0) layers.push_back({{"name", l.name}, {"op", l.op}, {"bytes", l.bytes}});
  Json j{{"path", m.path},
         {"name", r.model_name},
         {"sha256", r.sha256},
         {"target", r.target},
         {"flash",
          {{"weights", r.flash.weights},
           {"tables", r.flash.tables},
           {"params", r.flash.params},
           {"descriptors", r.flash.descriptors},
           {"code", r.code_bytes},
           {"code_estimated", r.code_estimated},
           {"total", r.flash_total()}}},
         {"ram", r.arena},
         {"macs", r.macs},
         {"accuracy", nullptr},
         {"layers", layers}};
  if (r.accuracy && r.accuracy->compressed && !r.accuracy->synthetic)
    j["accuracy"] = {
        {"metric", r.accuracy->metric}, {"samples", r.accuracy->samples}, {"compressed", *r.accuracy->compressed}};
  return j;
}

Locked read_locked(const Json& j) {
  Locked m;
  Report& r = m.report;
  m.path = j.at("path").get<std::string>();
  r.model_name = j.at("name").get<std::string>();
  r.sha256 = j.at("sha256").get<std::string>();
  r.target = j.at("target").get<std::string>();
  const Json& flash = j.at("flash");
  const auto bytes = [](const Json& at, const char* key) { return at.at(key).get<std::uint64_t>(); };
  r.flash.weights = bytes(flash, "weights");
  r.flash.tables = bytes(flash, "tables");
  r.flash.params = bytes(flash, "params");
  r.flash.descriptors = bytes(flash, "descriptors");
  r.code_bytes = bytes(flash, "code");
  r.code_estimated = flash.at("code_estimated").get<bool>();
  r.arena = bytes(j, "ram");
  r.macs = r.macs_before = j.at("macs").get<std::int64_t>();
  if (const Json& a = j.at("accuracy"); !a.is_null()) {
    Accuracy accuracy;
    accuracy.metric = a.at("metric").get<std::string>();
    accuracy.samples = a.at("samples").get<std::size_t>();
    accuracy.compressed = a.at("compressed").get<double>();
    r.accuracy = accuracy;
  }
  for (const Json& l : j.at("layers")) {
    LayerReport layer;
    layer.index = static_cast<int>(r.layers.size());
    layer.name = l.at("name").get<std::string>();
    layer.op = l.at("op").get<std::string>();
    layer.bytes = bytes(l, "bytes");
    r.layers.push_back(layer);
  }
  return m;
}

}  // namespace

std::string lock_to_json(std::span<const Locked> models) {
  Json list = Json::array();
  for (const Locked& m : models) list.push_back(locked_json(m));
  const Json j{{"schema_version", kSchemaVersion}, {"tinyc_version", TINYC_VERSION}, {"models", list}};
  return j.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::vector<Locked> lock_from_json(const std::string& text, const std::string& path) {
  const std::string subject = "'" + printable(path) + "' is not a lock file of tinyc: ";
  try {
    const Json j = Json::parse(text);
    if (const int version = j.at("schema_version").get<int>(); version != kSchemaVersion)
      throw Error(ErrorCode::not_a_report, subject + "its schema_version is " + std::to_string(version));
    std::vector<Locked> models;
    for (const Json& m : j.at("models")) models.push_back(read_locked(m));
    return models;
  } catch (const Json::exception& e) {
    throw Error(ErrorCode::not_a_report, subject + printable(e.what(), 200), "`tinyc update` writes it again");
  }
}

}  // namespace tinyc
