// Training by another program: what it is given, what comes back, and everything that can go wrong.
#include "pipeline/finetune_hook.h"

#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "catch.h"
#include "cli/shell.h"
#include "tinyc/error.h"
#include "tinyc/executor.h"
#include "tinyc/import.h"
#include "tinyc/parallel.h"
#include "tinyc/text.h"

using namespace tinyc;
namespace fs = std::filesystem;

namespace {

// Equal biases, a pruned weight, and a convolution whose padding the format writes as an operator of its own.
const char* const kNet =
    "%x = input f32[1,4,4,1]\n"
    "%c = conv_2d(%x, f32[2,3,3,1] [1, 2, 0, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9], f32[2] [0, 0]) pad=0,2,0,2 "
    "act=relu\n"
    "%f = reshape(%c) shape=[1,32]\n%y = fully_connected(%f, random(3) f32[2,32], f32[2] [0, 0])\noutput %y\n";

Graph net() { return parse(kNet); }

Dataset samples(std::size_t n, bool labels) {
  Dataset d = synthetic_dataset(net(), n, 5);
  if (labels) d.labels = Array{"y", Array::Type::u8, {static_cast<std::int64_t>(n)}, Bytes(n, 1)};
  d.preprocess = {2.0f, 0.5f};
  return d;
}

std::vector<std::string> hook(Graph& student, const std::string& command, double timeout = 0) {
  const Dataset d = samples(20, true);
  FinetuneHook h;
  h.command = command;
  h.timeout_seconds = timeout;
  h.data = h.calibration = &d;
  return run_finetune_hook(student, net(), h);
}

// The message of the error that the hook ends with; the student must be as it was.
std::string refusal(const std::string& command, double timeout = 0) {
  Graph student = net();
  try {
    hook(student, command, timeout);
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::data);
    CHECK(student == net());
    const std::string kept = "folder is kept: ";
    const auto at = e.hint().find(kept);
    if (at != std::string::npos) fs::remove_all(e.hint().substr(at + kept.size()));
    return e.what();
  }
  return "";
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// A file to be returned in place of the student: the net after a change, as the hook would have written it.
struct Returned {
  Folder folder;
  explicit Returned(const Graph& g) { write_file(folder / "s.tflite", export_tflite(g, false)); }
  std::string command() const { return "cp '" + (folder / "s.tflite").string() + "' \"$1\"/student.tflite; true"; }
};

TensorId weights_of(const Graph& g, std::size_t node) { return g.nodes.at(node).inputs.at(1); }

void set(Graph& g, TensorId id, std::size_t element, float value) {
  const auto v = g.at(id).as<float>();
  std::vector<float> changed(v.begin(), v.end());
  changed.at(element) = value;
  g.at(id).data = make_const("", g.at(id).shape, changed).data;
}

}  // namespace

TEST_CASE("the hook's folder holds models, data, masks and the job", "[finetune_hook]") {
  const Folder seen;
  Graph student = net();
  const auto notes = hook(student, "cp \"$1\"/* '" + seen.path.string() + "'; true");
  CHECK(student == net());
  CHECK(notes == std::vector<std::string>{"the hook changed 0 of 4 tensors"});
  const auto files = files_of(seen.path);
  CHECK(files.size() == 6);

  const auto job = nlohmann::json::parse(files.at("job.json"));
  CHECK(job["schema_version"] == 1);
  CHECK(job["task"] == "finetune");
  CHECK(job["labels"] == true);
  CHECK(job["preprocess"] == nlohmann::json({{"scale", 2.0}, {"mean", 0.5}}));
  CHECK(job["options"]["epochs"] == TrainOptions{}.epochs);
  CHECK(job["inputs"][0]["shape"] == nlohmann::json({1, 4, 4, 1}));
  REQUIRE(job["may_change"].size() == 4);
  CHECK(job["may_change"][0]["kind"] == "weight");
  CHECK(job["may_change"][0]["zeros"] == 1);
  CHECK(job["may_change"][1]["kind"] == "bias");
  CHECK(job["quantization"]["weights"].size() == 2);
  CHECK(job["quantization"]["activations"].size() >= 3);

  const auto masks = read_numpy(seen / "masks.npz");
  REQUIRE(masks.size() == 1);
  CHECK(masks[0].name == job["may_change"][0]["name"]);
  CHECK(masks[0].shape == std::vector<std::int64_t>{2, 3, 3, 1});
  Bytes expected(18, 1);
  expected[2] = 0;
  CHECK(masks[0].data == expected);

  const auto learn = read_numpy(seen / "train.npz"), validate = read_numpy(seen / "validation.npz");
  REQUIRE(learn.size() == 2);
  CHECK(learn[0].name == "x");
  CHECK(learn[0].rows() == 18);
  CHECK(learn[1].name == "y");
  CHECK(validate.at(0).rows() == 2);
  const Dataset d = samples(20, true);
  const std::size_t row = d.inputs[0].row_elements() * size_of(d.inputs[0].type);
  CHECK(std::memcmp(validate[0].data.data(), d.inputs[0].data.data() + 9 * row, row) == 0);
  CHECK(std::memcmp(learn[0].data.data() + 9 * row, d.inputs[0].data.data() + 10 * row, row) == 0);

  const Graph written = import_tflite(seen / "student.tflite").graph;
  CHECK(run_float(written, d, 3) == run_float(net(), d, 3));
  CHECK(run_float(import_tflite(seen / "teacher.tflite").graph, d, 3) == run_float(net(), d, 3));
}

