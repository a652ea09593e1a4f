#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float minimum by hand", "[minimum]") {
  const Floats a{{2, 3}, {1, -2, 3, 4, -5, 6}}, row{{3}, {2, -1, 0.5f}}, column{{2, 1}, {10, -1}};
  REQUIRE(run_float(Minimum{}, {a, row})[0] == Floats{{2, 3}, {1, -2, 0.5f, 2, -5, 0.5f}});
  REQUIRE(run_float(Minimum{}, {column, row})[0] == Floats{{2, 3}, {2, -1, 0.5f, -1, -1, -1}});
  REQUIRE(run_float(Minimum{}, {{{}, {3}}, row})[0] == Floats{{3}, {2, -1, 0.5f}});
  REQUIRE(run_float(Minimum{}, {a, a})[0] == Floats{{2, 3}, {1, -2, 3, 4, -5, 6}});
}
