// check and diff in every form: figures, escapes, limits; the lock file.
#include "tinyc/check.h"

#include <nlohmann/json.hpp>

#include "catch.h"

using namespace tinyc;
using nlohmann::json;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

Report report(const std::string& name, std::uint64_t weights) {
  Report r;
  r.model_name = name;
  r.flash.weights = weights;
  r.code_bytes = 100;
  r.arena = 50;
  r.macs = 7;
  LayerReport l;
  l.index = 0;
  l.op = "conv_2d";
  l.name = "first";
  l.bytes = weights;
  r.layers.push_back(l);
  Accuracy a;
  a.metric = "top1";
  a.samples = 10;
  a.float_value = 0.9;
  a.compressed = 0.875;
  r.accuracy = a;
  return r;
}

/// One gate that failed and one that passed; before, there were 300 B of weights.
CheckedModel grown(const std::string& name = "kws") {
  CheckedModel m;
  m.path = "models/" + name + ".tflite";
  m.report = report(name, 400);
  m.baseline = report(name, 300);
  m.gates = {{"baseline-flash", ErrorCode::worse_than_baseline, false, "flash is 500 B, 25 % more",
              "layer 0 conv_2d 'first' grew most", "--prune 0.5"},
             {"baseline-ram", ErrorCode::worse_than_baseline, true, "RAM is 50 B", "", ""}};
  return m;
}

std::string format(const CheckedModel& m, CheckFormat f) { return format_check({&m, 1}, f); }

}  // namespace

TEST_CASE("check as text: failures with their layer, code and remedy, or one line that all is well") {
  CheckedModel m = grown();
  CHECK_FALSE(m.passed());
  CHECK(format(m, CheckFormat::text) ==
        "FAIL  flash is 500 B, 25 % more; layer 0 conv_2d 'first' grew most [E106]\n      try --prune 0.5\n");
  const CheckedModel two[] = {grown("a"), grown("b")};
  CHECK(has(format_check(two, CheckFormat::text), "FAIL  b: flash"));
  m.gates[0].passed = true;
  CHECK(m.passed());
  CHECK(format(m, CheckFormat::text) == "ok    flash 500 B, RAM 50 B\n");
}

TEST_CASE("check as GitHub's commands: what ends a property or a line is escaped") {
  CheckedModel m = grown();
  m.path = "a,b:c.tflite";
  m.gates[0].message = "100 %\nof it";
  CHECK(format(m, CheckFormat::github) ==
        "::error file=a%2Cb%3Ac.tflite,line=1,title=tinyc E106 kws baseline-flash::100 %25%0Aof it; layer 0 conv_2d "
        "'first' "
        "grew most%0Atry --prune 0.5\n");
}

TEST_CASE("check as Markdown: before and after, layers that changed, harmless names") {
  const std::string text = format(grown(), CheckFormat::markdown);
  CHECK(has(text, "| flash total | 400 | 500 | +25.0 % |"));
  CHECK(has(text, "| top1 | 0.8750 | 0.8750 | +0.0000 |"));
  CHECK(has(text, "- **E106** flash is 500 B"));
  CHECK(has(text, "| conv\\_2d first | 300 | 400 | +100 |"));
  CheckedModel evil = grown("a|b<script>\n# x");
  const std::string shown = format(evil, CheckFormat::markdown);
  CHECK(has(shown, "a\\|b\\<script>\\\\x0A# x"));
  evil.baseline.reset();
  CHECK(has(format(evil, CheckFormat::markdown), "| flash total |  | 500 |  |"));
}

TEST_CASE("Markdown fits a comment however many models and layers there are") {
  CheckedModel m = grown();
  for (int i = 0; i < 3000; ++i) {
    LayerReport l = m.report.layers[0];
    l.name = "layer" + std::to_string(i) + std::string(100, 'x');
    m.report.layers.push_back(l);
  }
  CHECK(has(format(m, CheckFormat::markdown), "3001 layers changed"));
  const std::vector<CheckedModel> many(500, m);
  const std::string text = format_check(many, CheckFormat::markdown);
  CHECK(text.size() < 65536);
  CHECK(has(text, "The other models are in report.json"));
}

