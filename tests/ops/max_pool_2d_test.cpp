#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float max pool by hand", "[max_pool_2d]") {
  const Floats in{{1, 2, 3, 2}, {1, -10, 9, -20, 3, -30, 4, -40, 5, -50, 6, -60}};
  REQUIRE(run_float(MaxPool2D{{2, 2}, {1, 1}, {}, Act::none}, {in})[0] == Floats{{1, 1, 2, 2}, {9, -10, 9, -20}});
  // padding is no value: the largest of the second channel stays negative
  REQUIRE(run_float(MaxPool2D{{2, 2}, {2, 2}, {0, 0, 1, 0}, Act::none}, {in})[0] ==
          Floats{{1, 1, 2, 2}, {4, -10, 9, -20}});
  REQUIRE(run_float(MaxPool2D{{2, 3}, {1, 1}, {}, Act::relu6}, {in})[0] == Floats{{1, 1, 1, 2}, {6, 0}});
}

TEST_CASE("impossible max pools are refused", "[max_pool_2d]") {
  REQUIRE(infer_message(MaxPool2D{{2, 2}, {2, 2}, {0, 1, 0, 1}, Act::none}, {{2, 3, 5, 2}}) == "[2,2,3,2]");
  REQUIRE(infer_rejects(MaxPool2D{{4, 1}, {1, 1}, {}, Act::none}, {{1, 3, 5, 2}}));
  REQUIRE(infer_rejects(MaxPool2D{{2, 2}, {1, 1}, {0, 0, 0, 2}, Act::none}, {{1, 3, 5, 2}}));
}
