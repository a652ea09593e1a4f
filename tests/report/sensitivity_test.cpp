// Renderings of `tinyc sensitivity`, and line charts.
#include "tinyc/sensitivity.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "report/html_charts.h"

using namespace tinyc;

namespace {

Sensitivity small() {
  Sensitivity s;
  s.model = "net <1>";
  s.metric = "top1";
  s.samples = 1200;
  s.reference = 0.925;
  s.steps = {0.5, 0.905};
  s.layers = {{"conv/Relu;conv/BiasAdd", 2304, {{0.5, 0.92, 31.25}, {0.90495, 0.5, 3}}},
              {"<b>", 64, {{0.5, 0.9, 20}, {0.90625, 0.1, 1}}}};
  return s;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("the table of sensitivities", "[sensitivity]") {
  CHECK(to_table(small()) ==
        "top1 with one layer pruned, 1,200 samples; unpruned: 92.50 %\n\n"
        "layer                                weights      50 %    90.5 %\n"
        "conv/Relu                              2,304   92.00 %   50.00 %\n"
        "<b>                                       64   90.00 %   10.00 %\n");
  Sensitivity s = small();
  s.metric = "sqnr";
  s.reference.reset();
  s.steps = {0.5};
  s.layers = {{"a/very/long/name/that/does/not/fit/into/the/column", 8, {{0.5, 31.25, 31.25}}}};
  CHECK(to_table(s) ==
        "sqnr with one layer pruned, 1,200 samples\n\n"
        "layer                                weights      50 %\n"
        "...at/does/not/fit/into/the/column         8   31.2 dB\n");
}

TEST_CASE("sensitivities as JSON", "[sensitivity]") {
  const auto j = nlohmann::json::parse(to_json(small()));
  CHECK(j["schema_version"] == 1);
  CHECK(j["metric"] == "top1");
  CHECK(j["reference"] == 0.925);
  CHECK(j["steps"] == nlohmann::json({0.5, 0.905}));
  CHECK(j["layers"][0]["name"] == "conv/Relu;conv/BiasAdd");
  CHECK(j["layers"][1]["points"][1] == nlohmann::json({{"sparsity", 0.90625}, {"value", 0.1}, {"sqnr_db", 1.0}}));
  Sensitivity none = small();
  none.reference.reset();
  CHECK(nlohmann::json::parse(to_json(none))["reference"].is_null());
}

TEST_CASE("the page of sensitivities escapes names and holds one curve a layer", "[sensitivity]") {
  const std::string html = to_html(small());
  CHECK(has(html, "net &lt;1&gt; - tinyc sensitivity"));
  CHECK_FALSE(has(html, "<b>"));
  for (const char* part : {"<script", "http:", "https:", "url(", "nan"}) CHECK_FALSE(has(html, part));
  std::size_t curves = 0;
  for (auto at = html.find("<polyline"); at != std::string::npos; at = html.find("<polyline", at + 1)) ++curves;
  CHECK(curves == 2);
  CHECK(has(html, "<td class=\"n\">50.00 %</td>"));
}

TEST_CASE("line charts scale to their points", "[sensitivity]") {
  // x from 0 to 10 over [60, 660], y from 0 to 100 over [276, 12]
  const std::string svg = line_chart("t", {{"a", {{10, 100}, {0, 0}, {5, 50}}}}, "x", "y");
  CHECK(has(svg, "points=\"60,276 360,144 660,12\""));
  CHECK(has(svg, ">100<"));
  CHECK(has(svg, ">10<"));
  const double inf = std::numeric_limits<double>::infinity();
  const std::string gaps = line_chart("t", {{"a", {{0, 0}, {3, inf}, {inf, 3}, {10, 100}}}}, "x", "y");
  CHECK(has(gaps, "points=\"60,276 660,12\""));
  CHECK(line_chart("t", {{"a", {{0, inf}}}}, "x", "y").empty());
  CHECK(line_chart("t", {}, "x", "y").empty());
  // one value only: it lies in the middle of an axis around it
  CHECK(has(line_chart("t", {{"a", {{0, 7}, {10, 7}}}}, "x", "y"), "points=\"60,144 660,144\""));
}
