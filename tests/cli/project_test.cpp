// A model repository as CI sees it: build, accept, check, a commit that makes a model larger.
#include <nlohmann/json.hpp>

#include "catch.h"
#include "cli/repository.h"

using namespace tinyc;
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::vector<bool> built(const Ran& r) {
  std::vector<bool> list;
  const json answer = json::parse(r.out);
  for (const auto& m : answer["models"]) list.push_back(m["built"]);
  return list;
}

}  // namespace

TEST_CASE("a model repository: green, then a commit that makes a model larger, then accepted") {
  const Repository repo;
  const Ran first = repo.run("build --json");
  INFO(first.err);
  REQUIRE(first.code == 0);
  CHECK(built(first) == std::vector<bool>{true, true});
  CHECK(fs::exists(repo / "fashion_tinyc/fashion_data.cc"));
  CHECK(fs::exists(repo / "gate_tinyc/gate_data.cc"));
  REQUIRE(repo.run("update").code == 0);
  const Ran green = repo.run("check");
  CHECK(green.code == 0);
  CHECK(has(green.out, "ok    fashion: flash "));
  CHECK(has(green.out, "ok    gate: flash "));

  repo.configure("weight-bits = 8");
  const Ran stale = repo.run("check");
  CHECK(stale.code == 2);
  CHECK(has(stale.err, "`tinyc build`"));
  const Ran second = repo.run("build --json");
  CHECK(second.code == 0);
  CHECK(built(second) == std::vector<bool>{true, false});

  const Ran github = repo.run("check --format github");
  CHECK(github.code == 1);
  CHECK(has(github.out, "::error file=models/fashion.tflite,line=1,title=tinyc E106 fashion baseline-flash::"));
  CHECK(has(github.out, " grew most, from "));
  CHECK(has(github.out, "%0Atry --"));
  CHECK(has(github.out, "::notice file=models/gate.tflite"));
  const Ran markdown = repo.run("check --format markdown --report table.md");
  CHECK(markdown.code == 1);
  CHECK(markdown.out.empty());
  CHECK(has(read_text(repo / "table.md"), "layers changed"));
  CHECK(fs::file_size(repo / "table.md") < 65536);
  const json sarif = json::parse(repo.run("check --format sarif").out);
  CHECK(sarif["runs"][0]["results"].size() == 1);
  CHECK(has(repo.run("check --format junit").out, "failures=\"1\""));
  CHECK(repo.run("diff tinyc.lock.json fashion_tinyc --gate").code == 1);
  CHECK(repo.run("diff tinyc.lock.json fashion_tinyc").code == 0);

  REQUIRE(repo.run("update").code == 0);
  CHECK(repo.run("check").code == 0);
}

TEST_CASE("build does what is needed and no more") {
  const Repository repo;
  REQUIRE(repo.run("build").code == 0);
  const auto before = files_of(repo / "fashion_tinyc");
  CHECK(built(repo.run("build --json")) == std::vector<bool>{false, false});
  shell_run(repo.path, "touch models/gate.tflite");  // same contents
  CHECK(built(repo.run("build --json")) == std::vector<bool>{false, false});
  shell_run(repo.path, "printf '0.5,0.5,0\\n' >> xor.csv");
  CHECK(built(repo.run("build --json")) == std::vector<bool>{false, true});
  fs::remove(repo / "gate_tinyc/gate_data.h");
  CHECK(built(repo.run("build --json")) == std::vector<bool>{false, true});
  std::ofstream(repo / "gate_tinyc/.tinyc-build.json") << "{\"key\": 1";
  CHECK(built(repo.run("build --json")) == std::vector<bool>{false, true});
  CHECK(built(repo.run("build --json --force")) == std::vector<bool>{true, true});
  auto after = files_of(repo / "fashion_tinyc");
  for (const char* name : {"fashion_data.cc", "fashion_data.h", "tinyc_rt.c", "fashion.tinyc"})
    CHECK(after[name] == before.at(name));
}

TEST_CASE("build: a gate that fails stays failed, a model that cannot be built does not stop the others") {
  const Repository repo;
  repo.configure("max-flash = \"1KiB\"");
  const Ran over = repo.run("build");
  CHECK(over.code == 1);
  CHECK(has(over.out, "FAIL  models/fashion.tflite"));
  CHECK(has(over.out, "ok    models/gate.tflite"));
  const Ran again = repo.run("build");
  CHECK(again.code == 1);
  CHECK(has(again.out, "B too much"));
  std::ofstream(repo / "models/fashion.tflite") << "nothing";
  const Ran broken = repo.run("build");
  CHECK(broken.code == 3);
  CHECK(has(broken.out, "not built, exit code 3"));
  CHECK(has(broken.out, "same  models/gate.tflite"));
  CHECK(has(broken.err, "E302"));
}

TEST_CASE("build refuses a configuration that makes no sense") {
  const Folder f;
  const auto refused = [&](const std::string& toml, const std::string& why) {
    std::ofstream(f / "tinyc.toml") << toml;
    const Ran r = shell_run(f.path, "\"$tinyc\" build");
    CHECK(r.code == 2);
    CHECK(has(r.err, why));
  };
  CHECK(shell_run(f.path, "\"$tinyc\" build").code == 2);
  refused("[defaults]\nint8 = true\n", "lists no models");
  refused("[[model]]\npath = \"a.tflite\"\n[[model]]\npath = \"a.tflite\"\n", "two [[model]]");
  refused("[[model]]\npath = \"x/a.tflite\"\n[[model]]\npath = \"y/a.tflite\"\n", "same folder");
  refused("[[model]]\npath = \"a.tflite\"\nint9 = true\n", "did you mean 'int8'");
}
