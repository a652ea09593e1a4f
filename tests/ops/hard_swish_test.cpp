#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float hard_swish by hand", "[hard_swish]") {
  const Floats in{{2, 3}, {-4, -3, -1, 0, 2, 5}};
  const Floats out = run_float(HardSwish{}, {in})[0];
  REQUIRE(out.shape == in.shape);
  const std::vector<float> expected{0, 0, -0.33333333f, 0, 1.6666667f, 5};
  for (std::size_t i = 0; i < expected.size(); ++i) REQUIRE(out.values[i] == Approx(expected[i]).margin(1e-7));
}
