// Every tests/passes/*.txt: a graph, passes to run, and the text of the graph they leave.
//
//   # RUN: -p NAME [-p NAME2 ...] [key=value ...]
//   graph in text form
//   --- expect
//   print(g, elide_data) afterwards
//
// Exact passes are also checked by numbers. TINYC_UPDATE=1 writes the expected parts anew.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <tuple>

#include "outputs.h"
#include "tinyc/pass.h"
#include "tinyc/text.h"

using namespace tinyc;
namespace fs = std::filesystem;

namespace {

const std::string kMark = "--- expect\n";

struct Golden {
  std::string head;  // everything up to and with the mark
  std::string graph, expected;
  std::vector<const Pass*> passes;
  PassOptions options;
  std::size_t samples = 0;  // of synthetic calibration
  std::size_t train = 0;    // synthetic samples, taught by the graph as it is at first
};

template <class T>
T choose(const std::string& value, const std::vector<std::string>& names) {
  const auto at = std::find(names.begin(), names.end(), value);
  if (at == names.end()) FAIL("unknown value " << value);
  return static_cast<T>(at - names.begin());
}

void set_option(Golden& t, const std::string& key, const std::string& value) {
  PassOptions& o = t.options;
  if (key == "prune")
    o.prune.fraction = std::stof(value);
  else if (key == "channels")
    o.prune_channels.fraction = std::stof(value);
  else if (key == "of")
    o.prune_channels.of = choose<PassOptions::PruneChannels::Of>(value, {"weights", "macs"});
  else if (key == "kind")
    o.prune.kind = choose<PassOptions::Prune::Kind>(value, {"unstructured", "block4", "n_m"});
  else if (key == "criterion")
    o.prune.criterion = choose<PassOptions::Prune::Criterion>(value, {"automatic", "magnitude", "obs", "taylor"});
  else if (key == "n")
    o.prune.n = std::stoi(value);
  else if (key == "m")
    o.prune.m = std::stoi(value);
  else if (key == "per_layer")
    o.prune.per_layer = value == "true";
  else if (key == "samples")
    t.samples = std::stoul(value);
  else if (key == "qat_ranges")
    o.training.ranges = choose<PassOptions::Training::Ranges>(value, {"calibrated", "moving"});
  else if (key == "epochs")
    o.training.options.epochs = std::stoul(value);
  else if (key == "lr")
    o.training.options.learning_rate = std::stof(value);
  else if (key == "train")
    t.train = std::stoul(value);
  else if (key == "bit_price")
    o.bit_price = std::stof(value);
  else if (key == "weight_bits")
    o.weight_bits = std::stoi(value);
  else if (key == "calib_method")
    o.calib_method = choose<PassOptions::CalibMethod>(value, {"minmax", "percentile", "mse", "kl", "automatic"});
  else if (key == "equalize_exponent")
    o.equalize_exponent = std::stof(value);
  else if (key == "percentile")
    o.percentile = std::stof(value);
  else if (key == "optimize")
    o.optimize = choose<PassOptions::Optimize>(value, {"balanced", "size", "speed"});
  else if (key == "coding")
    o.coding = choose<PassOptions::Coding>(value, {"automatic", "raw", "huffman", "range"});
  else
    FAIL("unknown option " << key);
}

Golden read_golden(const fs::path& path) {
  std::stringstream file;
  file << std::ifstream(path).rdbuf();
  const std::string text = file.str();
  Golden t;
  const std::size_t mark = text.find(kMark), line_end = text.find('\n');
  if (mark == std::string::npos || text.rfind("# RUN:", 0) != 0) FAIL(path << " is no golden test");
  t.head = text.substr(0, mark + kMark.size());
  t.graph = text.substr(0, mark);
  t.expected = text.substr(mark + kMark.size());
  std::istringstream words(text.substr(6, line_end - 6));
  for (std::string word; words >> word;) {
    if (word == "-p") {
      words >> word;
      t.passes.push_back(find_pass(word));
      if (!t.passes.back()) FAIL("unknown pass " << word);
      continue;
    }
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) FAIL("what is " << word << "?");
    set_option(t, word.substr(0, equals), word.substr(equals + 1));
  }
  REQUIRE_FALSE(t.passes.empty());
  return t;
}

