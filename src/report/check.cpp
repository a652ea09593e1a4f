// What `check` and `diff` say, whatever the form.
#include "tinyc/check.h"

#include <algorithm>

#include "report/check_forms.h"
#include "report/numbers.h"

namespace tinyc {
namespace {

std::string text_of(const Comparison& c, double value) {
  return c.metric ? decimals(value, 4) : std::to_string(static_cast<std::uint64_t>(value));
}

}  // namespace

std::string Comparison::before_text() const { return before ? text_of(*this, *before) : ""; }
std::string Comparison::after_text() const { return text_of(*this, after); }
std::string Comparison::change() const {
  if (!before) return "";
  if (metric) return signed_decimals(after - *before, 4);
  return *before == 0 ? "" : signed_decimals(100 * (after - *before) / *before, 1) + " %";
}

bool CheckedModel::passed() const noexcept {
  return std::ranges::all_of(gates, [](const GateResult& g) { return g.passed; });
}

std::vector<Comparison> compare(const CheckedModel& m) {
  std::vector<Comparison> rows;
  const auto size = [&](const char* what, auto get) {
    Comparison& row = rows.emplace_back(Comparison{what, {}, static_cast<double>(get(m.report))});
    if (m.baseline) row.before = static_cast<double>(get(*m.baseline));
  };
  size("flash total", [](const Report& r) { return r.flash_total(); });
  size("weights", [](const Report& r) { return r.flash.weights; });
  size("tables", [](const Report& r) { return r.flash.tables; });
  size("params", [](const Report& r) { return r.flash.params; });
  size("descriptors", [](const Report& r) { return r.flash.descriptors; });
  size("code", [](const Report& r) { return r.code_bytes; });
  size("RAM (arena)", [](const Report& r) { return r.arena; });
  size("MACs", [](const Report& r) { return r.macs; });
  const auto measured = [](const Report& r) { return r.accuracy && r.accuracy->compressed && !r.accuracy->synthetic; };
  if (measured(m.report)) {
    const Accuracy& a = *m.report.accuracy;
    Comparison& row = rows.emplace_back(Comparison{a.metric, {}, *a.compressed, true});
    if (m.baseline && measured(*m.baseline) && m.baseline->accuracy->metric == a.metric)
      row.before = m.baseline->accuracy->compressed;
  }
  return rows;
}

std::vector<LayerChange> changed_layers(const CheckedModel& m) {
  std::vector<LayerChange> rows;
  if (!m.baseline) return rows;
  const auto find = [](const Report& r, const std::string& name) {
    return std::ranges::find(r.layers, name, &LayerReport::name);
  };
  for (const LayerReport& l : m.report.layers) {
    const auto old = find(*m.baseline, l.name);
    const std::uint64_t before = old == m.baseline->layers.end() ? 0 : old->bytes;
    if (l.bytes != before) rows.push_back({l.name, l.op, before, l.bytes});
  }
  for (const LayerReport& l : m.baseline->layers)
    if (l.bytes != 0 && find(m.report, l.name) == m.report.layers.end()) rows.push_back({l.name, l.op, l.bytes, 0});
  std::ranges::stable_sort(rows, std::greater{}, [](const LayerChange& c) {
    return static_cast<std::int64_t>(c.after) - static_cast<std::int64_t>(c.before);
  });
  return rows;
}

std::string with_layer(const GateResult& g) { return g.layer.empty() ? g.message : g.message + "; " + g.layer; }

std::string format_check(std::span<const CheckedModel> models, CheckFormat format) {
  switch (format) {
    case CheckFormat::json: return check_json(models);
    case CheckFormat::github: return check_github(models);
    case CheckFormat::markdown: return check_markdown(models);
    case CheckFormat::junit: return check_junit(models);
    case CheckFormat::sarif: return check_sarif(models);
    case CheckFormat::html: return check_html(models);
    default: return check_text(models);
  }
}

}  // namespace tinyc
