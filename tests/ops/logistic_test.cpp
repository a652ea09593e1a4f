#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float logistic by hand", "[logistic]") {
  const Floats in{{2, 2}, {0, 2, -2, 100}};
  const Floats out = run_float(Logistic{}, {in})[0];
  REQUIRE(out.shape == in.shape);
  const std::vector<float> expected{0.5f, 0.880797f, 0.119203f, 1};
  for (std::size_t i = 0; i < expected.size(); ++i) REQUIRE(out.values[i] == Approx(expected[i]).margin(1e-7));
}
