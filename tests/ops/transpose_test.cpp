#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("transpose of a matrix and of a picture", "[transpose]") {
  REQUIRE(run_float(Transpose{{1, 0}}, {count_up({2, 3})})[0] == Floats{{3, 2}, {0, 3, 1, 4, 2, 5}});
  // two pixels of two channels each become two planes
  REQUIRE(run_float(Transpose{{0, 3, 1, 2}}, {count_up({1, 1, 2, 2})})[0] == Floats{{1, 2, 1, 2}, {0, 2, 1, 3}});
  REQUIRE(run_float(Transpose{{2, 0, 1}}, {count_up({2, 1, 3})})[0] == Floats{{3, 2, 1}, {0, 3, 1, 4, 2, 5}});
  REQUIRE(run_float(Transpose{{}}, {count_up({})})[0] == count_up({}));
}

TEST_CASE("transpose rejects what is no permutation", "[transpose]") {
  REQUIRE(infer_message(Transpose{{2, 0, 1}}, {{2, 3, 4}}) == "[4,2,3]");
  REQUIRE(infer_rejects(Transpose{{0, 0}}, {{2, 3}}));
  REQUIRE(infer_rejects(Transpose{{0, 2}}, {{2, 3}}));
  REQUIRE(infer_rejects(Transpose{{-1, 0}}, {{2, 3}}));
  REQUIRE(infer_rejects(Transpose{{0}}, {{2, 3}}));
  REQUIRE(infer_rejects(Transpose{{0, 1, 2}}, {{2, 3}}));
  REQUIRE(infer_rejects(Transpose{{2147483647, 0}}, {{2, 3}}));
  REQUIRE(infer_rejects(Transpose{{0, 1, 2, 3, 4, 5, 6}}, {{1, 1, 1, 1, 1, 1, 1}}));
}
