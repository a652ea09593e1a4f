#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float reduce_max by hand", "[reduce_max]") {
  const Floats in{{2, 2, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 18}};
  REQUIRE(run_float(ReduceMax{{1}, false}, {in})[0] == Floats{{2, 3}, {4, 5, 6, 10, 11, 18}});
  REQUIRE(run_float(ReduceMax{{0, -1}, true}, {in})[0] == Floats{{1, 2, 1}, {9, 18}});
  REQUIRE(run_float(ReduceMax{{0, 1, 2}, false}, {in})[0] == Floats{{}, {18}});
  REQUIRE(run_float(ReduceMax{{}, false}, {in})[0] == in);
}
