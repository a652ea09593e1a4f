#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float sub by hand", "[sub]") {
  const Floats a{{2, 3}, {1, -2, 3, 4, -5, 6}}, row{{3}, {2, -1, 0.5f}}, column{{2, 1}, {10, -1}};
  REQUIRE(run_float(Sub{}, {a, row})[0] == Floats{{2, 3}, {-1, -1, 2.5f, 2, -4, 5.5f}});
  REQUIRE(run_float(Sub{}, {column, row})[0] == Floats{{2, 3}, {8, 11, 9.5f, -3, 0, -1.5f}});
  REQUIRE(run_float(Sub{}, {{{}, {3}}, row})[0] == Floats{{3}, {1, 4, 2.5f}});
  REQUIRE(run_float(Sub{}, {a, a})[0] == Floats{{2, 3}, {0, 0, 0, 0, 0, 0}});
}

TEST_CASE("float sub with a fused activation", "[sub]") {
  const Floats a{{4}, {-8, 1, 3, 9}}, b{{4}, {0.25f, 0.5f, 1, 3}};
  REQUIRE(run_float(Sub{Act::relu}, {a, b})[0].values == std::vector<float>{0, 0.5f, 2, 6});
  REQUIRE(run_float(Sub{Act::relu6}, {a, b})[0].values == std::vector<float>{0, 0.5f, 2, 6});
  REQUIRE(run_float(Sub{Act::relu_n1_to_1}, {a, b})[0].values == std::vector<float>{-1, 0.5f, 1, 1});
}
