#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float exp by hand", "[exp]") {
  const Floats in{{2, 2}, {0, 1, -1, 2}};
  const Floats out = run_float(Exp{}, {in})[0];
  REQUIRE(out.shape == in.shape);
  const std::vector<float> expected{1, 2.7182817f, 0.36787944f, 7.389056f};
  for (std::size_t i = 0; i < expected.size(); ++i) REQUIRE(out.values[i] == Approx(expected[i]).margin(1e-7));
}
