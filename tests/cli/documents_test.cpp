// What the command line says about itself to shells, man(1), scripts and build systems.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "catch.h"
#include "cli/shell.h"
#include "data/npy_bytes.h"

using namespace tinyc;
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// The commands that `tinyc --help` lists.
std::vector<std::string> commands() {
  std::vector<std::string> names;
  std::istringstream help(tinyc_run("--help").out);
  bool listed = false;
  for (std::string line; std::getline(help, line);) {
    if (listed && line.empty()) break;  // an example follows
    if (listed && line.starts_with("  ") && line[2] != ' ') names.push_back(line.substr(2, line.find(' ', 2) - 2));
    listed = listed || line == "Subcommands:";
  }
  return names;
}

/// What bash offers for a line, one word a line.
std::string offered(const fs::path& dir, const std::string& words) {
  const Ran r = shell_run(dir, "bash -c 'source <(\"$0\" completion bash); COMP_WORDS=(" + words +
                                   "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _tinyc; printf \"%s\\n\" "
                                   "\"${COMPREPLY[@]}\"' \"$tinyc\"");
  INFO(r.err);
  CHECK(r.code == 0);
  return "\n" + r.out;
}

/// The files behind the first colon of a rule of make.
std::vector<std::string> prerequisites(const std::string& rule) {
  std::vector<std::string> files;
  std::istringstream words(rule.substr(rule.find(':') + 1, rule.find("\n", rule.rfind(" \\\n") + 3)));
  for (std::string w; words >> w;) {
    if (w.ends_with(":")) break;
    if (w != "\\") files.push_back(w);
  }
  return files;
}

}  // namespace

TEST_CASE("version --json and --version --json tell what is inside") {
  const Ran a = tinyc_run("version --json"), b = tinyc_run("--version --json");
  REQUIRE(a.code == 0);
  CHECK(a.out == b.out);
  CHECK(tinyc_run("--version").out == tinyc_run("version").out);
  const json j = json::parse(a.out);
  CHECK("tinyc " + j["version"].get<std::string>() + "\n" == tinyc_run("version").out);
  CHECK(j["ops"] == json::parse(tinyc_run("ops --json").out)["ops"].size());
  CHECK(j["passes"] == json::parse(tinyc_run("passes --json").out)["passes"].size());
  json names = json::array();
  const json targets = json::parse(tinyc_run("targets --json").out);
  for (const auto& t : targets["targets"]) names.push_back(t["name"]);
  CHECK(j["targets"] == names);
  for (const char* library : {"cli11", "eigen", "flatbuffers", "nlohmann_json", "spdlog", "tomlplusplus", "zlib"})
    CHECK(std::isdigit(j["libraries"].at(library).get<std::string>().at(0)));
  CHECK_FALSE(has(a.out, "/"));  // no path of the machine that built it
}

TEST_CASE("bash completes commands, options, words and files") {
  const Folder f;
  std::ofstream(f / "net one.tflite") << "x";
  const std::string first = offered(f.path, "tinyc \"\"");
  for (const auto& c : commands()) CHECK(has(first, "\n" + c + "\n"));
  CHECK(commands().size() > 14);
  CHECK(offered(f.path, "tinyc comp") == "\ncompress\ncompletion\n");
  CHECK(offered(f.path, "tinyc compress --max-fl") == "\n--max-flash\n");
  CHECK(offered(f.path, "tinyc compress --calib-method p") == "\npercentile\n");
  CHECK(offered(f.path, "tinyc compress --target cortex-m3") == "\ncortex-m3\ncortex-m33\n");
  CHECK(offered(f.path, "tinyc compress --calib net") == "\nnet one.tflite\n");
  CHECK(offered(f.path, "tinyc compress net") == "\nnet one.tflite\n");
  CHECK(offered(f.path, "tinyc compress --seed net") == "\n\n");
  CHECK(offered(f.path, "tinyc completion f") == "\nfish\n");
}

TEST_CASE("completions of every shell know every option of compress") {
  const Folder f;
  const std::string help = tinyc_run("compress --help").out;
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const Ran r = tinyc_run("completion " + shell);
    REQUIRE(r.code == 0);
    std::size_t options = 0;
    for (std::size_t at = 0; (at = help.find("--", at)) != std::string::npos; at += 2) {
      const auto end = help.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-", at);
      if (help[at - 1] != ' ' && help[at - 1] != ',') continue;
      ++options;
      INFO(shell << " " << help.substr(at, end - at));
      CHECK(has(r.out, shell == "fish" ? "-l " + help.substr(at + 2, end - at - 2) : help.substr(at, end - at)));
    }
    CHECK(options > 40);
    std::ofstream(f / shell) << r.out;
    if (shell_run(f.path, "command -v " + shell).code != 0) {
      WARN("skipped: " << shell << " is not installed; its completions are not parsed");
      continue;
    }
    const Ran parsed = shell_run(f.path, shell + " -n " + shell);
    INFO(parsed.err);
    CHECK(parsed.code == 0);
  }
  CHECK(tinyc_run("completion tcsh").code == 2);
}

