#include "pipeline/plan_quantization.h"

#include <algorithm>

#include "catch.h"
#include "tinyc/error.h"
#include "tinyc/text.h"

using namespace tinyc;

namespace {

using Rounding = PassOptions::WeightRounding;

/// Hidden channels of very different ranges and a softmax behind.
Graph example() {
  return parse(
      "%x = input f32[1,8] range(0,1)"
      "%a = fully_connected(%x, random(1) f32[4,8], f32[4] [0.1, 0.2, 0.3, 0.4]) act=relu"
      "%b = fully_connected(%a, f32[4,4] [30, 0.1, 0.3, 0.1, 25, 0.3, -0.2, 0.7, -20, 1, 0.6, 0.2, 10, 0.4, 0.4, -0.9])"
      " act=relu "
      "%c = fully_connected(%b, random(3) f32[3,4]) %y = softmax(%c) output %y");
}

bool has(const QuantizationPlan& plan, const char* pass) {
  return std::ranges::find(plan.passes, find_pass(pass)) != plan.passes.end();
}

}  // namespace

TEST_CASE("plan_quantization: the choice is the best of what the notes list") {
  const Graph g = example();
  const Dataset d = synthetic_dataset(g, 64, 3);
  PassOptions o;
  o.calibration = &d;
  o.weight_bits = 3;
  const QuantizationPlan plan = plan_quantization(g, o);
  const auto& notes = plan.record.notes;
  REQUIRE(notes.size() > 4);
  REQUIRE(notes[0].rfind("chosen: ", 0) == 0);
  double best = -1e9, chosen = -1e9, plain = 0;
  for (std::size_t i = 1; i < notes.size(); ++i) {
    const auto colon = notes[i].rfind(": ");
    const double sqnr = std::stod(notes[i].substr(colon + 2));
    CHECK(notes[i].find("16 held-out samples") != std::string::npos);
    if (i == 1) plain = sqnr;
    best = std::max(best, sqnr);
    if ("chosen: " + notes[i].substr(0, colon) == notes[0]) chosen = sqnr;
  }
  CHECK(chosen == best);
  CHECK(notes[1].rfind("ranges minmax, weights nearest: ", 0) == 0);
  CHECK(chosen > plain + 1);
  CHECK(plan.options.calibration == &d);
  Graph quantized = g;
  for (const Pass* p : plan.passes) p->run(quantized, plan.options);
  find_pass("quantize_int8")->run(quantized, plan.options);
  CHECK_NOTHROW(verify(quantized));
}

TEST_CASE("plan_quantization: what was asked for is not varied") {
  const Graph g = example();
  const Dataset d = synthetic_dataset(g, 32, 3);
  PassOptions o;
  o.calibration = &d;
  o.calib_method = PassOptions::CalibMethod::percentile;
  o.weight_rounding = Rounding::nearest;
  QuantizationPlan plan = plan_quantization(g, o);
  CHECK_FALSE(has(plan, "round_weights"));
  CHECK(plan.options.calib_method == PassOptions::CalibMethod::percentile);
  for (const auto& note : plan.record.notes) CHECK(note.find("ranges percentile") != std::string::npos);
  o.weight_rounding = Rounding::second_order;
  plan = plan_quantization(g, o);
  CHECK(has(plan, "round_weights"));
  for (const auto& note : plan.record.notes) CHECK(note.find("weights second-order") != std::string::npos);
}

TEST_CASE("plan_quantization: too few samples to compare by") {
  const Graph g = example();
  const Dataset d = synthetic_dataset(g, 15, 3);
  PassOptions o;
  o.calibration = &d;
  const QuantizationPlan plan = plan_quantization(g, o);
  CHECK(plan.passes == std::vector<const Pass*>{find_pass("calibrate")});
  CHECK(plan.options.calib_method == PassOptions::CalibMethod::minmax);
  REQUIRE(plan.record.notes.size() == 1);
}
