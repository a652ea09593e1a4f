#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("depth_to_space spreads channels over a block", "[depth_to_space]") {
  REQUIRE(run_float(DepthToSpace{2}, {count_up({1, 1, 2, 4})})[0] == Floats{{1, 2, 4, 1}, {0, 1, 4, 5, 2, 3, 6, 7}});
  REQUIRE(run_float(DepthToSpace{2}, {count_up({1, 1, 1, 8})})[0] == Floats{{1, 2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7}});
}

TEST_CASE("depth_to_space undoes space_to_depth", "[depth_to_space]") {
  const Floats in = count_up({2, 6, 3, 5});
  REQUIRE(run_float(DepthToSpace{3}, run_float(SpaceToDepth{3}, {in}))[0] == in);
}

TEST_CASE("depth_to_space rejects blocks that do not divide the channels", "[depth_to_space]") {
  for (const std::int32_t block : {0, -1, -2, 3, 4, 65536, 2147483647, -2147483647 - 1}) {
    CAPTURE(block);
    REQUIRE(infer_rejects(DepthToSpace{block}, {{1, 4, 2, 4}}));
  }
  REQUIRE(infer_message(DepthToSpace{2}, {{1, 4, 2, 4}}) == "[1,8,4,1]");
  REQUIRE(infer_rejects(DepthToSpace{2}, {{4, 2, 4}}));
  REQUIRE(infer_rejects(DepthToSpace{16}, {{1, 2147483647, 1, 256}}));
}
