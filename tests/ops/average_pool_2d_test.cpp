#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float average pool by hand", "[average_pool_2d]") {
  const Floats in{{1, 2, 3, 2}, {1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60}};
  REQUIRE(run_float(AveragePool2D{{2, 2}, {1, 1}, {}, Act::none}, {in})[0] == Floats{{1, 1, 2, 2}, {3, 30, 4, 40}});
  // padding does not count
  REQUIRE(run_float(AveragePool2D{{2, 2}, {2, 2}, {0, 0, 1, 0}, Act::none}, {in})[0] ==
          Floats{{1, 1, 2, 2}, {2.5f, 25, 4, 40}});
  REQUIRE(run_float(AveragePool2D{{2, 3}, {1, 1}, {}, Act::relu6}, {in})[0] == Floats{{1, 1, 1, 2}, {3.5f, 6}});
}

TEST_CASE("average pool keeps samples apart", "[average_pool_2d]") {
  REQUIRE(run_float(AveragePool2D{{2, 1}, {1, 1}, {}, Act::none}, {count_up({2, 2, 1, 1})})[0] ==
          Floats{{2, 1, 1, 1}, {0.5f, 2.5f}});
}

TEST_CASE("impossible average pools are refused", "[average_pool_2d]") {
  const AveragePool2D pool{{3, 3}, {1, 1}, {}, Act::none};
  REQUIRE(infer_message(pool, {{1, 3, 5, 2}}) == "[1,1,3,2]");
  REQUIRE(infer_rejects(pool, {{1, 2, 5, 2}}));
  REQUIRE(infer_rejects(pool, {{3, 5, 2}}));
  REQUIRE(infer_rejects(AveragePool2D{{3, 3}, {0, 1}, {}, Act::none}, {{1, 3, 5, 2}}));
  REQUIRE(infer_rejects(AveragePool2D{{2, 2}, {1, 1}, {2, 0, 0, 0}, Act::none}, {{1, 3, 5, 2}}));
}
