#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float tanh by hand", "[tanh]") {
  const Floats in{{2, 2}, {0, 1, -1, 100}};
  const Floats out = run_float(Tanh{}, {in})[0];
  REQUIRE(out.shape == in.shape);
  const std::vector<float> expected{0, 0.7615942f, -0.7615942f, 1};
  for (std::size_t i = 0; i < expected.size(); ++i) REQUIRE(out.values[i] == Approx(expected[i]).margin(1e-7));
}
