#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float ceil by hand", "[ceil]") {
  const Floats out = run_float(Ceil{}, {{{2, 2}, {1.5f, -1.5f, 2, 0.25f}}})[0];
  REQUIRE(out.shape == Shape{2, 2});
  const std::vector<float> expected{2, -1, 2, 1};
  for (std::size_t i = 0; i < expected.size(); ++i) REQUIRE(out.values[i] == Approx(expected[i]).margin(1e-7));
}
