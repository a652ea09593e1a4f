// `tinyc search` as users run it: interrupted and resumed, in shards, refused.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "cli/shell.h"
#include "cli/xor.h"

using namespace tinyc;
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr int kTrials = 6;
const std::string kSearch =
    "$tinyc search net.tflite --eval xor.csv --finetune points.csv --metric top1 --epochs 3 --lr 0.02 --batch 16 -q "
    "--trials " +
    std::to_string(kTrials) + " ";

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Everything that a search leaves: search.json, search.html and the files of best/. The journal is another matter:
/// its lines come in the order of trying.
std::map<std::string, std::string> results_of(const fs::path& dir) {
  auto files = files_of(dir / "best");
  for (const char* name : {"search.json", "search.html"}) files[name] = read_text(dir / name);
  return files;
}

/// How many files and folders a user sees there: kill -9 may leave hidden ones.
std::ptrdiff_t entries(const fs::path& dir) {
  return std::count_if(fs::directory_iterator(dir), {},
                       [](const fs::directory_entry& e) { return e.path().filename().string()[0] != '.'; });
}

/// A trained net with its samples, and what one search over it leaves in `whole`.
struct Searched : Folder {
  Searched() {
    write_samples(path);
    const Ran trained =
        shell_run(path, "$tinyc train net.txt --data xor.csv --epochs 30 --lr 0.02 --batch 16 -q -o net.tflite");
    const Ran whole = shell_run(path, kSearch + "-o whole");
    if (trained.code != 0 || whole.code != 0) throw std::runtime_error(trained.err + whole.err);
  }
};
const Searched& searched() {
  static const Searched s;
  return s;
}
fs::path in(const std::string& name) { return searched() / name; }
Ran shell(const std::string& script) { return shell_run(searched().path, script); }

}  // namespace

TEST_CASE("search writes its journal, its pages and the best model", "[search]") {
  const json j = json::parse(read_text(in("whole/search.json")));
  CHECK(j["status"] == "ok");
  CHECK(j["metric"] == "top1");
  CHECK(j["samples"] == 400);
  CHECK(j["goal"] == json{{"max_drop", 0.01}, {"max_flash", nullptr}});
  REQUIRE(j["trials"].size() == kTrials);
  const std::size_t trial = j["best"]["trial"], point = j["best"]["point"];
  const json best = j["trials"][trial]["points"][point], report = json::parse(read_text(in("whole/best/report.json")));
  CHECK(best["flash"] == report["flash"]["total"]);
  CHECK(best["ram"] == report["ram"]["arena"]);
  CHECK(best["value"] == report["accuracy"]["compressed"]);
  CHECK(best["drop"].get<double>() <= 0.01);
  for (const json& t : j["trials"])
    for (const json& p : t["points"])
      CHECK((p["drop"].get<double>() > 0.01 + 1e-9 || p["flash"].get<int>() >= best["flash"].get<int>()));
  CHECK(files_of(in("whole/best")).size() == 7);
  CHECK(shell("$tinyc eval whole/best --data xor.csv --metric top1").out.rfind("top1 0.9", 0) == 0);
  CHECK(has(read_text(in("whole/search.html")), "<td>best</td>"));
  // nothing of this machine in what machines compare
  for (const auto& [name, text] : results_of(in("whole"))) {
    INFO(name);
    CHECK_FALSE(has(text, searched().path.string()));
  }
}

TEST_CASE("the same command again answers from the journal", "[search]") {
  const auto files = results_of(in("whole"));
  const std::string journal = read_text(in("whole/journal.jsonl"));
  const Ran text = shell(kSearch + "-o whole"), document = shell(kSearch + "--json --threads 1 -o whole");
  CHECK(text.code == 0);
  CHECK(has(text.out, "* the best"));
  CHECK(document.out == files.at("search.json"));
  CHECK(results_of(in("whole")) == files);
  CHECK(read_text(in("whole/journal.jsonl")) == journal);
  // a best that somebody removed is made again
  fs::remove_all(in("whole/best"));
  CHECK(shell(kSearch + "-o whole").code == 0);
  CHECK(results_of(in("whole")) == files);
}

TEST_CASE("a search that is interrupted at any time goes on and ends the same", "[search]") {
  const char* many = std::getenv("TINYC_TRIES");
  const int tries = many ? std::atoi(many) : 8;
  const auto whole = results_of(in("whole"));
  int interruptions = 0;
  for (int i = 0; interruptions < tries; ++i) {
    fs::remove_all(in("parts"));
    for (int n = 0;; ++n) {  // until it is left to its end; killed hard every third time
      const int milliseconds = 15 + (i * 131 + n * 71) % 190 + 10 * n;
      const std::string signal = n % 3 == 2 ? "KILL" : "INT";
      const Ran r = shell(kSearch + "-o parts & pid=$!; sleep 0." + std::to_string(1000 + milliseconds).substr(1) +
                          "; kill -" + signal + " $pid; wait $pid");
      INFO(signal << " after " << milliseconds << " ms: " << r.err);
      if (r.code == 0) break;
      REQUIRE(r.code == (signal == "INT" ? 130 : 128 + 9));
      ++interruptions;
      // whatever is there is valid
      if (!fs::exists(in("parts/best"))) continue;
      CHECK(shell("$tinyc check parts/best --max-drop 1pp").code == 0);
      CHECK(json::accept(read_text(in("parts/search.json"))));
    }
    CHECK(results_of(in("parts")) == whole);
    CHECK(entries(in("parts")) == 4);  // journal, pages, best
  }
}