TEST_CASE("fish offers the words of an option") {
  const Folder f;
  if (shell_run(f.path, "command -v fish").code != 0) {
    WARN("skipped: fish is not installed");
    return;
  }
  REQUIRE(shell_run(f.path, "$tinyc completion fish >c.fish").code == 0);
  const Ran r = shell_run(f.path, "HOME=$PWD fish -c 'source c.fish; complete -C \"tinyc compress --optimize s\"'");
  INFO(r.err);
  CHECK(r.out.starts_with("size\t"));
  CHECK(has(r.out, "\nspeed\t"));
  CHECK(std::count(r.out.begin(), r.out.end(), '\n') == 2);
}

TEST_CASE("there is a manual page for each command, and man's checker finds nothing wrong") {
  const Folder f;
  auto pages = commands();
  pages.push_back("tinyc");
  for (const auto& c : pages) {
    const Ran r = tinyc_run("man " + c);
    REQUIRE(r.code == 0);
    CHECK(r.out.starts_with(".TH TINYC"));
    for (const char* section : {".SH NAME", ".SH SYNOPSIS", ".SH OPTIONS", ".SH SEE ALSO"}) CHECK(has(r.out, section));
    std::ofstream(f / (c + ".1")) << r.out;
  }
  CHECK(tinyc_run("man").out == tinyc_run("man tinyc").out);
  CHECK(tinyc_run("man compres").code == 2);
  for (const char* code : {"0", "1", "2", "3", "4", "5", "6", "70", "130"})
    CHECK(has(tinyc_run("man").out, ".TP\n" + std::string(code) + "\n"));
  CHECK(has(tinyc_run("man compress").out, "\\-\\-max\\-flash\\fR \\fISIZE"));
  if (shell_run(f.path, "command -v mandoc").code != 0) {
    WARN("skipped: mandoc is not installed");
    return;
  }
  const Ran checked = shell_run(f.path, "mandoc -T lint -W warning *.1 | grep -v 'missing date'");
  CHECK(checked.out.empty());
}

TEST_CASE("a dependency file names everything that was read") {
  const Folder f;
  fs::create_directory(f / "in put");
  fs::copy_file(kExample + "fashion.tflite", f / "in put/m.tflite");
  fs::copy_file(kExample + "calib.npz", f / "in put/m.calib.npz");
  fs::copy_file(kExample + "eval.npz", f / "eval.npz");
  std::ofstream(f / "in put/tinyc.toml") << "[defaults]\nint8 = true\npreprocess = \"scale=0.0039\"\n";
  const Ran r = shell_run(
      f.path, "$tinyc compress 'in put/m.tflite' --eval 'eval.npz[0:20]' --calib-samples 10 -o out --depfile out.d");
  INFO(r.err);
  REQUIRE(r.code == 0);
  const std::string rule = read_text(f / "out.d");
  CHECK(rule ==
        "out/model_data.cc: \\\n  in\\ put/m.tflite \\\n  in\\ put/tinyc.toml \\\n  in\\ put/m.calib.npz \\\n  "
        "eval.npz\nin\\ put/m.tflite:\nin\\ put/tinyc.toml:\nin\\ put/m.calib.npz:\neval.npz:\n");
  CHECK_FALSE(fs::exists(f / "out/out.d"));  // the folder holds what it always does
  CHECK(shell_run(f.path, "$tinyc compress 'in put/m.tflite' -o out --depfile no/such/out.d").code == 6);
}

TEST_CASE("a dependency file names each picture of a folder, and the folders") {
  const Folder f;
  for (const char* label : {"0", "1"}) {
    fs::create_directories(f / ("pictures/" + std::string(label)));
    std::ofstream(f / ("pictures/" + std::string(label) + "/p.pgm")) << "no picture by its name";
    write_file(f / ("pictures/" + std::string(label) + "/p.png"),
               testing::png(28, 28, 1, Bytes(784, label[0] == '0' ? 0 : 200)));
  }
  fs::copy_file(kExample + "fashion.tflite", f / "m.tflite");
  const Ran r = shell_run(f.path, "$tinyc compress m.tflite --int8 --calib pictures -o out --depfile out.d");
  INFO(r.err);
  REQUIRE(r.code == 0);
  CHECK(prerequisites(read_text(f / "out.d")) == std::vector<std::string>{"m.tflite", "pictures", "pictures/0",
                                                                          "pictures/0/p.png", "pictures/1",
                                                                          "pictures/1/p.png"});
}
