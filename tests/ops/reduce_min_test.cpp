#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float reduce_min by hand", "[reduce_min]") {
  const Floats in{{2, 2, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 18}};
  REQUIRE(run_float(ReduceMin{{1}, false}, {in})[0] == Floats{{2, 3}, {1, 2, 3, 7, 8, 9}});
  REQUIRE(run_float(ReduceMin{{0, -1}, true}, {in})[0] == Floats{{1, 2, 1}, {1, 4}});
  REQUIRE(run_float(ReduceMin{{0, 1, 2}, false}, {in})[0] == Floats{{}, {1}});
  REQUIRE(run_float(ReduceMin{{}, false}, {in})[0] == in);
}
