#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float relu by hand", "[relu]") {
  const Floats in{{2, 2}, {-1.5f, 0, 2.5f, 1e9f}};
  const Floats out = run_float(Relu{}, {in})[0];
  REQUIRE(out.shape == in.shape);
  const std::vector<float> expected{0, 0, 2.5f, 1e9f};
  for (std::size_t i = 0; i < expected.size(); ++i) REQUIRE(out.values[i] == Approx(expected[i]).margin(1e-7));
}
