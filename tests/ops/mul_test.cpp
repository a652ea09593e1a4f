#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float mul by hand", "[mul]") {
  const Floats a{{2, 3}, {1, -2, 3, 4, -5, 6}}, row{{3}, {2, -1, 0.5f}}, column{{2, 1}, {10, -1}};
  REQUIRE(run_float(Mul{}, {a, row})[0] == Floats{{2, 3}, {2, 2, 1.5f, 8, 5, 3}});
  REQUIRE(run_float(Mul{}, {column, row})[0] == Floats{{2, 3}, {20, -10, 5, -2, 1, -0.5f}});
  REQUIRE(run_float(Mul{}, {{{}, {3}}, row})[0] == Floats{{3}, {6, -3, 1.5f}});
  REQUIRE(run_float(Mul{}, {a, a})[0] == Floats{{2, 3}, {1, 4, 9, 16, 25, 36}});
}

TEST_CASE("float mul with a fused activation", "[mul]") {
  const Floats a{{4}, {-8, 1, 3, 9}}, b{{4}, {0.25f, 0.5f, 1, 3}};
  REQUIRE(run_float(Mul{Act::relu}, {a, b})[0].values == std::vector<float>{0, 0.5f, 3, 27});
  REQUIRE(run_float(Mul{Act::relu6}, {a, b})[0].values == std::vector<float>{0, 0.5f, 3, 6});
  REQUIRE(run_float(Mul{Act::relu_n1_to_1}, {a, b})[0].values == std::vector<float>{-1, 0.5f, 1, 1});
}
