#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float sin by hand", "[sin]") {
  const Floats out = run_float(Sin{}, {{{2, 2}, {0, 1, -1, 3}}})[0];
  REQUIRE(out.shape == Shape{2, 2});
  const std::vector<float> expected{0, 0.84147098f, -0.84147098f, 0.14112001f};
  for (std::size_t i = 0; i < expected.size(); ++i) REQUIRE(out.values[i] == Approx(expected[i]).margin(1e-7));
}
