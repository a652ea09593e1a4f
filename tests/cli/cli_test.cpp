#include <nlohmann/json.hpp>

#include "catch.h"
#include "cli/shell.h"

using namespace tinyc;
namespace fs = std::filesystem;

TEST_CASE("compress writes the contract's files and a table") {
  const Folder f;
  const Ran r = tinyc_run(example_args(f / "out"));
  INFO(r.err);
  REQUIRE(r.code == 0);
  const auto files = files_of(f / "out");
  for (const char* name :
       {"fashion_data.h", "fashion_data.cc", "tinyc_rt.h", "tinyc_rt.c", "fashion.tinyc", "report.json", "report.html"})
    CHECK(files.count(name) == 1);
  CHECK(files.size() == 7);
  CHECK(r.out.find("RAM") != std::string::npos);
  const auto j = nlohmann::json::parse(files.at("report.json"));
  CHECK(j["schema_version"] == 1);
  CHECK(j["status"] == "ok");
  for (const char* key : {"weights", "tables", "params", "descriptors", "code", "total"})
    CHECK(j["flash"].contains(key));
  CHECK(j["ram"]["arena"] >= j["ram"]["lower_bound"]);
  CHECK(files.at("report.html").find("<script") == std::string::npos);
}

TEST_CASE("outputs are byte-identical in another folder and with another number of threads") {
  const Folder f;
  REQUIRE(tinyc_run(example_args(f / "a") + " --threads 1").code == 0);
  REQUIRE(tinyc_run(example_args(f / "b") + " --threads 2").code == 0);
  REQUIRE(tinyc_run(example_args(f / "c") + " --threads 7").code == 0);
  CHECK(files_of(f / "a") == files_of(f / "b"));
  CHECK(files_of(f / "a") == files_of(f / "c"));
}

TEST_CASE("run and eval work on models and on compressed folders") {
  const Folder f;
  REQUIRE(tinyc_run(example_args(f / "out")).code == 0);
  const std::string data = kExample + "eval.npz --preprocess scale=0.00392156862745098";
  const Ran float_eval = tinyc_run("eval " + kExample + "fashion.tflite --json --data " + data);
  const Ran int8_eval = tinyc_run("eval '" + (f / "out").string() + "' --json --data " + data);
  REQUIRE(float_eval.code == 0);
  REQUIRE(int8_eval.code == 0);
  const double a = nlohmann::json::parse(float_eval.out)["value"], b = nlohmann::json::parse(int8_eval.out)["value"];
  CHECK(a > 0.85);
  CHECK(b > a - 0.02);
  CHECK(tinyc_run("run '" + (f / "out").string() + "' --input " + kExample +
                  "eval.npz --preprocess scale=0.00392156862745098 --output '" + (f / "y.npz").string() + "'")
            .code == 0);
  CHECK(fs::file_size(f / "y.npz") > 300 * 10 * 4);
}

TEST_CASE("gates fail with exit code 1 and say by how much") {
  const Folder f;
  REQUIRE(tinyc_run(example_args(f / "out")).code == 0);
  const std::string report = "'" + (f / "out").string() + "'";
  const Ran ram = tinyc_run("check " + report + " --max-ram 1KiB");
  CHECK(ram.code == 1);
  CHECK(ram.out.find("too much") != std::string::npos);
  CHECK(tinyc_run("check " + report + " --max-ram 1MiB --max-flash 1MiB").code == 0);
  CHECK(tinyc_run("check " + report + " --baseline " + report).code == 0);
  CHECK(tinyc_run("check " + report).code == 2);
  CHECK(tinyc_run(example_args(f / "out2") + " --max-flash 100").code == 1);
  CHECK(tinyc_run("diff " + report + " " + report).code == 0);
}

