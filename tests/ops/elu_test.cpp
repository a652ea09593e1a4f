#include <algorithm>
#include <cmath>

#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float elu by hand", "[elu]") {
  const Floats in{{2, 2}, {0, 1.5f, -1, -20}};
  const Floats out = run_float(Elu{}, {in})[0];
  REQUIRE(out.shape == in.shape);
  const std::vector<float> expected{0, 1.5f, -0.63212056f, -1};
  for (std::size_t i = 0; i < expected.size(); ++i) REQUIRE(out.values[i] == Approx(expected[i]).margin(1e-7));
}

TEST_CASE("int8 elu equals the rounded real function for every input", "[elu]") {
  const float in_scale = 0.031f, out_scale = 0.0207f;
  const std::int32_t in_zero = -10, out_zero = -70;
  Int8s x{{1, 256}, {}};
  for (int q = -128; q <= 127; ++q) x.values.push_back(static_cast<std::int8_t>(q));
  const Int8s y = run_int8(Elu{}, {{x, {in_scale, in_zero}}}, {out_scale, out_zero});
  for (int q = -128; q <= 127; ++q) {
    const double real = static_cast<double>(in_scale) * (q - in_zero), f = real > 0 ? real : std::exp(real) - 1;
    const double expected = std::clamp(std::round(f / static_cast<double>(out_scale)) + out_zero, -128.0, 127.0);
    REQUIRE(y.values[static_cast<std::size_t>(q + 128)] == expected);
  }
}
