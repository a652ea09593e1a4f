#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("space_to_depth gathers the pixels of a block", "[space_to_depth]") {
  REQUIRE(run_float(SpaceToDepth{2}, {count_up({1, 2, 4, 1})})[0] == Floats{{1, 1, 2, 4}, {0, 1, 4, 5, 2, 3, 6, 7}});
  REQUIRE(run_float(SpaceToDepth{2}, {count_up({1, 2, 2, 2})})[0] == Floats{{1, 1, 1, 8}, {0, 1, 2, 3, 4, 5, 6, 7}});
  REQUIRE(run_float(SpaceToDepth{1}, {count_up({1, 2, 2, 2})})[0] == count_up({1, 2, 2, 2}));
}

TEST_CASE("space_to_depth rejects blocks that do not divide the picture", "[space_to_depth]") {
  for (const std::int32_t block : {0, -1, -2, 3, 4, 65536, 2147483647, -2147483647 - 1}) {
    CAPTURE(block);
    REQUIRE(infer_rejects(SpaceToDepth{block}, {{1, 4, 2, 1}}));
  }
  REQUIRE(infer_message(SpaceToDepth{2}, {{1, 4, 2, 3}}) == "[1,2,1,12]");
  REQUIRE(infer_rejects(SpaceToDepth{2}, {{4, 2, 1}}));
  REQUIRE(infer_rejects(SpaceToDepth{2}, {Shape{}}));
}
