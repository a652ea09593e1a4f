// Every tinyc command that README and docs/ show is run, in the order of the page, in a folder that has the files it
// names.
#include <sstream>

#include "catch.h"
#include "cli/help.h"
#include "cli/shell.h"
#include "cli/xor.h"

using namespace tinyc;
namespace fs = std::filesystem;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Indented lines that are commands of tinyc; those with a word in capitals, a choice or an ellipsis show a form.
std::vector<std::string> commands(const std::string& page) {
  std::vector<std::string> found;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("    tinyc ")) continue;
    std::string words = line.substr(4, line.find(" #") - 4);
    words.erase(words.find_last_not_of(' ') + 1);
    bool form = has(words, "  ") || has(words, "...") || has(words, " | ") || has(words, "|zsh") || has(words, "[");
    for (const char* word : {" MODEL", " DIR", " GRAPH", " REPORT", " OLD", " D ", " GATES"})
      form = form || has(words + " ", word);
    if (!form || has(words, "calib.npz[")) found.push_back(words);
  }
  return found;
}

/// A block of the page that begins with this line, as a file.
void write_block(const std::string& page, const std::string& first, const fs::path& to) {
  std::ofstream out(to);
  std::istringstream lines(page.substr(page.find("    " + first)));
  for (std::string line; std::getline(lines, line) && line.starts_with("    ");) out << line.substr(4) << "\n";
}

/// What the pages call model.tflite and so on: the example's net and samples, and a net that learns XOR.
void prepare(const Folder& f) {
  write_samples(f.path);
  fs::copy(f / "xor.csv", f / "train.csv");
  for (const char* name : {"models", ".zfunc", ".config/fish/completions"}) fs::create_directories(f / name);
  for (const char* name : {"model.tflite", "fashion.tflite", "kws.tflite", "models/kws.tflite"})
    fs::copy(kExample + "fashion.tflite", f / name);
  for (const char* name : {"calib.npz", "models/calib.npz"}) fs::copy(kExample + "calib.npz", f / name);
  for (const char* name : {"eval.npz", "test.npz", "train.npz", "val.npz"}) fs::copy(kExample + "eval.npz", f / name);
  const Ran r = shell_run(f.path, "\"$tinyc\" compress model.tflite --int8 --calib calib.npz -q -o main");
  REQUIRE(r.code == 0);
}

/// Trainings are cut short: what is tested is that the commands are right.
std::string quick(std::string command) {
  const auto minutes = command.find("--budget-minutes 60");
  if (minutes != std::string::npos) command.replace(minutes, 19, "--trials 1");
  return "export HOME=$PWD TINYC_EPOCHS=1 TINYC_CALIB_SAMPLES=60; $" + command;
}

void run_page(const std::string& name, std::size_t at_least) {
  const std::string page = read_text(TINYC_SOURCE_DIR "/" + name);
  const Folder f;
  prepare(f);
  if (has(page, "    [defaults]")) write_block(page, "[defaults]", f / "project.toml");
  const auto all = commands(page);
  CHECK(all.size() >= at_least);
  for (const std::string& command : all) {
    // a repository of models has its tinyc.toml; elsewhere it would change what is shown
    const bool project =
        command == "tinyc build" || command.starts_with("tinyc update") || command.starts_with("tinyc check");
    if (project && fs::exists(f / "project.toml"))
      fs::copy_file(f / "project.toml", f / "tinyc.toml", fs::copy_options::skip_existing);
    if (project && !fs::exists(f / "tinyc.toml"))
      std::ofstream(f / "tinyc.toml") << "[[model]]\npath = \"model.tflite\"\nint8 = true\ncalib = \"calib.npz\"\n";
    if (command.starts_with("tinyc check") || command.starts_with("tinyc update"))
      shell_run(f.path, quick("tinyc build -q") + (command.starts_with("tinyc check") ? "; $tinyc update" : ""));
    if (has(command, "--merge")) {
      fs::remove_all(f / "out");
      shell_run(f.path,
                "$tinyc train net.txt --data xor.csv --epochs 1 -q -o net.tflite; $tinyc search net.tflite --eval "
                "xor.csv --trials 1 -q -o out");
    }
    const Ran r = shell_run(f.path, quick(command));
    INFO(name << ": " << command << "\n" << r.out << r.err);
    CHECK(r.code == 0);
    if (!project) fs::remove(f / "tinyc.toml");
  }
}

}  // namespace

TEST_CASE("docs: the commands of README.md run") { run_page("README.md", 12); }
TEST_CASE("docs: the commands of getting_started.md run") { run_page("docs/getting_started.md", 6); }
TEST_CASE("docs: the commands of training.md run") { run_page("docs/training.md", 2); }
TEST_CASE("docs: the commands of cli.md run") { run_page("docs/cli.md", 3); }
TEST_CASE("docs: the commands of firmware_builds.md run") { run_page("docs/firmware_builds.md", 1); }

