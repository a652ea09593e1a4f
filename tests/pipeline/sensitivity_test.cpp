// One layer pruned at a time.
#include "pipeline/sensitivity.h"

#include <cstring>

#include "catch.h"
#include "tinyc/error.h"
#include "tinyc/text.h"

using namespace tinyc;

namespace {

// The first layer's small weights do nothing for the answer; the second one's do.
const char* const kNet =
    "%x = input f32[1,2]\n%a = fully_connected(%x, f32[2,2] [1, 0.001, 0.001, 1], f32[2] [0, 0])\n"
    "%b = relu(%a)\n%y = fully_connected(%b, f32[2,2] [1, 0.5, 0.5, 1.01], f32[2] [0, 0])\noutput %y\n";

Dataset samples() {
  Dataset d;
  const std::vector<float> x{3, 1, 1, 3, 2, 1, 1, 2};
  Array a{"x", Array::Type::f32, {4, 2}, Bytes(x.size() * 4)};
  std::memcpy(a.data.data(), x.data(), a.data.size());
  d.inputs.push_back(a);
  return d;
}

Dataset labelled() {
  Dataset d = samples();
  d.labels = Array{"y", Array::Type::u8, {4}, Bytes{0, 1, 0, 0}};  // the last one is wrong on purpose
  return d;
}

Sensitivity measured(const Dataset& d, const std::string& metric, std::vector<double> steps = {0.75, 0.5}) {
  SensitivitySettings s;
  s.steps = std::move(steps);
  s.metric = metric;
  return sensitivity(parse(kNet), d, s);
}

}  // namespace

TEST_CASE("each layer is pruned alone and measured", "[sensitivity]") {
  const Sensitivity s = measured(labelled(), "top1");
  CHECK(s.samples == 4);
  CHECK(s.reference == 0.75);
  CHECK(s.steps == std::vector<double>{0.5, 0.75});
  REQUIRE(s.layers.size() == 2);
  CHECK(s.layers[0].name == "a");
  CHECK(s.layers[0].weights == 4);
  CHECK(s.layers[1].name == "y");
  REQUIRE(s.layers[0].points.size() == 2);
  CHECK(s.layers[0].points[0].sparsity == 0.5);
  CHECK(s.layers[0].points[0].value == 0.75);
  CHECK(s.layers[0].points[0].sqnr_db > 50);
  CHECK(s.layers[0].points[1].sparsity == 0.75);
  CHECK(s.layers[1].points[0].sqnr_db < 20);
  // three of four weights gone from the second layer: only 1.01 x1 is left, so class 1 everywhere
  CHECK(s.layers[1].points[1].value == 0.25);
}

TEST_CASE("without labels the model itself is the measure", "[sensitivity]") {
  const Sensitivity s = measured(samples(), "auto");
  CHECK(s.metric == "agreement");
  CHECK(s.reference == 1.0);
  CHECK(s.layers.at(1).points.at(1).value == 0.5);
  const Sensitivity sqnr = measured(samples(), "sqnr");
  CHECK_FALSE(sqnr.reference.has_value());
  CHECK(sqnr.layers.at(1).points.at(0).value == sqnr.layers.at(1).points.at(0).sqnr_db);
  const Sensitivity cosine = measured(samples(), "cosine");
  CHECK(cosine.reference == Approx(1.0));
  CHECK(cosine.layers.at(1).points.at(1).value < 0.9);
}

TEST_CASE("sensitivity refuses what it cannot measure", "[sensitivity]") {
  CHECK_THROWS_AS(measured(samples(), "top1"), Error);
  CHECK_THROWS_AS(measured(samples(), "auto", {1.0}), Error);
  CHECK_THROWS_AS(measured(samples(), "auto", {0.0}), Error);
  Graph quantized = parse(kNet);
  const Dataset d = samples();
  PassOptions o;
  o.calibration = &d;
  find_pass("calibrate")->run(quantized, o);
  find_pass("quantize_int8")->run(quantized, o);
  CHECK_THROWS_AS(sensitivity(quantized, d, {}), Error);
}
