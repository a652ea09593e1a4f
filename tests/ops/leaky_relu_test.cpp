#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float leaky_relu by hand", "[leaky_relu]") {
  const Floats in{{2, 2}, {-2, 0, 2, -0.5f}};
  const Floats out = run_float(LeakyRelu{0.1f}, {in})[0];
  REQUIRE(out.shape == in.shape);
  const std::vector<float> expected{-0.2f, 0, 2, -0.05f};
  for (std::size_t i = 0; i < expected.size(); ++i) REQUIRE(out.values[i] == Approx(expected[i]).margin(1e-7));
}
