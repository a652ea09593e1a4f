#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float arg_max by hand", "[arg_max]") {
  const Floats in{{2, 3, 2}, {1, 9, 5, 2, 5, 3, /**/ -4, -1, -2, -1, -3, -8}};
  REQUIRE(run_float(ArgMax{1}, {in})[0] == Floats{{2, 2}, {1, 0, 1, 0}});  // the first of equal ones
  REQUIRE(run_float(ArgMax{2}, {in})[0] == Floats{{2, 3}, {1, 0, 0, 1, 1, 0}});
  REQUIRE(run_float(ArgMax{0}, {in})[0] == Floats{{3, 2}, {0, 0, 0, 0, 0, 0}});
}

TEST_CASE("arg_max drops its axis", "[arg_max]") {
  REQUIRE(infer_message(ArgMax{1}, {{2, 3, 4}}) == "[2,4]");
  REQUIRE(infer_message(ArgMax{0}, {{7}}) == "[]");
  REQUIRE(infer_rejects(ArgMax{3}, {{2, 3, 4}}));
  REQUIRE(infer_rejects(ArgMax{-1}, {{2, 3, 4}}));
}
