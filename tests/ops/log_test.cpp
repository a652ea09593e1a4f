#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float log by hand", "[log]") {
  const Floats in{{2, 2}, {1, 2.7182817f, 0.36787944f, 10}};
  const Floats out = run_float(Log{}, {in})[0];
  REQUIRE(out.shape == in.shape);
  const std::vector<float> expected{0, 1, -1, 2.3025851f};
  for (std::size_t i = 0; i < expected.size(); ++i) REQUIRE(out.values[i] == Approx(expected[i]).margin(1e-7));
}