void run_golden(const fs::path& path) {
  Golden t = read_golden(path);
  Graph g = parse(t.graph);
  const Dataset calibration = t.samples ? synthetic_dataset(g, t.samples, 1) : Dataset{};
  if (t.samples) t.options.calibration = &calibration;
  const Graph teacher = g;
  const Dataset training = t.train ? synthetic_dataset(g, t.train, 2) : Dataset{};
  if (t.train) {
    t.options.training.data = &training;
    t.options.training.teacher = &teacher;
  }
  for (const Pass* pass : t.passes) {
    REQUIRE((pass->any_stage ? g.stage != Stage::Coded : g.stage == pass->needs));
    const Graph before = g;
    const PassResult result = pass->run(g, t.options);
    REQUIRE_NOTHROW(verify(g));
    Graph content = before;  // `changed` speaks of the content: the stage moves on in any case
    content.stage = g.stage;
    CHECK(result.changed == !(g == content));
    CHECK(g.inputs.size() == before.inputs.size());
    if (pass->exact && (g.stage == before.stage || g.stage == Stage::Coded)) check_same_outputs(before, g, 7);
    // a second run finds nothing left to do
    Graph again = g;
    if (pass->exact && g.stage == before.stage) CHECK(print(again) == (pass->run(again, t.options), print(again)));
  }
  const std::string now = print(g, true);
  if (std::getenv("TINYC_UPDATE")) {
    std::ofstream(path) << t.head << now;
  } else {
    CHECK(now == t.expected);
  }
  CHECK(std::ranges::count(t.head + now, '\n') < 40);
}

}  // namespace

TEST_CASE("golden texts of passes") {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(fs::path(TINYC_SOURCE_DIR) / "tests/passes"))
    if (entry.path().extension() == ".txt") paths.push_back(entry.path());
  std::ranges::sort(paths);
  REQUIRE_FALSE(paths.empty());
  for (const auto& path : paths) SECTION(path.stem().string()) {
      run_golden(path);
    }
}

TEST_CASE("what the passes promise") {
  const std::set<std::string> lossy{
      "prune_channels", "prune_channels_gradual", "prune_magnitude", "prune_obs",       "prune_gradual",
      "finetune",       "correct_bias",           "round_weights",   "train_quantized", "quantize_int8"};
  const std::set<std::string> float_only{"fold_batch_norm", "prune_channels", "prune_channels_gradual",
                                         "prune_magnitude", "prune_obs",      "prune_gradual",
                                         "finetune",        "equalize",       "calibrate",
                                         "weight_grid",     "correct_bias",   "round_weights",
                                         "train_quantized", "quantize_int8"};
  for (const Pass& p : all_passes()) {
    const std::string name = p.name;
    CAPTURE(name);
    CHECK(p.exact == !lossy.contains(name));
    if (name == "code_weights") continue;
    CHECK(p.any_stage == !float_only.contains(name));
    CHECK(p.needs == Stage::Float);
    CHECK(p.gives == (name == "quantize_int8" ? Stage::Quantized : Stage::Float));
  }
  const Pass* coding = find_pass("code_weights");
  REQUIRE(coding);
  CHECK(std::tuple(coding->any_stage, coding->needs, coding->gives) ==
        std::tuple(false, Stage::Quantized, Stage::Coded));
}

TEST_CASE("every pass is found by its name and has a summary") {
  REQUIRE_FALSE(all_passes().empty());
  for (const Pass& p : all_passes()) {
    CHECK(find_pass(p.name) != nullptr);
    CHECK(std::string(p.summary).size() > 10);
    CHECK(fs::exists(fs::path(TINYC_SOURCE_DIR) / "passes" / (std::string(p.name) + ".cpp")));
  }
  CHECK(find_pass("no_such_pass") == nullptr);
}
