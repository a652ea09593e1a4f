// `tinyc sensitivity`: table, JSON and page.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/html_charts.h"
#include "report/html_page.h"
#include "report/numbers.h"
#include "tinyc/error.h"
#include "tinyc/sensitivity.h"

namespace tinyc {
namespace {

constexpr std::size_t kNameWidth = 34;

}  // namespace

std::string to_table(const Sensitivity& s) {
  constexpr std::size_t kColumn = 10;
  std::string out = s.metric + " with one layer pruned, " + with_commas(s.samples) + " samples";
  if (s.reference) out += "; unpruned: " + metric_text(s.metric, *s.reference);
  out += "\n\nlayer" + std::string(kNameWidth - 5, ' ') + padded("weights", kColumn);
  for (const double step : s.steps) out += padded(short_percent(step), kColumn);
  out += "\n";
  for (const auto& l : s.layers) {
    std::string name = short_name(l.name, kNameWidth);
    name.resize(kNameWidth, ' ');
    out += name + padded(with_commas(static_cast<std::uint64_t>(l.weights)), kColumn);
    for (const auto& p : l.points) out += padded(metric_text(s.metric, p.value), kColumn);
    out += "\n";
  }
  return out;
}

std::string to_json(const Sensitivity& s) {
  nlohmann::ordered_json j{
      {"schema_version", 1}, {"status", "ok"}, {"model", s.model}, {"metric", s.metric}, {"samples", s.samples}};
  j["reference"] = s.reference ? nlohmann::ordered_json(*s.reference) : nlohmann::ordered_json(nullptr);
  j["steps"] = s.steps;
  j["layers"] = nlohmann::ordered_json::array();
  for (const auto& l : s.layers) {
    nlohmann::ordered_json layer{{"name", l.name}, {"weights", l.weights}};
    layer["points"] = nlohmann::ordered_json::array();
    for (const auto& p : l.points)
      layer["points"].push_back({{"sparsity", p.sparsity}, {"value", p.value}, {"sqnr_db", p.sqnr_db}});
    j["layers"].push_back(std::move(layer));
  }
  return j.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string to_html(const Sensitivity& s) {
  const double scale = s.metric == "top1" || s.metric == "agreement" ? 100 : 1;
  std::vector<Curve> curves;
  std::vector<Table::Column> columns{{"layer"}, {"weights", true}};
  for (const double step : s.steps) columns.push_back({short_percent(step), true});
  Table values("Values", columns);
  for (const auto& l : s.layers) {
    Curve& c = curves.emplace_back(Curve{short_name(l.name, kNameWidth), {}});
    if (s.reference) c.points.emplace_back(0, scale * *s.reference);
    std::vector<std::string> cells{escape(l.name), with_commas(static_cast<std::uint64_t>(l.weights))};
    for (const auto& p : l.points) {
      c.points.emplace_back(100 * p.sparsity, scale * p.value);
      cells.push_back(metric_text(s.metric, p.value));
    }
    values.row(cells);
  }
  std::string body = "<h1>" + escape(s.model) + "</h1><p>sensitivity to pruning, one layer at a time, " +
                     with_commas(s.samples) + " samples" +
                     (s.reference ? ", unpruned " + metric_text(s.metric, *s.reference) : std::string()) + "</p>\n";
  body += section("Sensitivity of each layer", escape(s.metric) + " with one layer pruned, all others as they are.",
                  line_chart("Sensitivity of each layer", curves, "% of the layer's weights removed",
                             s.metric + (scale == 100 ? ", %" : "")));
  body += section("Values", "Columns: the share of the layer's weights removed.",
                  "<div class=\"wide\" tabindex=\"0\">" + values.html() + "</div>\n");
  return page(s.model + " - tinyc sensitivity", body);
}

}  // namespace tinyc
