#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float sqrt by hand", "[sqrt]") {
  const Floats in{{2, 2}, {0, 4, 2, 1e-4f}};
  const Floats out = run_float(Sqrt{}, {in})[0];
  REQUIRE(out.shape == in.shape);
  const std::vector<float> expected{0, 2, 1.4142135f, 0.01f};
  for (std::size_t i = 0; i < expected.size(); ++i) REQUIRE(out.values[i] == Approx(expected[i]).margin(1e-7));
}

TEST_CASE("float sqrt of a negative number is no number", "[sqrt]") {
  REQUIRE(std::isnan(run_float(Sqrt{}, {{{1}, {-1.0f}}})[0].values[0]));
}
