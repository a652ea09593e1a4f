#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float relu_n1_to_1 by hand", "[relu_n1_to_1]") {
  const Floats in{{2, 2}, {-1.5f, -0.5f, 0.25f, 6.5f}};
  const Floats out = run_float(ReluN1To1{}, {in})[0];
  REQUIRE(out.shape == in.shape);
  const std::vector<float> expected{-1, -0.5f, 0.25f, 1};
  for (std::size_t i = 0; i < expected.size(); ++i) REQUIRE(out.values[i] == Approx(expected[i]).margin(1e-7));
}
