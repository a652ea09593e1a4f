// Passes from shared libraries and training by other programs, as a user runs them; the examples of examples/hooks.
#include <nlohmann/json.hpp>

#include "catch.h"
#include "cli/shell.h"
#include "tinyc/dataset.h"
#include "tinyc/import.h"
#include "tinyc/text.h"

using namespace tinyc;
namespace fs = std::filesystem;

namespace {

const std::string kHooks = TINYC_SOURCE_DIR "/examples/hooks/";

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// A small classifier and samples for it.
struct Job : Folder {
  Job() {
    const Graph g = parse(
        "%x = input f32[1,8]\n%a = fully_connected(%x, random(1) f32[24,8], random(2) f32[24]) act=relu\n"
        "%b = fully_connected(%a, random(3) f32[16,24], random(4) f32[16]) act=relu\n"
        "%y = fully_connected(%b, random(5) f32[4,16], random(6) f32[4])\n%s = softmax(%y)\noutput %s\n");
    write_file(path / "m.tflite", export_tflite(g));
    Dataset d = synthetic_dataset(g, 400, 7);
    d.inputs[0].name = "x";
    write_numpy(path / "d.npz", d.inputs);
  }
  /// `tinyc compress` of it with more options.
  Ran compress(const std::string& options, const std::string& script = "") const {
    return shell_run(path,
                     script + "$tinyc compress m.tflite --int8 --calib d.npz --eval d.npz -v --json -o out " + options);
  }
};

double sqnr(const Ran& r) { return nlohmann::json::parse(r.out)["accuracy"]["sqnr_db"]; }

// Whether a Python with these modules is there; says so when not.
bool python_has(const std::string& modules) {
  if (std::system(("python3 -c 'import " + modules + "' >/dev/null 2>&1").c_str()) == 0) return true;
  WARN("skipped: no python3 with " << modules);
  return false;
}

void check_example(const std::string& script) {
  const Job job;
  const std::string prune = "--prune 0.6 ";
  const Ran without = job.compress(prune);
  const Ran with =
      job.compress(prune + "--finetune d.npz --epochs 40 --lr 0.01 --finetune-hook 'python3 " + kHooks + script + "'");
  INFO(with.err);
  REQUIRE(with.code == 0);
  CHECK(has(with.err, "finetune_hook: the hook changed 6 of 6 tensors"));
  CHECK(sqnr(with) > sqnr(without) + 3);
}

}  // namespace

TEST_CASE("the numpy example trains a pruned model", "[hooks]") {
  if (python_has("numpy")) check_example("numpy/finetune.py");
}

TEST_CASE("the Keras example trains a pruned model", "[hooks]") {
  if (python_has("numpy, keras")) check_example("keras/finetune.py");
}

TEST_CASE("a failing hook ends compress with 5 and writes nothing", "[hooks]") {
  const Job job;
  const std::string tmp = "mkdir t; TMPDIR=$PWD/t ";
  const Ran r = job.compress("--finetune d.npz --finetune-hook 'exit 9; true'", tmp);
  CHECK(r.code == 5);
  CHECK(has(r.err, "the fine-tuning hook ended with exit code 9"));
  CHECK(has(r.err, "its folder is kept: "));
  CHECK_FALSE(fs::exists(job / "out"));
  const Ran slow =
      job.compress("--finetune d.npz --finetune-hook 'sleep 50; true' --hook-timeout 0.3", "TMPDIR=$PWD/t ");
  CHECK(slow.code == 5);
  CHECK(has(slow.err, "did not end within"));
  CHECK(job.compress("--finetune-hook true").code == 2);
  CHECK(job.compress("--finetune d.npz --qat --finetune-hook true").code == 2);
  CHECK(job.compress("--finetune d.npz --finetune-hook true --hook-timeout x").code == 2);
}

