#include "oracle/fully_connected.h"

#include "catch.h"

using namespace tinyc;
using namespace oracle;

namespace {

WeightedCase random_case(Random& r, bool offset, std::int32_t largest) {
  const std::int32_t in = r.in(1, largest), channels = r.in(1, 21), rows = r.in(1, 4);
  WeightedCase c;
  c.op = FullyConnected{false, static_cast<Act>(r.in(0, 3))};
  randomize(r, c, {rows, in}, {channels, in}, channels, 0, in, offset);
  return c;
}

void compare(const WeightedCase& c) {
  CAPTURE(to_string(c.x.shape), to_string(c.w.shape), c.coded, c.w_scale.size(), c.w_zero_point);
  const Int8s y = run(c);
  REQUIRE(y == fully_connected(c, y.shape));
}

}  // namespace

TEST_CASE("fully_connected equals its definition on random layers", "[fully_connected]") {
  Random r(1);
  for (int i = 0; i < 400; ++i) compare(random_case(r, false, 70));
  for (int i = 0; i < 40; ++i) compare(random_case(r, false, 1500));
}

TEST_CASE("fully_connected takes weights with a zero point", "[fully_connected]") {
  Random r(2);
  for (int i = 0; i < 150; ++i) {
    const WeightedCase c = random_case(r, true, 300);
    REQUIRE(std::string(lower(graph_of(c)).layers.at(0).kernel->symbol) == "tinyc_fully_connected_wzp");
    compare(c);
  }
}

// Scales whose product differs in float and double so that one output moves by a unit.
TEST_CASE("fully_connected with one scale multiplies the scales in float", "[fully_connected]") {
  Random r(3);
  int differing = 0;
  for (int i = 0; i < 3000; ++i) {
    WeightedCase c;
    c.op = FullyConnected{};
    c.x = {{1, 1}, {127}};
    c.w = {{1, 1}, {127}};
    c.in = {0.001f + 1e-6f * static_cast<float>(r.in(0, 99999)), -128};
    c.w_scale = {0.01f + 1e-6f * static_cast<float>(r.in(0, 99999))};
    c.bias = {{r.in(1 << 24, 1 << 30)}};
    c.out = {c.in.scale * c.w_scale[0] * static_cast<float>((*c.bias)[0]) / 100, 0};
    const std::int64_t acc = 255 * 127 + (*c.bias)[0];
    const auto in_float = requantize(acc, static_cast<double>(c.in.scale * c.w_scale[0]), c.out, Act::none);
    const auto in_double =
        requantize(acc, static_cast<double>(c.in.scale) * static_cast<double>(c.w_scale[0]), c.out, Act::none);
    differing += in_float != in_double;
    if (in_float != in_double || i < 50) REQUIRE(run(c).values == std::vector<std::int8_t>{in_float});
  }
  INFO("cases that tell the two apart: " << differing);
}
