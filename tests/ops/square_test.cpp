#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float square by hand", "[square]") {
  const Floats in{{2, 2}, {-1.5f, 0, 2, -3}};
  const Floats out = run_float(Square{}, {in})[0];
  REQUIRE(out.shape == in.shape);
  const std::vector<float> expected{2.25f, 0, 4, 9};
  for (std::size_t i = 0; i < expected.size(); ++i) REQUIRE(out.values[i] == Approx(expected[i]).margin(1e-7));
}
