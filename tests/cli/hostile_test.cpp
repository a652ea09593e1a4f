// Files made to hurt: names with escapes, claims beyond all measure, wrong labels, damaged outputs of our own.
#include <nlohmann/json.hpp>

#include "catch.h"
#include "cli/shell.h"
#include "data/npy_bytes.h"
#include "tflite/build.h"

using namespace tinyc;
using namespace tinyc::test;
namespace fs = std::filesystem;

namespace {

void save(const fs::path& path, const Bytes& bytes) { write_file(path, bytes); }

bool plain(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); });
}

Bytes logistic_model(Shape shape) {
  ModelBuilder m;
  const auto x = m.activation("x", shape), y = m.activation("y", shape);
  m.op(B::LOGISTIC, {x}, {y});
  return m.finish({x}, {y});
}

}  // namespace

TEST_CASE("names from a model are harmless in the terminal, in C, in HTML and in JSON") {
  const Folder f;
  const std::string names[] = {"a*/int evil;/*",
                               "b?\?/\n#error x",
                               "c\\\n",
                               "\"'<script>alert(1)</script>&amp;",
                               "\x1b]0;title\x07\x1b[2J",
                               "\xff\xfe\x80",
                               "",
                               "../../passwd",
                               "%s%n",
                               std::string(100000, 'A'),
                               "same",
                               "same"};
  ModelBuilder m;
  const auto x = m.activation("x\x1b[31m*/<script>\xff", {1, 4});
  auto last = x;
  for (const auto& name : names) {
    const auto w = m.constant(name, {4, 4}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7});
    const auto y = m.activation(name, {1, 4});
    const auto options = fb::CreateFullyConnectedOptions(m.fbb);
    m.op(B::FULLY_CONNECTED, {last, w, -1}, {y}, O::FullyConnectedOptions, options);
    last = y;
  }
  save(f / "m.tflite", m.finish({x}, {last}));
  const Ran r = shell_run(f.path, "\"$tinyc\" inspect m.tflite && \"$tinyc\" compress m.tflite --int8 -v -o out");
  REQUIRE(r.code == 0);
  CHECK(plain(r.out));
  CHECK(plain(r.err));
  const auto files = files_of(f / "out");
  for (const auto& [name, text] : files) {
    INFO(name);
    CHECK((name.ends_with(".tinyc") || plain(text)));
  }
  CHECK(files.at("report.html").find("<script") == std::string::npos);
  CHECK(nlohmann::json::accept(files.at("report.json")));
  if (std::system("command -v cc >/dev/null 2>&1") != 0) {
    WARN("skipped: no C compiler");
    return;
  }
  CHECK(shell_run(f / "out", "cc -x c -std=c99 -Wall -Wextra -Werror -fsyntax-only model_data.cc").code == 0);
}

TEST_CASE("a command line with escapes is shown harmlessly") {
  const Ran r = tinyc_run("inspect --$(printf '\\033')[31mx");
  CHECK(r.code == 2);
  CHECK(plain(r.err));
}

TEST_CASE("a report with escapes is shown harmlessly") {
  const Folder f;
  REQUIRE(tinyc_run(example_args(f / "out")).code == 0);
  auto j = nlohmann::json::parse(read_text(f / "out/report.json"));
  j["model"]["name"] = "\x1b[31m\nred";
  j["accuracy"]["metric"] = "\x1b[2J";
  std::ofstream(f / "report.json") << j.dump();
  const Ran r = shell_run(f.path, "\"$tinyc\" diff report.json report.json");
  CHECK(r.code == 0);
  CHECK(plain(r.out));
}

TEST_CASE("a report with numbers that no report holds is refused") {
  const Folder f;
  REQUIRE(tinyc_run(example_args(f / "out")).code == 0);
  const auto good = nlohmann::json::parse(read_text(f / "out/report.json"));
  const auto check = [&](const char* pointer, const nlohmann::json& value) {
    INFO(pointer);
    auto j = good;
    j[nlohmann::json::json_pointer(pointer)] = value;
    std::ofstream(f / "report.json") << j.dump();
    return shell_run(f.path, "\"$tinyc\" check report.json --max-flash 64KiB").code;
  };
  CHECK(check("/flash/weights", 1000) == 0);
  CHECK(check("/flash/weights", std::uint64_t(-1)) == 5);  // the sum with the others would be small again
  CHECK(check("/flash/weights", -1) == 5);
  CHECK(check("/schema_version", (std::int64_t{1} << 32) + 1) == 5);  // not version 1
}

TEST_CASE("a configuration must be a file") {
  const Folder f;
  const std::string command = "\"$tinyc\" compress " + kExample + "fashion.tflite --int8 -o out --config ";
  for (const char* config : {"/dev/zero", ".", "none.toml"}) {
    INFO(config);
    CHECK(shell_run(f.path, command + config).code == 2);
  }
  CHECK_FALSE(fs::exists(f / "out"));
}

