#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float softmax by hand", "[softmax]") {
  const Floats in{{2, 3}, {0, 1, 2, 1000, 1000, 1000}};
  const Floats out = run_float(Softmax{1.0f}, {in})[0];
  REQUIRE(out.shape == in.shape);
  const std::vector<float> expected{0.09003057f, 0.24472847f, 0.66524096f, 0.33333333f, 0.33333333f, 0.33333333f};
  for (std::size_t i = 0; i < 6; ++i) REQUIRE(out.values[i] == Approx(expected[i]));
  const Floats sharp = run_float(Softmax{2.0f}, {in})[0];
  REQUIRE(sharp.values[0] == Approx(0.01587624f));
  REQUIRE(sharp.values[2] == Approx(0.86681333f));
}

TEST_CASE("softmax needs an axis", "[softmax]") {
  REQUIRE(infer_message(Softmax{}, {{2, 3}}) == "[2,3]");
  REQUIRE(infer_rejects(Softmax{}, {Shape{}}));
}