TEST_CASE("every kind of failure has its exit code") {
  const Folder f;
  const std::string model = kExample + "fashion.tflite", out = " -o '" + (f / "out").string() + "'";
  CHECK(tinyc_run("").code == 2);
  CHECK(tinyc_run("compress").code == 2);
  CHECK(tinyc_run("compress " + model + out).code == 2);  // float without --int8
  CHECK(tinyc_run("compress " + model + " --int8 --no-such-option").code == 2);
  CHECK(tinyc_run("compress " + model + " --int8 --name 7up" + out).code == 2);
  CHECK(tinyc_run("compress " + model + " --int8 --prune 1.5" + out).code == 2);
  CHECK(tinyc_run("compress /no/such/model.tflite --int8" + out).code == 3);
  CHECK(tinyc_run("compress " + kExample + "calib.npz --int8" + out).code == 3);
  CHECK(tinyc_run("compress " + model + " --int8 --calib /no/such/data.npz" + out).code == 5);
  CHECK(tinyc_run("compress " + model + " --int8 --calib " + model + out).code == 5);
  CHECK_FALSE(fs::exists(f / "out"));
  CHECK(tinyc_run("compress " + model + " --int8 -o /proc/nowhere").code == 6);
  CHECK(tinyc_run("--help").code == 0);
  CHECK(tinyc_run("--version").code == 0);
}

TEST_CASE("a failure under --json is one JSON document") {
  const Ran r = tinyc_run("compress /no/such/model.tflite --int8 --json");
  CHECK(r.code == 3);
  const auto j = nlohmann::json::parse(r.out);
  CHECK(j["status"] == "error");
  CHECK(j["errors"][0]["exit_code"] == 3);
}

TEST_CASE("a full standard output is a write error") {
  const int status = std::system(("'" TINYC_BINARY "' ops >/dev/full 2>/dev/null"));
  CHECK(WEXITSTATUS(status) == 6);
}

TEST_CASE("configuration: command line over variables over tinyc.toml over defaults") {
  const Folder f;
  fs::copy_file(kExample + "fashion.tflite", f / "m.tflite");
  fs::copy_file(kExample + "calib.npz", f / "m.calib.npz");
  std::ofstream(f / "tinyc.toml") << "[defaults]\nint8 = true\ncalib-samples = 20\n[[model]]\npath = "
                                     "\"m.tflite\"\nname = \"from_toml\"\npreprocess = \"scale=0.0039\"\n";
  const std::string args = "compress '" + (f / "m.tflite").string() + "' -o '" + (f / "out").string() + "'";
  REQUIRE(tinyc_run(args).code == 0);
  CHECK(fs::exists(f / "out/from_toml_data.h"));
  REQUIRE(tinyc_run(args, "TINYC_NAME=from_variable").code == 0);
  CHECK(fs::exists(f / "out/from_variable_data.h"));
  REQUIRE(tinyc_run(args + " --name from_line", "TINYC_NAME=from_variable").code == 0);
  CHECK(fs::exists(f / "out/from_line_data.h"));
  std::ofstream(f / "tinyc.toml") << "[defaults]\ncalib-sample = 20\n";
  const Ran wrong = tinyc_run(args);
  CHECK(wrong.code == 2);
  CHECK(wrong.err.find("calib-samples") != std::string::npos);
}

TEST_CASE("without data there is a loud warning and no accuracy") {
  const Folder f;
  const Ran r = tinyc_run("compress " + kExample + "fashion.tflite --int8 -o '" + (f / "out").string() + "'");
  CHECK(r.code == 0);
  CHECK(r.err.find("NOT measured") != std::string::npos);
  CHECK(nlohmann::json::parse(read_text(f / "out/report.json"))["accuracy"]["synthetic"] == true);
}

TEST_CASE("lists") {
  CHECK(tinyc_run("ops").out.find("conv_2d") != std::string::npos);
  CHECK(tinyc_run("passes").out.find("code_weights") != std::string::npos);
  CHECK(tinyc_run("targets").out.find("cortex-m4") != std::string::npos);
  CHECK(nlohmann::json::parse(tinyc_run("version --json").out)["schema_version"] == 1);
  const auto j = nlohmann::json::parse(tinyc_run("inspect " + kExample + "fashion.tflite --json").out);
  for (const char* key : {"inputs", "outputs", "ops", "unsupported", "params", "macs"}) CHECK(j.contains(key));
}
