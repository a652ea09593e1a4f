#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float mean by hand", "[mean]") {
  const Floats in{{2, 2, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 18}};
  REQUIRE(run_float(Mean{{1}, false}, {in})[0] == Floats{{2, 3}, {2.5f, 3.5f, 4.5f, 8.5f, 9.5f, 13.5f}});
  REQUIRE(run_float(Mean{{0, -1}, true}, {in})[0] == Floats{{1, 2, 1}, {5, 9}});
  REQUIRE(run_float(Mean{{0, 1, 2}, false}, {in})[0] == Floats{{}, {7}});
  REQUIRE(run_float(Mean{{}, false}, {in})[0] == in);
}

TEST_CASE("shapes of reductions", "[mean]") {
  REQUIRE(infer_message(Mean{{1, 2}, false}, {{1, 4, 5, 3}}) == "[1,3]");
  REQUIRE(infer_message(Mean{{2, 1, -2}, true}, {{1, 4, 5, 3}}) == "[1,1,1,3]");
  REQUIRE(infer_rejects(Mean{{4}, false}, {{1, 4, 5, 3}}));
  REQUIRE(infer_rejects(Mean{{-5}, false}, {{1, 4, 5, 3}}));
  REQUIRE(infer_rejects(Mean{{0}, false}, {{1, 1, 1, 1, 1, 1, 1}}));
}
