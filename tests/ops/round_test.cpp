#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float round by hand", "[round]") {
  const Floats out = run_float(Round{}, {{{2, 2}, {1.5f, 2.5f, -0.75f, 0.25f}}})[0];
  REQUIRE(out.shape == Shape{2, 2});
  const std::vector<float> expected{2, 2, -1, 0};
  for (std::size_t i = 0; i < expected.size(); ++i) REQUIRE(out.values[i] == Approx(expected[i]).margin(1e-7));
}