TEST_CASE("Ctrl-C ends the hook and all it started, and leaves nothing", "[hooks]") {
  const Job job;
  const Ran r =
      shell_run(job.path,
                "mkdir t; TMPDIR=$PWD/t $tinyc compress m.tflite --int8 --finetune d.npz -o out --finetune-hook "
                "\"sh -c 'sleep 61' & echo \\$! > $PWD/child; touch $PWD/started; wait; true\" & p=$!; "
                "while ! test -e started; do sleep 0.05; done; kill -INT $p; wait $p; code=$?; "
                "n=0; while kill -0 $(cat child) 2>/dev/null && test $n -lt 200; do sleep 0.05; n=$((n+1)); done; "
                "kill -0 $(cat child) 2>/dev/null && echo alive; ls t; test -e out && echo out; exit $code");
  CHECK(r.code == 130);
  CHECK(r.out == "");
}

TEST_CASE("the C++ example is built as its page says and runs before calibration", "[hooks]") {
  const Job job;
  const Ran built =
      shell_run(job.path, std::string("'") + TINYC_CMAKE + "' -S '" + kHooks + "cpp' -B b -DCMAKE_CXX_COMPILER='" +
                              TINYC_CXX + "' && '" + TINYC_CMAKE + "' --build b");
  INFO(built.out << built.err);
  REQUIRE(built.code == 0);
  const Ran r = job.compress("--load-pass b/clip_weights.so");
  INFO(r.err);
  REQUIRE(r.code == 0);
  CHECK(has(r.err, "clip_weights: "));
  std::vector<std::string> order;
  const auto report = nlohmann::json::parse(r.out);
  for (const auto& p : report["passes"]) order.push_back(p["name"]);
  const auto at = [&](const std::string& name) { return std::find(order.begin(), order.end(), name) - order.begin(); };
  CHECK(at("eliminate_dead_channels") < at("clip_weights"));
  CHECK(at("clip_weights") < at("quantize_int8"));
  const Ran listed =
      job.compress("--load-pass b/clip_weights.so --pass clip_weights,calibrate,quantize_int8,clip_weights");
  CHECK(listed.code == 2);  // it needs a float graph
  CHECK(has(listed.err, "pass clip_weights needs a float graph"));
  CHECK(job.compress("--load-pass b/clip_weights.so --dump-after clip_weights").code == 0);
  CHECK(job.compress("--pass clip_weights,calibrate,quantize_int8").code == 2);  // not loaded
}

TEST_CASE("a library that is none, holds no pass or is of another version is refused", "[hooks]") {
  const Job job;
  const auto refused = [&](const std::string& source) {
    write_file(job / "l.cpp", source);
    const Ran built =
        shell_run(job.path, std::string("'") + TINYC_CXX +
                                "' -std=c++20 -shared -fPIC -I '" TINYC_SOURCE_DIR "/include' -o l.so l.cpp");
    INFO(built.err);
    REQUIRE(built.code == 0);
    const Ran r = job.compress("--load-pass l.so");
    CHECK(r.code == 2);
    return r.err;
  };
  CHECK(has(job.compress("--load-pass nowhere.so").err, "there is no library 'nowhere.so'"));
  CHECK(job.compress("--load-pass m.tflite").code == 2);
  CHECK(has(job.compress("--load-pass m.tflite").err, "cannot be loaded"));
  CHECK(has(refused("int x;\n"), "holds no pass"));
  CHECK(has(refused("extern \"C\" const void* tinyc_pass(int) { return nullptr; }\n"), "another version"));
  CHECK(has(refused("#include \"tinyc/load_pass.h\"\nusing namespace tinyc;\n"
                    "static PassResult run(Graph&, const PassOptions&) { return {}; }\n"
                    "static const Pass p{\"calibrate\", \"mine\", Stage::Float, Stage::Float, false, false, run};\n"
                    "TINYC_EXPORT_PASS(p)\n"),
            "the name of a built-in one, calibrate"));
}
