// Renderings of `tinyc search`.
#include "tinyc/search.h"

#include <nlohmann/json.hpp>

#include "catch.h"

using namespace tinyc;

namespace {

Search small() {
  Search s;
  s.model = "net <1>";
  s.goal.max_drop = 0.01;
  SearchResult r;
  r.metric = "top1";
  r.samples = 1200;
  r.reference = 0.925;
  r.points = {{0, 20480, 640, 0.926, -0.001}, {2.5e-6, 12000, 640, 0.92, 0.005}};
  s.results.push_back(r);
  r.trial = {1, 0.905, 0.3, 10};
  r.points = {{0, 12500, 320, 0.9, 0.025}};
  s.results.push_back(r);
  SearchResult failed;
  failed.trial = {2, 0.8, 0, 10};
  failed.error = "<b> became NaN";
  s.results.push_back(failed);
  s.best = SearchPlace{0, 1};
  s.met = true;
  s.front = {{0, 1}, {0, 0}};
  return s;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("trials in words", "[search]") {
  CHECK(describe(SearchTrial{0, 0, 0, 0}) == "as given");
  CHECK(describe(SearchTrial{3, 0.905, 0, 0}) == "90.5 % of the weights pruned");
  CHECK(describe(SearchTrial{3, 0.8, 0.3, 10}) == "30 % of the MACs removed, 80 % of the weights pruned, 10 epochs");
}

TEST_CASE("the table of a search shows its front", "[search]") {
  CHECK(to_table(small()) ==
        "3 trials (1 failed), 3 models; top1 as given: 92.50 %, 1,200 samples\n"
        "goal: smallest flash with a drop of at most 1.00 points\n\n"
        "    trial   pruned  MACs less  epochs  bit price      flash        RAM       top1     drop\n"
        "*       0      0 %        0 %       0        2.5     12,000        640    92.00 %    +0.50\n"
        "        0      0 %        0 %       0          0     20,480        640    92.60 %    -0.10\n\n"
        "* the best\n");
  Search s = small();
  s.goal = {{}, 4096};
  s.met = false;
  CHECK(has(to_table(s), "goal: least drop with flash of at most 4,096 B\n"));
  CHECK(has(to_table(s), "* the nearest: no trial reached the goal\n"));
  CHECK(to_table(Search{}) ==
        "0 trials, 0 models\ngoal: least drop\n\n"
        "no model yet\n");
}

TEST_CASE("a search as JSON", "[search]") {
  const auto j = nlohmann::json::parse(to_json(small()));
  CHECK(j["schema_version"] == 1);
  CHECK(j["status"] == "ok");
  CHECK(j["model"] == "net <1>");
  CHECK(j["goal"] == nlohmann::json{{"max_drop", 0.01}, {"max_flash", nullptr}});
  CHECK(j["metric"] == "top1");
  CHECK(j["samples"] == 1200);
  CHECK(j["reference"] == 0.925);
  CHECK(j["best"] == nlohmann::json{{"trial", 0}, {"point", 1}});
  CHECK(j["trials"][0]["points"][1] ==
        nlohmann::json{
            {"bit_price", 2.5}, {"flash", 12000}, {"ram", 640}, {"value", 0.92}, {"drop", 0.005}, {"pareto", true}});
  CHECK(j["trials"][1]["prune"] == 0.905);
  CHECK(j["trials"][1]["points"][0]["pareto"] == false);
  CHECK(j["trials"][2]["error"] == "<b> became NaN");
  CHECK(j["trials"][2]["points"].empty());
  const auto none = nlohmann::json::parse(to_json(Search{}));
  CHECK(none["best"].is_null());
  CHECK(none["metric"].is_null());
}

TEST_CASE("the page of a search marks best and front, and escapes", "[search]") {
  const std::string html = to_html(small());
  CHECK(has(html, "net &lt;1&gt; - tinyc search"));
  CHECK(has(html, "&lt;b&gt; became NaN"));
  for (const char* part : {"<b>", "<script", "http:", "https:", "url("}) CHECK_FALSE(has(html, part));
  std::size_t curves = 0;
  for (auto at = html.find("<polyline"); at != std::string::npos; at = html.find("<polyline", at + 1)) ++curves;
  CHECK(has(html, ">0: as given</text>"));
  CHECK(has(html, ">1: 0.3:macs,0.905; 10 epochs</text>"));
  CHECK(curves == 3);  // the front and two trials
  CHECK(has(html, "<tr><td>best</td><td class=\"n\">0</td>"));
  CHECK(has(html, "<tr><td>&#9679;</td><td class=\"n\">0</td>"));
  CHECK(has(html, "<tr><td></td><td class=\"n\">1</td><td class=\"n\">90.5 %</td>"));
  CHECK_FALSE(has(to_html(Search{}), "<svg"));
}
