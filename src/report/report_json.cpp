// report.json: written with keys in a fixed order, read back without trust.
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "tinyc/error.h"
#include "tinyc/report.h"

namespace tinyc {
namespace {

using Json = nlohmann::ordered_json;
constexpr int kSchemaVersion = 1;

Json number_or_null(const std::optional<double>& v) { return v && std::isfinite(*v) ? Json(*v) : Json(nullptr); }

Json activations_json(const Activations& a) {
  return {{"lowest", a.lowest}, {"highest", a.highest}, {"min", a.min}, {"max", a.max}, {"histogram", a.histogram}};
}

Json layer_json(const LayerReport& l) {
  Json j = {{"index", l.index},
            {"op", l.op},
            {"name", l.name},
            {"weights", l.weights},
            {"nonzero", l.nonzero},
            {"bits_per_weight", l.bits_per_weight},
            {"entropy_bits_per_weight", l.entropy_bits_per_weight},
            {"bytes", l.bytes},
            {"float_bytes", l.float_bytes},
            {"coding", l.coding},
            {"macs", l.macs},
            {"instructions", l.instructions ? Json(*l.instructions) : Json(nullptr)},
            {"sqnr_db", number_or_null(l.sqnr_db)},
            {"histogram", l.histogram}};
  if (l.activations) j["activations"] = activations_json(*l.activations);
  return j;
}

Json training_json(const TrainResult& t) {
  Json curve = Json::array();
  for (const EpochInfo& e : t.curve)
    curve.push_back({{"epoch", e.epoch}, {"loss", e.loss}, {"validation", e.validation}});
  return {{"measure", t.measure}, {"best_epoch", t.best_epoch}, {"interrupted", t.interrupted}, {"curve", curve}};
}

Json pass_json(const PassRecord& p, bool reproducible) {
  Json j = {{"name", p.name}};
  if (!reproducible) j["ms"] = p.ms;
  j["bytes_before"] = p.bytes_before;
  j["bytes_after"] = p.bytes_after;
  j["changed"] = p.changed;
  j["notes"] = p.notes;
  if (!p.training.curve.empty()) j["training"] = training_json(p.training);
  return j;
}

Json accuracy_json(const Accuracy& a) {
  Json j = {{"metric", a.metric},
            {"samples", a.samples},
            {"float", number_or_null(a.float_value)},
            {"compressed", number_or_null(a.compressed)},
            {"agreement", a.agreement},
            {"sqnr_db", number_or_null(a.sqnr_db)},
            {"synthetic", a.synthetic}};
  if (!a.confusion.empty()) j["confusion"] = a.confusion;
  return j;
}

/// Reads typed fields and names the one that is wrong.
class Reader {
 public:
  Reader(const Json& j, std::string where) : json_(j), where_(std::move(where)) {
    if (!j.is_object()) throw std::runtime_error(where_ + " is not an object");
  }
  Reader object(const char* key) const { return {at(key), where_ + "." + key}; }
  const Json& array(const char* key) const {
    const Json& v = at(key);
    if (!v.is_array()) wrong(key);
    return v;
  }
  bool has(const char* key) const { return json_.contains(key) && !json_[key].is_null(); }
  void read(const char* key, std::string& out) const {
    const Json& v = at(key);
    if (!v.is_string()) wrong(key);
    out = shown(v);
  }
  void read(const char* key, bool& out) const {
    const Json& v = at(key);
    if (!v.is_boolean()) wrong(key);
    out = v.get<bool>();
  }
  void read(const char* key, double& out) const {
    const Json& v = at(key);
    if (!v.is_number()) wrong(key);
    out = v.get<double>();
  }
  template <class T>
    requires std::is_integral_v<T>
  void read(const char* key, T& out) const {
    const Json& v = at(key);
    // whole numbers that JSON keeps exactly: sums of them do not overflow
    constexpr std::int64_t largest = std::int64_t{1} << 53;
    if (!v.is_number_integer() || (v.is_number_unsigned() && v.get<std::uint64_t>() > std::uint64_t{largest}))
      wrong(key);
    const auto n = v.get<std::int64_t>();
    if (n < -largest || !std::in_range<T>(n)) wrong(key);
    out = static_cast<T>(n);
  }
  void read(const char* key, std::optional<double>& out) const {
    double v = 0;
    out.reset();
    if (!has(key)) return;
    read(key, v);
    out = v;
  }
  void read(const char* key, std::vector<std::string>& out) const {
    for (const Json& v : array(key)) {
      if (!v.is_string()) wrong(key);
      out.push_back(shown(v));
    }
  }
  /// Fields that another writer may leave out.
  template <class T>
  void read_if(const char* key, T& out) const {
    if (has(key)) read(key, out);
  }

