#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float l2_normalization by hand", "[l2_normalization]") {
  const Floats in{{3, 2}, {3, 4, 0, -2, 0, 0}};
  const Floats out = run_float(L2Normalization{}, {in})[0];
  const std::vector<float> expected{0.6f, 0.8f, 0, -1, 0, 0};
  REQUIRE(out.shape == in.shape);
  for (std::size_t i = 0; i < expected.size(); ++i) REQUIRE(out.values[i] == Approx(expected[i]));
  REQUIRE(infer_rejects(L2Normalization{}, {Shape{}}));
}
