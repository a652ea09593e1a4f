#include "pipeline/budget.h"

#include <algorithm>
#include <cstring>

#include "catch.h"
#include "tinyc/executor.h"
#include "tinyc/text.h"

using namespace tinyc;

namespace {

/// A classifier and samples that it labels itself: as float it is always right.
struct Fixture {
  Import model;
  Dataset data;
  CompressInputs inputs;
  CompressSettings settings;

  Fixture() {
    model.graph = parse(
        "%x = input f32[1,24] "
        "%a = fully_connected(%x, he(1) f32[64,24], zeros f32[64]) act=relu "
        "%b = fully_connected(%a, he(2) f32[64,64], zeros f32[64]) act=relu "
        "%c = fully_connected(%b, he(3) f32[6,64], zeros f32[6]) %y = softmax(%c) output %y");
    for (const Tensor& t : model.graph.tensors)
      if (t.is_const()) model.facts.params += t.as<float>().size();
    data = synthetic_dataset(model.graph, 300, 7);
    const auto y = run_float(model.graph, data, 300)[0];
    Array labels{"y", Array::Type::i32, {300}, {}};
    labels.data.resize(300 * sizeof(std::int32_t));
    for (std::size_t i = 0; i < 300; ++i) {
      const auto row = y.begin() + static_cast<std::ptrdiff_t>(6 * i);
      const auto label = static_cast<std::int32_t>(std::max_element(row, row + 6) - row);
      std::memcpy(labels.data.data() + 4 * i, &label, 4);
    }
    data.labels = labels;
    inputs.model = &model;
    inputs.calibration = &data;
    inputs.evaluation = &data;
    settings.int8 = true;
    settings.pass_options.optimize = PassOptions::Optimize::size;
  }
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