TEST_CASE("weights and biases come back into their own places", "[finetune_hook]") {
  Graph trained = net();
  set(trained, weights_of(trained, 0), 5, -3.5f);
  set(trained, trained.nodes[0].inputs[2], 1, 0.25f);  // one of two equal biases
  set(trained, weights_of(trained, 2), 7, 11.0f);
  Graph student = net();
  const auto notes = hook(student, Returned(trained).command());
  CHECK(student == trained);
  CHECK(notes == std::vector<std::string>{"the hook changed 3 of 4 tensors"});
}

TEST_CASE("a minus zero is a zero that stays one", "[finetune_hook]") {
  Graph trained = net();
  set(trained, weights_of(trained, 0), 2, -0.0f);
  Graph student = net();
  hook(student, Returned(trained).command());
  CHECK_FALSE(std::signbit(student.at(weights_of(student, 0)).as<float>()[2]));
}

TEST_CASE("a hook that fails, hangs or leaves nothing useful gets a clear error", "[finetune_hook]") {
  CHECK(has(refusal("exit 3; true"), "ended with exit code 3"));
  CHECK(has(refusal("no_such_program_here"), "ended with exit code 127"));
  CHECK(has(refusal("kill -SEGV $$; true"), "was ended by signal 11"));
  CHECK(has(refusal("rm \"$1\"/student.tflite; true"), "left no student.tflite"));
  CHECK(has(refusal("echo nonsense > \"$1\"/student.tflite; true"), "cannot be read"));
  const auto start = std::chrono::steady_clock::now();
  CHECK(has(refusal("sleep 60; true", 0.2), "did not end within"));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(30));
  // one that ignores SIGTERM is killed, and what it started too
  CHECK(has(refusal("trap '' TERM; sleep 60; true", 0.2), "did not end within"));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(50));
}

TEST_CASE("another graph, NaN and un-pruned weights are refused by name", "[finetune_hook]") {
  Graph nan = net();
  set(nan, weights_of(nan, 2), 4, std::nanf(""));
  CHECK(has(refusal(Returned(nan).command()), "NaN"));
  Graph back = net();
  set(back, weights_of(back, 0), 2, 1e-6f);
  CHECK(has(refusal(Returned(back).command()), "brought back 1 of 1 pruned weights"));
  const auto changed = [](const std::string& from, const std::string& to) {
    std::string text = kNet;
    text.replace(text.find(from), from.size(), to);
    return refusal(Returned(parse(text)).command());
  };
  CHECK(has(changed("act=relu", "act=relu6"), "changed the graph"));
  CHECK(has(changed("output %y", "%z = relu(%y)\noutput %z"), "changed the graph"));
  CHECK(has(changed("f32[2,32], f32[2] [0, 0])", "f32[3,32], f32[3] [0, 0, 0])"), "changed tensor"));
}

TEST_CASE("constants that training has no business with must stay", "[finetune_hook]") {
  const auto scaled = [](const char* by) {
    return parse(std::string("%x = input f32[1,2]\n%m = mul(%x, f32[2] ") + by +
                 ")\n%y = fully_connected(%m, f32[1,2] [1, 2])\noutput %y\n");
  };
  Graph student = scaled("[1, 2]");
  const Dataset d = synthetic_dataset(student, 4, 1);
  FinetuneHook h;
  h.data = &d;
  const Returned other(scaled("[1, 3]"));
  h.command = other.command();
  CHECK_THROWS_AS(run_finetune_hook(student, student, h), Error);
  CHECK(student == scaled("[1, 2]"));
  const Returned same(scaled("[1, 2]"));
  h.command = same.command();
  CHECK(run_finetune_hook(student, student, h).size() == 1);
}

TEST_CASE("the hook's folder is the last argument, its output goes to standard error", "[finetune_hook]") {
  const Folder f;
  Graph student = net();
  hook(student, "printf '%s\\n' fixed > '" + (f / "args").string() + "'; sh -c 'echo \"$0 $1\" >> \"" +
                    (f / "args").string() + "\"' last");
  CHECK(has(read_text(f / "args"), "fixed\nlast /"));
}

TEST_CASE("what is missing for a hook is said", "[finetune_hook]") {
  Graph student = net();
  FinetuneHook h;
  h.command = "true";
  CHECK_THROWS_AS(run_finetune_hook(student, net(), h), Error);
  const Dataset d = samples(4, false);
  h.data = &d;
  Graph quantized = net();
  PassOptions o;
  o.calibration = &d;
  find_pass("calibrate")->run(quantized, o);
  find_pass("quantize_int8")->run(quantized, o);
  CHECK_THROWS_AS(run_finetune_hook(quantized, net(), h), Error);
  // no validation rows asked for, nothing pruned, no labels
  Graph dense = parse(
      "%x = input f32[1,4,4,1]\n%f = reshape(%x) shape=[1,16]\n%y = fully_connected(%f, fill(1) f32[2,16])\noutput "
      "%y\n");
  h.options.validation = 0;
  h.command =
      "test ! -e \"$1\"/validation.npz && test ! -e \"$1\"/masks.npz && grep -q '\"masks\": null' \"$1\"/job.json && "
      "true";
  CHECK(run_finetune_hook(dense, dense, h).size() == 1);
}
