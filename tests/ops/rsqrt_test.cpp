#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float rsqrt by hand", "[rsqrt]") {
  const Floats in{{2, 2}, {0.25f, 4, 2, 1e-4f}};
  const Floats out = run_float(Rsqrt{}, {in})[0];
  REQUIRE(out.shape == in.shape);
  const std::vector<float> expected{2, 0.5f, 0.7071068f, 100};
  for (std::size_t i = 0; i < expected.size(); ++i) REQUIRE(out.values[i] == Approx(expected[i]).margin(1e-7));
}