 private:
  /// Text of the file goes to terminals and Markdown.
  static std::string shown(const Json& v) { return printable(v.get<std::string>(), std::string::npos); }
  const Json& at(const char* key) const {
    if (!json_.contains(key)) throw std::runtime_error(where_ + " has no field \"" + key + "\"");
    return json_[key];
  }
  [[noreturn]] void wrong(const char* key) const {
    throw std::runtime_error(where_ + "." + key + " has the wrong type");
  }
  const Json& json_;
  std::string where_;
};

template <class T>
std::vector<T> read_counts(const Json& list, const std::string& what) {
  if (!list.is_array()) throw std::runtime_error(what + " is not a list");
  std::vector<T> counts;
  for (const Json& v : list) {
    if (!v.is_number_unsigned() || !std::in_range<T>(v.get<std::uint64_t>()))
      throw std::runtime_error(what + " has a wrong entry");
    counts.push_back(v.get<T>());
  }
  return counts;
}

Activations read_activations(const Reader& j) {
  Activations a;
  j.read("lowest", a.lowest);
  j.read("highest", a.highest);
  j.read("min", a.min);
  j.read("max", a.max);
  a.histogram = read_counts<std::uint64_t>(j.array("histogram"), "a histogram");
  return a;
}

LayerReport read_layer(const Reader& j) {
  LayerReport l;
  j.read("index", l.index);
  j.read("op", l.op);
  j.read("name", l.name);
  j.read("weights", l.weights);
  j.read("nonzero", l.nonzero);
  j.read("bits_per_weight", l.bits_per_weight);
  j.read("entropy_bits_per_weight", l.entropy_bits_per_weight);
  j.read("bytes", l.bytes);
  j.read_if("float_bytes", l.float_bytes);
  j.read("coding", l.coding);
  j.read("macs", l.macs);
  if (std::int64_t instructions = 0; j.has("instructions")) {
    j.read("instructions", instructions);
    l.instructions = instructions;
  }
  j.read("sqnr_db", l.sqnr_db);
  if (j.has("histogram")) l.histogram = read_counts<std::uint32_t>(j.array("histogram"), "a histogram");
  if (j.has("activations")) l.activations = read_activations(j.object("activations"));
  return l;
}

TrainResult read_training(const Reader& j) {
  TrainResult t;
  j.read("measure", t.measure);
  j.read("best_epoch", t.best_epoch);
  j.read_if("interrupted", t.interrupted);
  for (const Json& v : j.array("curve")) {
    const Reader point(v, "an epoch");
    EpochInfo e;
    point.read("epoch", e.epoch);
    point.read("loss", e.loss);
    point.read("validation", e.validation);
    e.best = e.epoch == t.best_epoch;
    t.curve.push_back(e);
  }
  return t;
}

PassRecord read_pass(const Reader& j) {
  PassRecord p;
  j.read("name", p.name);
  j.read_if("ms", p.ms);
  j.read("bytes_before", p.bytes_before);
  j.read("bytes_after", p.bytes_after);
  j.read_if("changed", p.changed);
  if (j.has("notes")) j.read("notes", p.notes);
  if (j.has("training")) p.training = read_training(j.object("training"));
  return p;
}

Accuracy read_accuracy(const Reader& j) {
  Accuracy a;
  j.read("metric", a.metric);
  j.read("samples", a.samples);
  j.read("float", a.float_value);
  j.read("compressed", a.compressed);
  j.read("agreement", a.agreement);
  j.read_if("sqnr_db", a.sqnr_db);
  j.read_if("synthetic", a.synthetic);
  if (!j.has("confusion")) return a;
  const Json& rows = j.array("confusion");
  for (const Json& row : rows) {
    a.confusion.push_back(read_counts<std::uint32_t>(row, "the confusion matrix"));
    if (a.confusion.back().size() != rows.size()) throw std::runtime_error("the confusion matrix is not square");
  }
  return a;
}

Report read_report(const Json& root) {
  const Reader j(root, "the report");
  int version = 0;
  j.read("schema_version", version);
  if (version != kSchemaVersion)
    throw std::runtime_error("schema_version is " + std::to_string(version) + ", this tinyc reads " +
                             std::to_string(kSchemaVersion));
  Report r;
  j.read("status", r.status);
  const Reader model = j.object("model"), flash = j.object("flash"), ram = j.object("ram");
  model.read("name", r.model_name);
  model.read("sha256", r.sha256);
  model.read("params", r.params);
  model.read("macs", r.macs_before);
  model.read("file_bytes", r.file_bytes);
  model.read("float_weight_bytes", r.float_weight_bytes);
  r.macs = r.macs_before;
  j.read_if("macs", r.macs);
  j.read("target", r.target);
  flash.read("weights", r.flash.weights);
  flash.read("tables", r.flash.tables);
  flash.read("params", r.flash.params);
  flash.read("descriptors", r.flash.descriptors);
  flash.read("code", r.code_bytes);
  flash.read_if("code_estimated", r.code_estimated);
  ram.read("arena", r.arena);
  ram.read("lower_bound", r.lower_bound);
  if (j.has("accuracy")) r.accuracy = read_accuracy(j.object("accuracy"));
  if (j.has("trade_off"))
    for (const Json& v : j.array("trade_off")) {
      const Reader t(v, "a point of trade_off");
      TradeOff& point = r.trade_off.emplace_back();
      t.read("what", point.what);
      t.read("bytes", point.bytes);
      t.read("value", point.value);
    }
  for (const Json& l : j.array("layers")) r.layers.push_back(read_layer({l, "a layer"}));
  for (const Json& p : j.array("passes")) r.passes.push_back(read_pass({p, "a pass"}));
  if (j.has("warnings")) j.read("warnings", r.warnings);
  if (j.has("failures")) j.read("failures", r.failures);
  return r;
}

}  // namespace

std::string to_json(const Report& r, bool reproducible) {
  Json layers = Json::array(), passes = Json::array();
  for (const auto& l : r.layers) layers.push_back(layer_json(l));
  for (const auto& p : r.passes) passes.push_back(pass_json(p, reproducible));
  Json trade_off = Json::array();
  for (const auto& t : r.trade_off) trade_off.push_back({{"what", t.what}, {"bytes", t.bytes}, {"value", t.value}});
  const Json j = {{"schema_version", kSchemaVersion},
                  {"status", r.status},
                  {"tinyc_version", TINYC_VERSION},
                  {"model",
                   {{"name", r.model_name},
                    {"sha256", r.sha256},
                    {"params", r.params},
                    {"macs", r.macs_before},
                    {"file_bytes", r.file_bytes},
                    {"float_weight_bytes", r.float_weight_bytes}}},
                  {"target", r.target},
                  {"flash",
                   {{"weights", r.flash.weights},
                    {"tables", r.flash.tables},
                    {"params", r.flash.params},
                    {"descriptors", r.flash.descriptors},
                    {"code", r.code_bytes},
                    {"code_estimated", r.code_estimated},
                    {"total", r.flash_total()}}},
                  {"ram", {{"arena", r.arena}, {"lower_bound", r.lower_bound}}},
                  {"macs", r.macs},
                  {"ratio", r.ratio()},
                  {"accuracy", r.accuracy ? accuracy_json(*r.accuracy) : Json(nullptr)},
                  {"trade_off", trade_off},
                  {"layers", layers},
                  {"passes", passes},
                  {"warnings", r.warnings},
                  {"failures", r.failures}};
  // names come from files: bytes that are no UTF-8 become replacement characters
  return j.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Report report_from_json(const std::string& text, const std::string& path) {
  const Json j = Json::parse(text, nullptr, false);
  const std::string subject = "'" + printable(path) + "' is not a report of tinyc: ";
  if (j.is_discarded()) throw Error(ErrorCode::not_a_report, subject + "it is not JSON");
  try {
    return read_report(j);
  } catch (const std::runtime_error& e) {
    throw Error(ErrorCode::not_a_report, subject + e.what());
  }
}

}  // namespace tinyc
