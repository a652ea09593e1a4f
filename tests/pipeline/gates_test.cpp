// Gates of a report, one at a time and just at their limits.
#include "catch.h"
#include "pipeline/compress.h"

using namespace tinyc;

namespace {

Report report() {
  Report r;
  r.flash = {};
  r.flash.weights = 800;
  r.code_bytes = 200;
  r.arena = 500;
  Accuracy a;
  a.metric = "top1";
  a.float_value = 0.9;
  a.compressed = 0.88;
  r.accuracy = a;
  return r;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("budgets: the limit itself passes, one byte more fails and is named") {
  Gates g;
  CHECK(failed_gates(report(), g).empty());
  g.max_flash = 1000, g.max_ram = 500;
  CHECK(failed_gates(report(), g).empty());
  g.max_flash = 999;
  auto failed = failed_gates(report(), g);
  REQUIRE(failed.size() == 1);
  CHECK(has(failed[0], "flash is 1000 B"));
  CHECK(has(failed[0], "(1 B too much)"));
  g.max_ram = 490;
  failed = failed_gates(report(), g);
  REQUIRE(failed.size() == 2);
  CHECK(has(failed[1], "(10 B too much)"));
}

TEST_CASE("accuracy gates: drop and floor, for metrics that grow and that shrink") {
  Gates g;
  g.max_drop = 0.02;
  CHECK(failed_gates(report(), g).empty());
  g.max_drop = 0.019;
  auto failed = failed_gates(report(), g);
  REQUIRE(failed.size() == 1);
  CHECK(has(failed[0], "dropped by 2.00 points, allowed are 1.90"));
  g = {};
  g.min_accuracy = 0.88;
  CHECK(failed_gates(report(), g).empty());
  g.min_accuracy = 0.881;
  CHECK(failed_gates(report(), g).size() == 1);

  Report error = report();
  error.accuracy->metric = "mse";  // 0.9 before, 0.88 after: better
  g = {};
  g.max_drop = 0, g.min_accuracy = 0.88;
  CHECK(failed_gates(error, g).empty());
  g.min_accuracy = 0.87;
  CHECK(failed_gates(error, g).size() == 1);
  error.accuracy->compressed = 0.95;
  g = {};
  g.max_drop = 0.04;
  CHECK(failed_gates(error, g).size() == 1);
}

TEST_CASE("what was not measured passes no accuracy gate") {
  Gates drop, floor;
  drop.max_drop = 1, floor.min_accuracy = 0;
  for (const Gates& g : {drop, floor}) {
    Report r = report();
    CHECK(failed_gates(r, g).empty());
    r.accuracy->synthetic = true;
    CHECK(failed_gates(r, g).size() == 1);
    r = report();
    r.accuracy->float_value.reset();
    CHECK(failed_gates(r, g).size() == 1);
    r = report();
    r.accuracy->compressed.reset();
    CHECK(failed_gates(r, g).size() == 1);
    r.accuracy.reset();
    CHECK(failed_gates(r, g).size() == 1);
    const Report baseline = report();
    CHECK(failed_gates(r, g, &baseline).empty());  // there the baseline's sizes are the gate
  }
  Report r = report();
  r.accuracy->synthetic = true;
  CHECK(failed_gates(r, {}).empty());
}

TEST_CASE("a baseline allows one per cent of size and half a point of the metric") {
  const Report baseline = report();
  Report r = report();
  CHECK(failed_gates(r, {}, &baseline).empty());
  r.flash.weights = 810, r.arena = 505;
  CHECK(failed_gates(r, {}, &baseline).empty());
  r.flash.weights = 811;
  CHECK(failed_gates(r, {}, &baseline).size() == 1);
  r.arena = 506;
  CHECK(failed_gates(r, {}, &baseline).size() == 2);
  r = report();
  r.accuracy->compressed = 0.875;
  CHECK(failed_gates(r, {}, &baseline).empty());
  r.accuracy->compressed = 0.874;
  REQUIRE(failed_gates(r, {}, &baseline).size() == 1);
  CHECK(has(failed_gates(r, {}, &baseline)[0], "0.60 points worse"));
  Gates g;
  g.max_drop = 0.03;
  CHECK(failed_gates(r, g, &baseline).empty());
  g.max_drop = 0.001;
  CHECK(failed_gates(r, g, &baseline).size() == 2);  // against the float model, and against the baseline
  r.accuracy->metric = "auc";                        // cannot be compared
  CHECK(failed_gates(r, {}, &baseline).empty());
  Report bigger = report(), error = report();
  bigger.accuracy->metric = error.accuracy->metric = "mse";
  bigger.accuracy->compressed = 0.9;
  CHECK(failed_gates(bigger, {}, &error).size() == 1);
  CHECK(failed_gates(error, {}, &bigger).empty());
}