TEST_CASE("docs: --help of every command fits a hundred columns and has an example that runs") {
  const Folder f;
  prepare(f);
  const Ran ready = shell_run(
      f.path,
      "$tinyc compress model.tflite --int8 --calib calib.npz -q -o out && $tinyc compress model.tflite --int8 --calib "
      "calib.npz --name two -q -o out2 && $tinyc run model.tflite --input calib.npz --output answers.npz");
  REQUIRE(ready.code == 0);
  std::ofstream(f / "project.toml") << "[[model]]\npath = \"model.tflite\"\nint8 = true\ncalib = \"calib.npz\"\n";
  std::istringstream list(tinyc_run("--help").out);
  std::size_t commands = 0;
  bool listing = false;
  for (std::string line; std::getline(list, line);) {
    if (line.starts_with("Subcommands")) listing = true;
    if (!listing || line.size() < 3 || line[0] != ' ' || line[2] == ' ') continue;
    const std::string name = line.substr(2, line.find(' ', 2) - 2);
    if (name == "tinyc") break;  // the example below the list
    ++commands;
    const std::string help = tinyc_run(name + " --help").out;
    std::istringstream lines(help);
    std::string example;
    for (std::string l; std::getline(lines, l);) {
      INFO(name << ": " << l);
      CHECK(l.size() <= 100);
      if (l.starts_with("  tinyc ")) example = l.substr(2);
    }
    INFO(name << ": " << example);
    REQUIRE(has(help, "Example:"));
    REQUIRE(example.starts_with("tinyc " + name));
    if (name == "trace") continue;  // deployment_test makes dumps
    const Ran r = shell_run(f.path, quick(example));
    INFO(r.out << r.err);
    CHECK((r.code == 0 || (r.code == 1 && name == "diff")));
  }
  CHECK(commands >= 20);
}

TEST_CASE("docs: the shell lines of install.md run") { run_page("docs/install.md", 2); }

TEST_CASE("docs: every page is a topic of help, and fits the terminal but for commands and tables") {
  std::size_t pages = 0;
  for (const auto& e : fs::directory_iterator(TINYC_SOURCE_DIR "/docs")) pages += e.path().extension() == ".md";
  CHECK(help_topics().size() == pages);
  for (const HelpTopic& t : help_topics()) {
    std::istringstream lines(for_terminal(t.text));
    for (std::string line; std::getline(lines, line);) {
      INFO(t.name << ": " << line);
      if (!line.starts_with("    ") && !line.starts_with("|")) CHECK(line.size() <= 120);
    }
  }
  CHECK(tinyc_run("help limits").out == for_terminal(read_text(TINYC_SOURCE_DIR "/docs/limits.md")));
  CHECK(has(tinyc_run("help").out, "getting_started"));
  CHECK(has(tinyc_run("help E303").out, "cut off"));
  CHECK(tinyc_run("help nothing").code == 2);
}

TEST_CASE("docs: Markdown becomes lines for a terminal") {
  CHECK(for_terminal("# A `b`\nSome **bold** [text](page.md) that\nflows. [page.md](page.md)\n\n- an item\n  of two "
                     "lines\n- b\n\n    code `kept`\n| a | b |\n|---|---|\n| c | d |\n",
                     24) ==
        "A b\nSome bold text (page)\nthat flows. page.md\n\n- an item of two lines\n- b\n\n    code `kept`\n| a | b "
        "|\n| c | d |\n");
}

TEST_CASE("docs: links lead to files and headings that exist") {
  const auto slug = [](const std::string& heading) {
    std::string out;
    for (const char c : heading)
      if (c == ' ' || c == '-')
        out += '-';
      else if (std::isalnum(static_cast<unsigned char>(c)) || c == '_')
        out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
  };
  std::vector<fs::path> pages = {TINYC_SOURCE_DIR "/README.md", TINYC_SOURCE_DIR "/CONTRIBUTING.md"};
  for (const auto& e : fs::directory_iterator(TINYC_SOURCE_DIR "/docs"))
    if (e.path().extension() == ".md") pages.push_back(e.path());
  for (const fs::path& page : pages) {
    const std::string text = read_text(page);
    for (auto at = text.find("]("); at != std::string::npos; at = text.find("](", at + 1)) {
      const std::string target = text.substr(at + 2, text.find(')', at) - at - 2);
      const auto hash = target.find('#');
      const fs::path file = hash == 0 ? page : page.parent_path() / target.substr(0, hash);
      INFO(page.filename().string() << " -> " << target);
      REQUIRE(fs::exists(file));
      if (hash == std::string::npos) continue;
      bool found = false;
      std::istringstream lines(read_text(file));
      for (std::string line; std::getline(lines, line);)
        found = found || (line.starts_with("#") && slug(line.substr(line.find(' ') + 1)) == target.substr(hash + 1));
      CHECK(found);
    }
  }
}
