#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float relu6 by hand", "[relu6]") {
  const Floats in{{2, 2}, {-1.5f, 0, 2.5f, 6.5f}};
  const Floats out = run_float(Relu6{}, {in})[0];
  REQUIRE(out.shape == in.shape);
  const std::vector<float> expected{0, 0, 2.5f, 6};
  for (std::size_t i = 0; i < expected.size(); ++i) REQUIRE(out.values[i] == Approx(expected[i]).margin(1e-7));
}
