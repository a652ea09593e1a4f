#include "pipeline/budget.h"

#include "catch.h"
#include "pipeline/self_labelled.h"

using namespace tinyc;

namespace {

struct Fixture : SelfLabelled {
  Compressed with(Budget b) const {
    CompressSettings s = settings;
    s.budget = std::move(b);
    return compress(inputs, s);
  }
};

double drop(const Compressed& c) { return *c.report.accuracy->float_value - *c.report.accuracy->compressed; }

}  // namespace

TEST_CASE("a budget that exact weights keep changes nothing", "[budget]") {
  const Fixture f;
  const Compressed plain = f.with({}), generous = f.with({1 << 20, {}, false}), gate = f.with({{}, 0.5, false});
  CHECK(write_program(generous.program) == write_program(plain.program));
  CHECK(write_program(gate.program) == write_program(plain.program));
}

TEST_CASE("a flash budget is met at the least loss that was found", "[budget]") {
  const Fixture f;
  const std::uint64_t exact = f.with({}).report.flash_total();
  const Compressed large = f.with({exact * 8 / 10, {}, false}), small = f.with({exact * 6 / 10, {}, false});
  CHECK(large.report.flash_total() <= exact * 8 / 10);
  CHECK(large.report.flash_total() > exact * 7 / 10);
  CHECK(small.report.flash_total() <= exact * 6 / 10);
  CHECK(drop(large) <= drop(small));
  CHECK(large.report.trade_off.size() > 4);
  CHECK(failed_gates(large.report, {exact * 8 / 10, {}, {}, {}}).empty());
  // out of reach: the smallest there is, for the gate to judge
  const Compressed least = f.with({100, {}, false});
  CHECK(least.report.flash_total() < small.report.flash_total());
  CHECK(failed_gates(least.report, {100, {}, {}, {}}).size() == 1);
}

TEST_CASE("a drop that is allowed is spent on size", "[budget]") {
  const Fixture f;
  const Compressed exact = f.with({}), little = f.with({{}, 0.01, true}), much = f.with({{}, 0.1, true});
  CHECK(drop(little) <= 0.01 + 1e-9);
  CHECK(drop(much) <= 0.1 + 1e-9);
  CHECK(little.report.flash_total() < exact.report.flash_total());
  CHECK(much.report.flash_total() < little.report.flash_total());
  CHECK(write_program(f.with({{}, 0.01, true}).program) == write_program(little.program));
}