TEST_CASE("check as JUnit: a suite a model, a test a gate, counted and escaped") {
  CheckedModel m = grown("a<b>&\"\x01");
  const std::string text = format(m, CheckFormat::junit);
  CHECK(has(text, "<testsuites tests=\"2\" failures=\"1\" errors=\"0\">"));
  CHECK(has(text, "<testsuite name=\"a&lt;b&gt;&amp;&quot;\\x01\" tests=\"2\" failures=\"1\""));
  CHECK(has(text, "<failure message=\"flash is 500 B, 25 % more\" type=\"E106\">"));
  CHECK(has(text, "name=\"baseline-ram\"/>"));
}

TEST_CASE("check as SARIF: each result has a rule that exists, a relative place and a message") {
  CheckedModel m = grown();
  m.path = "models/key words.tflite";
  const json j = json::parse(format(m, CheckFormat::sarif));
  CHECK(j["version"] == "2.1.0");
  REQUIRE(j["runs"].size() == 1);
  const json& run = j["runs"][0];
  REQUIRE(run["results"].size() == 1);
  const json& result = run["results"][0];
  bool known = false;
  for (const auto& rule : run["tool"]["driver"]["rules"]) known = known || rule["id"] == result["ruleId"];
  CHECK(known);
  CHECK(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "models/key%20words.tflite");
  CHECK(result["locations"][0]["physicalLocation"]["region"]["startLine"] == 1);
  CHECK(has(result["message"]["text"], "'first' grew most. Try --prune 0.5"));
}

TEST_CASE("check as JSON and as a page") {
  const json j = json::parse(format(grown(), CheckFormat::json));
  CHECK(j["status"] == "failed");
  CHECK(j["failures"].size() == 1);
  CHECK(j["models"][0]["gates"][0]["code"] == "E106");
  CHECK(j["models"][0]["figures"]["flash total"]["before"] == 400);
  CHECK(j["models"][0]["layers"][0]["after"] == 400);
  const std::string page = format(grown("<b>"), CheckFormat::html);
  CHECK(has(page, "&lt;b&gt;"));
  CHECK(has(page, "<b>E106</b>"));
}

TEST_CASE("layers are paired by name; new ones and lost ones count whole") {
  CheckedModel m = grown();
  m.report.layers[0].name = "renamed";
  const std::string text = format(m, CheckFormat::markdown);
  CHECK(has(text, "| conv\\_2d renamed | 0 | 400 | +400 |"));
  CHECK(has(text, "| conv\\_2d first | 300 | 0 | -300 |"));
}

TEST_CASE("the lock file comes back as it was, and nothing else is taken for one") {
  const Locked models[] = {{"a/kws.tflite", report("kws", 400)}, {"b.tflite", report("b", 1)}};
  const std::string text = lock_to_json(models);
  const auto back = lock_from_json(text, "tinyc.lock.json");
  CHECK(lock_to_json(back) == text);
  REQUIRE(back.size() == 2);
  CHECK(back[0].path == "a/kws.tflite");
  CHECK(back[0].report.flash_total() == models[0].report.flash_total());
  CHECK(back[0].report.layers[0].bytes == 400);
  CHECK(*back[0].report.accuracy->compressed == 0.875);
  for (std::size_t cut = 0; cut < text.size() - 2; cut += 7)
    CHECK_THROWS_AS(lock_from_json(text.substr(0, cut), "x"), Error);
  json j = json::parse(text);
  j["schema_version"] = 2;
  CHECK_THROWS_WITH(lock_from_json(j.dump(), "x"), Catch::Contains("schema_version is 2"));
  j["schema_version"] = 1;
  j["models"][0]["flash"]["code"] = "large";
  CHECK_THROWS_AS(lock_from_json(j.dump(), "x"), Error);
}
