#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float squared_difference by hand", "[squared_difference]") {
  const Floats a{{2, 3}, {1, -2, 3, 4, -5, 6}}, row{{3}, {2, -1, 0.5f}}, column{{2, 1}, {10, -1}};
  REQUIRE(run_float(SquaredDifference{}, {a, row})[0] == Floats{{2, 3}, {1, 1, 6.25f, 4, 16, 30.25f}});
  REQUIRE(run_float(SquaredDifference{}, {column, row})[0] == Floats{{2, 3}, {64, 121, 90.25f, 9, 0, 2.25f}});
  REQUIRE(run_float(SquaredDifference{}, {{{}, {3}}, row})[0] == Floats{{3}, {1, 16, 6.25f}});
  REQUIRE(run_float(SquaredDifference{}, {a, a})[0] == Floats{{2, 3}, {0, 0, 0, 0, 0, 0}});
}
