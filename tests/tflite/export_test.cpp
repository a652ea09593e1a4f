// Every small model, one or more for each operator, written as .tflite and read again.
#include "catch.h"
#include "mcu/models.h"
#include "oracle/run_graph.h"
#include "oracle/run_op.h"
#include "tinyc/dataset.h"
#include "tinyc/error.h"
#include "tinyc/import.h"
#include "tinyc/pass.h"

using namespace tinyc;

namespace {

Graph again(const Graph& g) { return import_tflite(export_tflite(g), "written.tflite").graph; }

Graph quantized(Graph g, const Dataset& samples) {
  PassOptions options;
  options.calibration = &samples;
  const Pass* const passes[] = {find_pass("calibrate"), find_pass("quantize_int8")};
  run_passes(g, passes, options);
  return g;
}

bool has(const Graph& g, OpKind wanted) {
  return std::any_of(g.nodes.begin(), g.nodes.end(), [&](const Node& n) { return kind(n.op) == wanted; });
}

oracle::Integers random_inputs(const Graph& g, std::uint64_t seed) {
  oracle::Random r(seed);
  oracle::Integers in;
  for (const auto id : g.inputs) {
    in.emplace_back(static_cast<std::size_t>(num_elements(g.at(id).shape)));
    for (auto& v : in.back()) v = g.at(id).dtype == DType::i32 ? r.in(0, 2) : r.in(-128, 127);
  }
  return in;
}

}  // namespace

TEST_CASE("float models written as .tflite and read again compute the same") {
  for (const SmallModel& m : kSmallModels) {
    const Graph g = parse(m.text);
    if (g.stage != Stage::Float) continue;
    const Dataset samples = synthetic_dataset(g, 2, 5);
    CAPTURE(m.name);
    CHECK(run_float(again(g), samples, 2) == run_float(g, samples, 2));
  }
}

TEST_CASE("int8 models written as .tflite and read again compute the same") {
  for (const SmallModel& m : kSmallModels) {
    const Graph g = parse(m.text);
    const Graph q = g.stage == Stage::Float ? quantized(g, synthetic_dataset(g, 4, 6)) : g;
    CAPTURE(m.name);
    if (has(q, OpKind::neg)) {  // TFLite's int8 NEG is another function
      CHECK_THROWS_AS(export_tflite(q), Error);
      continue;
    }
    const auto in = random_inputs(q, 7);
    CHECK(oracle::run_integers(again(q), in) == oracle::run_integers(q, in));
  }
}
