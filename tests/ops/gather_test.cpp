#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float gather by hand", "[gather]") {
  const Floats in = count_up({2, 3, 2});
  REQUIRE(run_float(Gather{1, 0, {2, 0}}, {in})[0] == Floats{{2, 2, 2}, {4, 5, 0, 1, 10, 11, 6, 7}});
  REQUIRE(run_float(Gather{0, 0, {1}}, {in})[0] == Floats{{1, 3, 2}, {6, 7, 8, 9, 10, 11}});
  REQUIRE(run_float(Gather{2, 0, {}}, {in, {{}, {1}}})[0] == Floats{{2, 3}, {1, 3, 5, 7, 9, 11}});
  REQUIRE(run_float(Gather{1, 1, {}}, {in, {{2, 1}, {2, 0}}})[0] == Floats{{2, 1, 2}, {4, 5, 6, 7}});
  // outside the axis: its ends
  REQUIRE(run_float(Gather{1, 0, {}}, {in, {{2}, {-5, 99}}})[0] == Floats{{2, 2, 2}, {0, 1, 4, 5, 6, 7, 10, 11}});
}

TEST_CASE("gather's shapes", "[gather]") {
  REQUIRE(infer_message(Gather{1, 0, {}}, {{2, 3, 4}, {5, 6}}) == "[2,5,6,4]");
  REQUIRE(infer_message(Gather{2, 1, {}}, {{2, 3, 4}, {2, 6}}) == "[2,3,6]");
  REQUIRE(infer_message(Gather{0, 0, {1, 1, 1}}, {{2, 3}}) == "[3,3]");
  REQUIRE(infer_rejects(Gather{3, 0, {0}}, {{2, 3, 4}}));
  REQUIRE(
      infer_rejects(Gather{1, 2, {}}, {{2, 3, 4}, {2, 3}}));    // more batch dimensions than dimensions before the axis
  REQUIRE(infer_rejects(Gather{1, 1, {}}, {{2, 3, 4}, {3}}));   // another batch
  REQUIRE(infer_rejects(Gather{1, 0, {}}, {{2, 3, 4}}));        // no indices
  REQUIRE(infer_rejects(Gather{1, 0, {0}}, {{2, 3, 4}, {2}}));  // twice
  REQUIRE(infer_rejects(Gather{1, 0, {3}}, {{2, 3, 4}}));       // outside
  REQUIRE(infer_rejects(Gather{1, 0, {-1}}, {{2, 3, 4}}));
}
