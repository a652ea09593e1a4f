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

TEST_CASE("fully_connected with one scale multiplies the scales in float", "[fully_connected]") {
  Random r(3);
  int differing = 0;
  for (int i = 0; i < 200; ++i) {
    WeightedCase c;
    c.op = FullyConnected{};
    c.x = {{1, 1}, {127}};
    c.w = {{1, 1}, {127}};
    c.in = {0.001f + 1e-6f * static_cast<float>(r.in(0, 99999)), -128};
    c.w_scale = {0.01f + 1e-6f * static_cast<float>(r.in(0, 99999))};
    c.out = {c.in.scale * c.w_scale[0] * 1e7f, 0};
    const double rounded = static_cast<double>(c.in.scale * c.w_scale[0]);
    const double exact = static_cast<double>(c.in.scale) * static_cast<double>(c.w_scale[0]);
    // a sum whose output lies between two integers: which one it becomes shows which product was used
    const std::int64_t sum = std::llround(99.5 * static_cast<double>(c.out.scale) / ((rounded + exact) / 2));
    c.bias = {{static_cast<std::int32_t>(sum - 255 * 127)}};
    const auto in_float = requantize(sum, rounded, c.out, Act::none),
               in_double = requantize(sum, exact, c.out, Act::none);
    differing += in_float != in_double;
    REQUIRE(run(c).values == std::vector<std::int8_t>{in_float});
  }
  REQUIRE(differing > 50);
}

TEST_CASE("fully_connected decodes one filter at a time where none fits the budget", "[fully_connected]") {
  Random r(8);
  WeightedCase c;
  c.op = FullyConnected{};
  randomize(r, c, {1, 1500}, {6, 1500}, 6, 0, 1500, false);
  c.coded = true;
  REQUIRE(lower(graph_of(c)).layers.at(0).record.block == 1);
  const Int8s y = run(c);
  REQUIRE(y == fully_connected(c, y.shape));
}