TEST_CASE("a best that is newer than the journal is no harm: the process died in between", "[search]") {
  const std::size_t best = json::parse(read_text(in("whole/search.json")))["best"]["trial"];
  REQUIRE(shell("cp -r whole between && grep -v '\"trial\":" + std::to_string(best) +
                ",' whole/journal.jsonl >between/journal.jsonl")
              .code == 0);
  const std::string journal = read_text(in("between/journal.jsonl"));
  REQUIRE(std::count(journal.begin(), journal.end(), '\n') == kTrials);
  CHECK(shell(kSearch + "-o between").code == 0);
  CHECK(results_of(in("between")) == results_of(in("whole")));
}

TEST_CASE("four shards merged are one search", "[search]") {
  for (const char* shard : {"3/4", "1/4", "4/4", "2/4"}) {
    const Ran r = shell(kSearch + "--threads 1 --shard " + shard + " -o shards");
    INFO(r.err);
    CHECK(r.code == 0);
  }
  const Ran merged = shell("$tinyc search --merge shards -o merged");
  INFO(merged.err);
  CHECK(merged.code == 0);
  CHECK(has(merged.out, "* the best"));
  CHECK(shell("$tinyc search --merge --json shards -o merged").out == read_text(in("merged/search.json")));
  CHECK(results_of(in("merged")) == results_of(in("whole")));
  CHECK(entries(in("merged")) == 3);
  // folders and journals, in any order and twice; into a folder that holds some
  REQUIRE(shell("mkdir apart && mv shards/*2-of-4* apart").code == 0);
  CHECK(shell("$tinyc search --merge whole/journal.jsonl apart shards -o shards -q").code == 0);
  CHECK(results_of(in("shards")) == results_of(in("whole")));
  fs::remove_all(in("merged"));
  for (const auto& e : fs::directory_iterator(in("shards")))
    if (has(e.path().string(), "best")) fs::remove_all(e);
  fs::remove_all(in("apart/best-2-of-4"));
  const Ran gone = shell("$tinyc search --merge shards apart -o merged");
  CHECK(gone.code == 5);
  CHECK(has(gone.err, "is gone"));
  CHECK_FALSE(fs::exists(in("merged/search.json")));
}

TEST_CASE("a search whose disk is full goes on when there is room", "[search]") {
  for (const int blocks : {1, 2, 4, 16}) {  // what fails first: the pages, the best or the journal
    const Ran full = shell("ulimit -f " + std::to_string(blocks) + "; " + kSearch + "-o full");
    INFO(full.err);
    CHECK(full.code == 6);
    CHECK(has(full.err, "cannot write"));
  }
  CHECK(shell(kSearch + "-o full").code == 0);
  CHECK(results_of(in("full")) == results_of(in("whole")));
}

TEST_CASE("search refuses what it cannot do", "[search]") {
  const auto refused = [&](const std::string& args, int code, const std::string& why) {
    const Ran r = shell("$tinyc search " + args);
    INFO(args << "\n" << r.err);
    CHECK(r.code == code);
    CHECK(has(r.err, why));
  };
  refused("net.tflite -o no", 2, "--eval");
  refused("net.tflite --eval xor.csv", 2, "--output is required");
  refused("net.tflite --eval xor.csv --prune 0.5 -o no", 2, "--prune");
  refused("net.tflite net.tflite --eval xor.csv -o no", 2, "one MODEL");
  refused("none.tflite --eval xor.csv -o no", 3, "none.tflite");
  refused("net.tflite --eval none.csv -o no", 5, "none.csv");
  for (const char* shard : {"0/4", "5/4", "4", "/4", "1/", "a/b"})
    refused("net.tflite --eval xor.csv -o no --shard " + std::string(shard), 2, "--shard");
  CHECK_FALSE(fs::exists(in("no")));
  refused("net.tflite --eval xor.csv -o net.txt", 6, "net.txt");
  const std::string journal = read_text(in("whole/journal.jsonl"));
  refused("net.tflite --eval points.csv --finetune points.csv --epochs 3 -o whole", 2, "different: eval, options");
  CHECK(read_text(in("whole/journal.jsonl")) == journal);
  refused("--merge none -o no", 5, "none");
  refused("--merge . -o no", 5, "holds no journal");
  REQUIRE(shell("$tinyc search net.tflite --eval 'xor.csv[0:50]' --metric top1 --trials 1 -q -o other").code == 0);
  refused("--merge whole other -o no", 2, "belongs to another search");

  // a goal out of reach: the nearest is written, and the exit code says so
  const Ran least =
      shell("$tinyc search net.tflite --eval xor.csv --metric top1 --trials 2 --max-flash 100 -q -o least");
  CHECK(least.code == 1);
  CHECK(has(least.out, "no trial reached the goal"));
  CHECK(json::parse(read_text(in("least/search.json")))["status"] == "failed");
  CHECK(files_of(in("least/best")).size() == 7);
}

TEST_CASE("search takes options from the configuration, but for those it sets itself", "[search]") {
  std::ofstream(in("goals.toml"))
      << "[defaults]\nprune = 0.9\noutput = \"elsewhere\"\nmax-drop = \"5pp\"\nmetric = \"top1\"\n";
  const Ran r = shell("$tinyc search net.tflite --eval xor.csv --config goals.toml --trials 1 --json -q -o configured");
  INFO(r.err);
  REQUIRE(r.code == 0);
  CHECK(json::parse(r.out)["goal"]["max_drop"] == 0.05);
  CHECK_FALSE(fs::exists(in("elsewhere")));
  CHECK(shell("$tinyc search net.tflite --eval xor.csv --budget-minutes 0.000001 --metric top1 -q -o brief").code == 0);
  CHECK(json::parse(read_text(in("brief/search.json")))["trials"].empty());
}