TEST_CASE("activations that no arena holds are refused before they are allocated") {
  const Folder f;
  save(f / "30.tflite", logistic_model({1, 1 << 15, 1 << 15, 1}));
  save(f / "40.tflite", logistic_model({1, 1 << 20, 1 << 20, 1}));
  save(f / "64.tflite", logistic_model({1 << 16, 1 << 16, 1 << 16, 1 << 16}));
  for (const char* command : {"inspect", "compress --int8"}) {
    const Ran large = shell_run(f.path, std::string("\"$tinyc\" ") + command + " 30.tflite");
    CHECK(large.code == 4);
    CHECK((large.out + large.err).find("256 MiB") != std::string::npos);
    CHECK(shell_run(f.path, std::string("\"$tinyc\" ") + command + " 40.tflite").code == 3);
    CHECK(shell_run(f.path, std::string("\"$tinyc\" ") + command + " 64.tflite").code == 3);
  }
}

TEST_CASE("a model without inputs is named as such") {
  const Folder f;
  ModelBuilder m;
  const auto c = m.constant("c", {1, 4}, {1, 2, 3, 4}), y = m.activation("y", {1, 4});
  m.op(B::LOGISTIC, {c}, {y});
  save(f / "m.tflite", m.finish({}, {y}));
  const Ran r = shell_run(f.path, "\"$tinyc\" compress m.tflite --int8");
  CHECK(r.code == 3);
  CHECK(r.err.find("no input") != std::string::npos);
}

TEST_CASE("labels that are no class of the model are a data error") {
  const Folder f;
  REQUIRE(shell_run(f.path, "\"$tinyc\" compress " + kExample + "fashion.tflite --int8 -q -o out").code == 0);
  const auto images = testing::raw<float>(std::vector<float>(2 * 784, 0.5f));
  const auto with = [&](const std::string& type, const Bytes& labels) {
    save(f / "d.npz", testing::zip({{"x.npy", testing::npy("<f4", "(2, 28, 28, 1)", images)},
                                    {"y.npy", testing::npy(type, "(2,)", labels)}}));
    const Ran r = shell_run(f.path, "\"$tinyc\" eval out --metric top1 --data d.npz");
    if (r.code) CHECK(r.err.find("sample 1 is") != std::string::npos);
    return r.code;
  };
  CHECK(with("|u1", {0, 9}) == 0);
  CHECK(with("|u1", {0, 10}) == 5);
  CHECK(with("|i1", {0, 255}) == 5);
  CHECK(with("<f4", testing::raw<float>({9, 3})) == 0);
  CHECK(with("<f4", testing::raw<float>({9, 0.5f})) == 5);
}

TEST_CASE("a calibration of one constant gives finite scales") {
  const Folder f;
  const auto images = testing::raw<float>(std::vector<float>(4 * 784, 0.25f));
  save(f / "d.npy", testing::npy("<f4", "(4, 28, 28, 1)", images));
  REQUIRE(shell_run(f.path, "\"$tinyc\" compress " + kExample + "fashion.tflite --int8 -q --calib d.npy -o out").code ==
          0);
  const std::string header = read_text(f / "out/model_data.h");
  const auto at = header.find("MODEL_INPUT_SCALE ");
  REQUIRE(at != std::string::npos);
  const float scale = std::stof(header.substr(at + 18));
  CHECK(scale > 0.0f);
  CHECK(scale <= 0.25f / 127);
}

TEST_CASE("a damaged NAME.tinyc is refused by every command that reads one") {
  const Folder f;
  REQUIRE(shell_run(f.path, "\"$tinyc\" compress " + kExample + "fashion.tflite --int8 -q --emit json -o out").code ==
          0);
  const std::string whole = read_text(f / "out/model.tinyc");
  const auto expect_refused = [&](std::string bytes) {
    std::ofstream(f / "out/model.tinyc", std::ios::binary) << bytes;
    const std::string data = kExample + "eval.npz";
    CHECK(shell_run(f.path, "\"$tinyc\" run out --output y.npz --input " + data).code == 3);
    CHECK(shell_run(f.path, "\"$tinyc\" eval out/model.tinyc --data " + data).code == 3);
    CHECK_FALSE(fs::exists(f / "y.npz"));
  };
  expect_refused("");
  expect_refused(whole.substr(0, whole.size() / 2));
  for (const double place : {0.0, 0.1, 0.5, 0.9, 0.99}) {
    std::string flipped = whole;
    flipped[static_cast<std::size_t>(place * static_cast<double>(whole.size()))] ^= 0x40;
    expect_refused(flipped);
  }
  std::ofstream(f / "out/report.json") << "{\"schema_version\": 1}";
  CHECK(shell_run(f.path, "\"$tinyc\" check out --max-ram 1MiB").code == 5);
}
