// What CI systems are given: the script behind action.yml, the pre-commit hook, schemas that say what the program does.
#include <nlohmann/json.hpp>
#include <set>

#include "catch.h"
#include "cli/options.h"
#include "cli/repository.h"

using namespace tinyc;
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

const std::string kScript = "'" TINYC_SOURCE_DIR "/examples/ci/check.sh' \"$tinyc\" tinyc.toml";

/// The rest of the line of `text` that begins with `key`.
std::string value_of(const std::string& text, const std::string& key) {
  const auto at = text.find(key);
  if (at == std::string::npos) return "";
  return text.substr(at + key.size(), text.find('\n', at) - at - key.size());
}

}  // namespace

TEST_CASE("the CI step: annotations, a summary, SARIF and JUnit files, and the exit code") {
  const Repository repo;
  REQUIRE(repo.run("build").code == 0);
  REQUIRE(repo.run("update").code == 0);
  const std::string github = "GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY=summary.md GITHUB_OUTPUT=output.txt ";
  const Ran green = shell_run(repo.path, github + kScript);
  INFO(green.err);
  CHECK(green.code == 0);
  CHECK(has(green.out, "::notice file=models/fashion.tflite"));
  CHECK(has(read_text(repo / "summary.md"), "| flash total |"));
  CHECK(read_text(repo / "output.txt") == "sarif=tinyc.sarif\n");
  CHECK(json::parse(read_text(repo / "tinyc.sarif"))["runs"][0]["results"].empty());

  repo.configure("weight-bits = 8");
  const Ran red = shell_run(repo.path, kScript);
  CHECK(red.code == 1);
  CHECK(has(red.out, "FAIL  fashion: flash is"));
  CHECK(has(red.out, "      try --"));
  CHECK(json::parse(read_text(repo / "tinyc.sarif"))["runs"][0]["results"].size() == 1);
  CHECK(has(read_text(repo / "tinyc.junit.xml"), "<failure message="));
  if (std::system("python3 -c 'import xml.dom.minidom' 2>/dev/null") == 0) {
    CHECK(shell_run(repo.path, "python3 -c 'import xml.dom.minidom as m; m.parse(\"tinyc.junit.xml\")'").code == 0);
  } else {
    WARN("skipped: no python3 to parse XML with");
  }

  std::ofstream(repo / "models/gate.tflite") << "nothing";
  CHECK(shell_run(repo.path, kScript).code == 3);
}

TEST_CASE("the pre-commit hook's command builds and checks") {
  const Repository repo;
  const std::string entry = value_of(read_text(TINYC_SOURCE_DIR "/.pre-commit-hooks.yaml"), "entry: ");
  REQUIRE_FALSE(entry.empty());
  const std::string path = "PATH=" + fs::path(TINYC_BINARY).parent_path().string() + ":$PATH; ";
  REQUIRE(repo.run("build").code == 0);
  REQUIRE(repo.run("update").code == 0);
  CHECK(shell_run(repo.path, path + entry).code == 0);
  repo.configure("weight-bits = 8");
  CHECK(shell_run(repo.path, path + entry).code == 1);
}

TEST_CASE("GitLab's template and GitHub's action run commands that exist") {
  for (const char* file : {"/examples/ci/gitlab.yml", "/action.yml"}) {
    const std::string text = read_text(std::string(TINYC_SOURCE_DIR) + file);
    REQUIRE_FALSE(text.empty());
    CHECK_FALSE(has(text, "\t"));
  }
  const std::string gitlab = read_text(TINYC_SOURCE_DIR "/examples/ci/gitlab.yml");
  const Repository repo;
  const std::string path =
      "PATH=" + fs::path(TINYC_BINARY).parent_path().string() + ":$PATH; TINYC_CONFIG=tinyc.toml; ";
  int commands = 0;
  for (auto at = gitlab.find("- tinyc "); at != std::string::npos; at = gitlab.find("- tinyc ", at + 1)) {
    const std::string command = gitlab.substr(at + 2, gitlab.find('\n', at) - at - 2);
    const Ran r = shell_run(repo.path, path + command);
    INFO(command << ": " << r.err);
    CHECK(r.code == 0);
    if (++commands == 1) REQUIRE(repo.run("update").code == 0);
  }
  CHECK(commands == 3);
}

TEST_CASE("schemas/tinyc.toml.schema.json is what `tinyc schema` prints, and knows every option") {
  const Ran r = tinyc_run("schema");
  CHECK(r.out == read_text(TINYC_SOURCE_DIR "/schemas/tinyc.toml.schema.json"));
  const json model = json::parse(r.out)["properties"]["model"]["items"]["properties"];
  std::set<std::string> known;
  for (const auto& [key, value] : model.items()) known.insert(key);
  for (const OptionSpec& s : compress_specs()) CHECK(known.count(s.name) == (std::string(s.name) != "json"));
  CHECK(known.count("path") == 1);
}

TEST_CASE("tinyc.lock.json has what schemas/lock.schema.json asks for") {
  const Repository repo;
  REQUIRE(repo.run("build").code == 0);
  REQUIRE(repo.run("update").code == 0);
  const json lock = json::parse(read_text(repo / "tinyc.lock.json")),
             schema = json::parse(read_text(TINYC_SOURCE_DIR "/schemas/lock.schema.json"));
  const json& item = schema["properties"]["models"]["items"];
  for (const auto& model : lock["models"]) {
    for (const auto& key : item["required"]) CHECK(model.contains(key.get<std::string>()));
    for (const auto& [key, value] : model.items()) CHECK(item["properties"].contains(key));
    for (const auto& key : item["properties"]["flash"]["required"])
      CHECK(model["flash"].contains(key.get<std::string>()));
  }
}
