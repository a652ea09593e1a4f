#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float maximum by hand", "[maximum]") {
  const Floats a{{2, 3}, {1, -2, 3, 4, -5, 6}}, row{{3}, {2, -1, 0.5f}}, column{{2, 1}, {10, -1}};
  REQUIRE(run_float(Maximum{}, {a, row})[0] == Floats{{2, 3}, {2, -1, 3, 4, -1, 6}});
  REQUIRE(run_float(Maximum{}, {column, row})[0] == Floats{{2, 3}, {10, 10, 10, 2, -1, 0.5f}});
  REQUIRE(run_float(Maximum{}, {{{}, {3}}, row})[0] == Floats{{3}, {3, 3, 3}});
  REQUIRE(run_float(Maximum{}, {a, a})[0] == Floats{{2, 3}, {1, -2, 3, 4, -5, 6}});
}
