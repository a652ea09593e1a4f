// The parts of pages: contrast of the colours, histograms, the arena's picture, the confusion matrix, the page of a
// model before compression.
#include <algorithm>
#include <cmath>

#include "catch.h"
#include "report/html_arena.h"
#include "report/html_charts.h"
#include "report/html_page.h"
#include "tinyc/report.h"
#include "tinyc/text.h"

namespace tinyc {
namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// Relative luminance of #rgb or #rrggbb.
double luminance(std::string hex) {
  if (hex.size() == 4) hex = {hex[0], hex[1], hex[1], hex[2], hex[2], hex[3], hex[3]};
  REQUIRE(hex.size() == 7);
  const auto part = [&](std::size_t at) {
    const double v = std::stoi(hex.substr(at, 2), nullptr, 16) / 255.0;
    return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
}

TEST_CASE("text is readable on every background, light and dark") {
  const std::string html = page("t", "");
  const auto light = html.find(":root{"), dark = html.find(":root{", light + 1);
  REQUIRE(dark != std::string::npos);
  for (const auto theme : {light, dark}) {
    const std::string block = html.substr(theme, html.find('}', theme) - theme);
    const auto of = [&](const std::string& name) {
      const auto at = block.find("--" + name + ":") + name.size() + 3;
      return luminance(block.substr(at, block.find_first_of(";}", at) - at));
    };
    const auto contrast = [&](const std::string& a, const std::string& b) {
      const double x = of(a), y = of(b);
      return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
    };
    for (const char* text : {"ink", "soft", "link", "bad"})
      for (const char* ground : {"paper", "card"}) {
        CAPTURE(theme == dark, text, ground);
        CHECK(contrast(text, ground) >= 4.5);
      }
    CHECK(contrast("ink", "warn") >= 4.5);
    CHECK(contrast("bad", "warn") >= 4.5);
    for (const char* mark : {"before", "after", "entropy", "bad"}) {
      CAPTURE(theme == dark, mark);
      CHECK(contrast(mark, "card") >= 2.6);
    }
  }
}

// One layer that writes b (60 bytes) over a (100 bytes), both at offset 0.
Program over_operand() {
  Program p;
  Value a{"a", {100}}, b{"b", {60}};
  a.bytes = 100;
  a.first = -1;
  a.last = 0;
  b.bytes = 60;
  b.first = 0;
  b.last = 1;
  p.values = {a, b};
  Layer l;
  l.op = OpKind::tanh;
  l.in0 = 0;
  l.out = 1;
  p.layers = {l};
  p.arena_bytes = p.arena_lower_bound = 100;
  return p;
}

TEST_CASE("bytes that an output takes over are drawn and counted once") {
  const Program p = over_operand();
  CHECK(ram_by_layer(p) == std::vector<std::uint64_t>{100});
  const std::string svg = arena_chart(p);
  CHECK(has(svg, "M490 0H626.67V144H490Z\"><title>a "));  // a: only its upper 40 bytes, after the middle
  CHECK(has(svg, "d=\"M490 144H763.33V360H490Z"));        // b: nothing before the middle
  const std::string table = arena_table(p);
  CHECK(has(table, "reads a, 100 B"));
  CHECK(has(table, "writes b, 60 B (60 B of them over what it reads)"));
}

TEST_CASE("a value that waits for a later layer blocks") {
  Program p = over_operand();
  Value c{"c", {30}};
  c.bytes = 30;
  c.offset = 100;
  c.first = -1;
  c.last = 1;
  p.values.push_back(c);
  p.arena_bytes = p.arena_lower_bound = 130;
  CHECK(ram_by_layer(p) == std::vector<std::uint64_t>{130});
  CHECK(has(arena_table(p), "<b>waits</b> until the end: c, 30 B"));
}

TEST_CASE("the layers' table has every order") {
  const Program p = over_operand();
  Report r;
  r.layers.resize(3);
  for (int i = 0; i < 3; ++i) {
    r.layers[static_cast<std::size_t>(i)].index = i;
    r.layers[static_cast<std::size_t>(i)].bytes = static_cast<std::uint64_t>(10 * (i == 1 ? 5 : i));
  }
  const std::string html = layer_table(r, p);
  CHECK(has(html, "--run:0;--weights:0;--bytes:2;"));
  CHECK(has(html, "--run:1;--weights:1;--bytes:0;"));
  CHECK(has(html, "--run:2;--weights:2;--bytes:1;"));
  CHECK(has(html, "href=\"#by-bytes\""));
  CHECK(has(html, "id=\"by-bytes\""));
}

TEST_CASE("the confusion matrix counts labels and answers, the worst mistake first") {
  Accuracy a;
  CHECK(confusion_chart(a).empty());
  a.confusion = {{8, 2, 0}, {0, 9, 1}, {0, 5, 5}};
  const std::string html = confusion_chart(a);
  CHECK(has(html, "label 2, answer 1: 5</title>"));
  CHECK_FALSE(has(html, "label 0, answer 2:"));
  CHECK(html.find("<th scope=\"row\">2</th><td>1</td><td class=\"n\">5</td><td class=\"n\">50.00 %</td>") <
        html.find("<th scope=\"row\">0</th><td>1</td><td class=\"n\">2</td><td class=\"n\">20.00 %</td>"));
}

TEST_CASE("a histogram has a bar for each bin that is not empty") {
  const std::string html = histogram("<t>", {0, 100, 25, 0}, "c");
  CHECK(has(html, "d=\"M5 60v-60h4.5v60zM10 60v-30h4.5v30z\""));
  CHECK(has(html, "aria-label=\"&lt;t&gt;\""));
  CHECK(has(html, "viewBox=\"0 0 20 61\""));
}

TEST_CASE("a model before compression has a page") {
  const Graph g = parse("%x = input f32[1,4] %y = fully_connected(%x, random(1) f32[2,4], random(2) f32[2]) output %y");
  ModelFacts facts;
  facts.file_bytes = 1234;
  facts.params = 10;
  facts.inputs = {{"<x>", {1, 4}, "float32"}};
  facts.ops = {{"FULLY_CONNECTED", 1}};
  const std::string html = to_html(facts, "net<1>.tflite", &g, 6);
  for (const char* part : {"net&lt;1&gt;.tflite", "1,234 B", "&lt;x&gt;", "FULLY_CONNECTED", "<b>8</b>", "Weights",
                           "</b> -", "0 fully_connected"})
    CHECK(has(html, part));
  CHECK_FALSE(has(html, "Not supported"));
  facts.unsupported = {{3, "CUSTOM", "t", "no <such> operator"}};
  const std::string without = to_html(facts, "net", nullptr, 0);
  CHECK(has(without, "no &lt;such&gt; operator"));
  CHECK_FALSE(has(without, "Multiply-accumulates"));
}

}  // namespace
}  // namespace tinyc
