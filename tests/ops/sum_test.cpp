#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float sum by hand", "[sum]") {
  const Floats in{{2, 2, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 18}};
  REQUIRE(run_float(Sum{{1}, false}, {in})[0] == Floats{{2, 3}, {5, 7, 9, 17, 19, 27}});
  REQUIRE(run_float(Sum{{0, -1}, true}, {in})[0] == Floats{{1, 2, 1}, {30, 54}});
  REQUIRE(run_float(Sum{{0, 1, 2}, false}, {in})[0] == Floats{{}, {84}});
  REQUIRE(run_float(Sum{{}, false}, {in})[0] == in);
}
