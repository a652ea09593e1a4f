// The report: sizes add up, JSON survives a round trip, text from models cannot break out, the table fits a terminal.
#include "tinyc/report.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "catch.h"
#include "oracle/small_programs.h"
#include "report/html_arena.h"
#include "report/html_page.h"
#include "report/numbers.h"
#include "tinyc/emit.h"
#include "tinyc/error.h"

namespace tinyc {
namespace {

Report small_report(const Program& p) {
  Report r;
  r.model_name = "small";
  r.sha256 = std::string(64, 'a');
  r.target = "cortex-m4";
  r.params = 1000;
  r.file_bytes = 5000;
  r.float_weight_bytes = 4000;
  r.macs_before = 60000;
  describe(p, r);
  r.code_bytes = 7000;
  Accuracy a;
  a.samples = 300;
  a.float_value = 0.9125;
  a.compressed = 0.9;
  a.agreement = 0.987;
  a.sqnr_db = 30.25;
  a.confusion = {{150, 20}, {10, 120}};
  r.accuracy = a;
  r.trade_off = {{"as given", 4000, 0.9125}, {"before quantization", 2000, 0.905}, {"compressed", 700, 0.9}};
  r.layers[0].sqnr_db = 12.5;
  r.layers[1].sqnr_db = 40;
  r.layers[0].activations = Activations{-1, 4, -0.5, 3.75, std::vector<std::uint64_t>(32, 1)};
  r.passes = {{"canonicalize", 1.5, 4000, 3900, true, {"2 nodes folded"}}, {"quantize_int8", 2, 3900, 1000, true, {}}};
  r.warnings = {"a warning"};
  return r;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// Every number of the page, coordinates too. TINYC_UPDATE=1 rewrites the golden; look at the page before committing it.
TEST_CASE("the page is the golden one") {
  const Program p = oracle::small_program();
  const std::filesystem::path golden = TINYC_SOURCE_DIR "/tests/report/small.html";
  const std::string html = to_html(small_report(p), p);
  if (std::getenv("TINYC_UPDATE")) std::ofstream(golden, std::ios::binary) << html;
  std::ifstream in(golden, std::ios::binary);
  const std::string expected{std::istreambuf_iterator<char>(in), {}};
  CHECK((html == expected));
}

TEST_CASE("describe counts what the program holds") {
  const Program p = oracle::small_program();
  Report r;
  describe(p, r);
  CHECK(r.arena == p.arena_bytes);
  REQUIRE(r.layers.size() == p.layers.size());
  const LayerReport& conv = r.layers[0];
  CHECK(conv.op == "conv_2d");
  CHECK(conv.coding == "huffman");
  CHECK(conv.weights == 8 * 27);
  CHECK(conv.float_bytes == 4 * (8 * 27 + 8));
  CHECK(conv.macs == 64 * 8 * 27);
  CHECK(conv.bits_per_weight >= conv.entropy_bits_per_weight);
  CHECK(conv.bits_per_weight < 8);
  std::uint32_t counted = 0;
  for (const auto n : conv.histogram) counted += n;
  CHECK(counted == 8 * 27);
  CHECK(r.layers[1].coding == "raw");
  CHECK(r.layers[1].bits_per_weight == 8);
  std::int64_t macs = 0;
  for (const auto& l : r.layers) {
    macs += l.macs;
    if (l.op == "tanh") {
      CHECK(l.coding == "none");
      CHECK(l.bytes == 256);
      CHECK(l.histogram.empty());
    }
  }
  CHECK(r.macs == macs);
  CHECK(r.flash.params >= 256);
}

TEST_CASE("report.json holds the fields of the contract") {
  const Report r = small_report(oracle::small_program());
  const auto j = nlohmann::json::parse(to_json(r, false));
  CHECK(j["schema_version"] == 1);
  CHECK(j["status"] == "ok");
  CHECK(j["model"]["name"] == "small");
  CHECK(j["model"]["macs"] == 60000);
  CHECK(j["flash"]["total"] == r.flash_total());
  CHECK(j["ram"]["arena"] == r.arena);
  CHECK(j["ratio"].get<double>() == Approx(4000.0 / static_cast<double>(r.flash.weights + r.flash.tables)));
  CHECK(j["accuracy"]["float"] == 0.9125);
  CHECK(j["layers"][0]["sqnr_db"] == 12.5);
  CHECK(j["layers"][2]["sqnr_db"].is_null());
  for (const char* key : {"index", "op", "name", "weights", "nonzero", "bits_per_weight", "entropy_bits_per_weight",
                          "bytes", "coding", "macs"})
    CHECK(j["layers"][0].contains(key));
  CHECK(j["layers"][0]["activations"]["max"] == 3.75);
  CHECK(j["layers"][0]["activations"]["histogram"].size() == 32);
  CHECK_FALSE(j["layers"][1].contains("activations"));
  CHECK(j["accuracy"]["confusion"][0][1] == 20);
  CHECK(j["passes"][0]["ms"] == 1.5);
  CHECK_FALSE(nlohmann::json::parse(to_json(r, true))["passes"][0].contains("ms"));
}

TEST_CASE("report.json survives a round trip") {
  Report r = small_report(oracle::small_program());
  const std::string text = to_json(r, false);
  CHECK(to_json(report_from_json(text, "r"), false) == text);
  r.accuracy.reset();
  r.layers.clear();
  const std::string bare = to_json(r, true);
  const Report back = report_from_json(bare, "r");
  CHECK_FALSE(back.accuracy.has_value());
  CHECK(back.layers.empty());
}

TEST_CASE("what is no report is refused") {
  const std::string good = to_json(small_report(oracle::small_program()), true);
  const auto refused = [](const std::string& text) {
    try {
      report_from_json(text, "r.json");
    } catch (const Error& e) {
      return e.kind() == ErrorKind::data;
    }
    return false;
  };
  for (const char* text : {"", "{", "[]", "null", "3", "{}", "{\"schema_version\":1}", "{\"schema_version\":\"1\"}"})
    CHECK(refused(text));
  const auto changed = [&](auto change) {
    auto j = nlohmann::json::parse(good);
    change(j);
    return j.dump();
  };
  using J = nlohmann::json;
  CHECK_FALSE(refused(changed([](J&) {})));
  CHECK(refused(changed([](J& j) { j["schema_version"] = 2; })));
  CHECK(refused(changed([](J& j) { j["flash"]["weights"] = -1; })));
  CHECK(refused(changed([](J& j) { j["flash"] = 7; })));
  CHECK(refused(changed([](J& j) { j["ram"].erase("arena"); })));
  CHECK(refused(changed([](J& j) { j["layers"] = "none"; })));
  CHECK(refused(changed([](J& j) { j["layers"][0]["name"] = 5; })));
  CHECK(refused(changed([](J& j) { j["layers"][0]["histogram"] = {1.5}; })));
  CHECK(refused(changed([](J& j) { j["accuracy"]["metric"] = J::array(); })));
  CHECK(refused(changed([](J& j) { j["accuracy"]["confusion"][0] = {1}; })));
  CHECK(refused(changed([](J& j) { j["accuracy"]["confusion"][0] = 1; })));
  CHECK(refused(changed([](J& j) { j["accuracy"]["confusion"][0][0] = 1ull << 32; })));
  CHECK(refused(changed([](J& j) { j["layers"][0]["activations"]["histogram"][3] = -1; })));
  CHECK(refused(changed([](J& j) { j["layers"][0]["activations"].erase("min"); })));
  for (std::size_t n = 0; n + 2 < good.size(); n += 101) CHECK(refused(good.substr(0, n)));
}

TEST_CASE("names from a model cannot break the page or the JSON") {
  Program p = oracle::small_program();
  p.layers[0].name = "<script>alert(1)</script>\"'&\x01\xff";
  p.values[0].name = "</title><img src=x onerror=y>";
  Report r = small_report(p);
  r.warnings = {"<b>bold</b>"};
  const std::string html = to_html(r, p);
  CHECK_FALSE(has(html, "<script"));
  CHECK_FALSE(has(html, "<img"));
  CHECK_FALSE(has(html, "<b>bold"));
  CHECK(has(html, "&lt;script&gt;"));
  CHECK_NOTHROW(nlohmann::json::parse(to_json(r, true)));
  CHECK(escape("<&\"'>\n") == "&lt;&amp;&quot;&#39;&gt;\\x0A");
  const std::string table = to_table(r);
  CHECK_FALSE(has(table, "\x01"));
}

TEST_CASE("the page holds every chart, balanced and without outside references") {
  const Program p = oracle::small_program();
  const std::string html = to_html(small_report(p), p);
  for (const char* part : {"Size of each layer", "entropy", "Signal to quantization noise", "RAM over time",
                           "Histograms", "Passes", "quantize_int8", "<svg", "prefers-color-scheme"})
    CHECK(has(html, part));
  for (const char* part : {"<script", "http:", "https:", "url(", "nan", "inf\""}) CHECK_FALSE(has(html, part));
  const auto count = [&](const std::string& part) {
    std::size_t n = 0;
    for (auto at = html.find(part); at != std::string::npos; at = html.find(part, at + 1)) ++n;
    return n;
  };
  for (const char* tag : {"svg", "section", "table", "text", "g", "title"}) {
    CAPTURE(tag);
    CHECK(count(std::string("<") + tag + ">") + count(std::string("<") + tag + " ") ==
          count(std::string("</") + tag + ">"));
  }
  CHECK(html == to_html(small_report(p), p));
}

TEST_CASE("the arena picture shows each value where it is") {
  const Program p = oracle::small_program();
  const std::string svg = arena_chart(p);
  for (const Value& v : p.values) CHECK(has(svg, with_commas(v.bytes) + " B at " + with_commas(v.offset)));
}

TEST_CASE("an empty report has a page and a table") {
  Report r;
  const Program p;
  CHECK(has(to_html(r, p), "RAM over time"));
  CHECK_FALSE(has(to_html(r, p), "nan"));
  CHECK_FALSE(to_table(r).empty());
}

TEST_CASE("the table is at most 100 columns wide and says what matters") {
  Report r = small_report(oracle::small_program());
  r.model_name = std::string(200, 'x');
  r.layers[0].name = std::string(300, 'n');
  r.file_bytes = r.float_weight_bytes = 1234567890123;
  for (const bool synthetic : {false, true}) {
    r.accuracy->synthetic = synthetic;
    const std::string table = to_table(r);
    INFO(table);
    std::istringstream lines(table);
    for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 100);
    CHECK(has(table, synthetic ? "accuracy is not known" : "-1.25 points, 300 samples"));
    CHECK(has(table, "12.5 dB"));
  }
  r.accuracy->synthetic = false;
  const std::string table = to_table(r);
  CHECK(table.find("12.5 dB") < table.find("40.0 dB"));  // the worst layer first
}

TEST_CASE("the explanation accounts for every byte and names what would save most") {
  const Program p = oracle::small_program();
  const Report r = small_report(p);
  const std::vector<CodePart> code{{"tinyc_conv_2d", 3000}, {"shared", 4000}};
  const std::string text = to_explanation(r, p, code);
  CHECK(has(text, with_commas(r.flash_total()) + " B of flash"));
  CHECK(has(text, "canonicalize                      4,000 ->        3,900 B"));
  CHECK(has(text, "tinyc_conv_2d"));
  for (const LayerReport& l : r.layers)
    if (l.weights) CHECK(has(text, with_commas(static_cast<std::uint64_t>(l.weights))));
  CHECK(r.layers[0].decode_share.has_value());  // the convolution is coded
  CHECK(*r.layers[0].decode_share > 0);
  const auto next = ideas(r, p, code);
  REQUIRE(!next.empty());
  CHECK(std::ranges::is_sorted(next, std::greater{}, &Idea::bytes));
  std::uint64_t stored = 0;
  for (const LayerReport& l : r.layers) stored += l.bytes;
  for (const Idea& i : next) CHECK(i.bytes <= std::max<std::uint64_t>(stored, 4000));
  const auto j = nlohmann::json::parse(explanation_json(r, p, code));
  CHECK(j["flash"]["total"] == r.flash_total());
  CHECK(j["code"].size() == 2);
  CHECK(j["next"].size() == next.size());
}

TEST_CASE("numbers read well") {
  CHECK(with_commas(0) == "0");
  CHECK(with_commas(999) == "999");
  CHECK(with_commas(1000) == "1,000");
  CHECK(with_commas(1234567) == "1,234,567");
  CHECK(bytes_text(10239) == "10,239 B");
  CHECK(bytes_text(10240) == "10.0 KiB");
  CHECK(coordinate(1.0) == "1");
  CHECK(coordinate(1.25) == "1.25");
  CHECK(coordinate(100) == "100");
  CHECK(coordinate(-0.001) == "0");
}

TEST_CASE("the code estimate ignores comments and space") {
  CHECK(estimate_code_bytes("/* nothing */  \n") == 0);
  CHECK(estimate_code_bytes("abcde fghij") == 6);
  CHECK(estimate_code_bytes("/* open") == 0);
  const auto files = emit_c(oracle::small_program());
  const auto estimate = estimate_code_bytes(files.at("tinyc_rt.c"));
  CHECK(estimate > 3000);
  CHECK(estimate < 30000);
}

}  // namespace
}  // namespace tinyc
