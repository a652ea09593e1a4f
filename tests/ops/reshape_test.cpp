#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("reshape keeps the elements in order", "[reshape]") {
  REQUIRE(run_float(Reshape{{3, 2, 1}}, {count_up({2, 3})})[0] == count_up({3, 2, 1}));
  REQUIRE(run_float(Reshape{{}}, {count_up({1, 1})})[0] == count_up({}));
}

TEST_CASE("reshape finds one open dimension", "[reshape]") {
  REQUIRE(infer_message(Reshape{{-1, 4}}, {{2, 3, 4}}) == "[6,4]");
  REQUIRE(infer_message(Reshape{{-1}}, {Shape{}}) == "[1]");
  REQUIRE(infer_rejects(Reshape{{-1, 5}}, {{2, 3, 4}}));
  REQUIRE(infer_rejects(Reshape{{-1, -1}}, {{2, 3}}));
}

TEST_CASE("reshape rejects another number of elements", "[reshape]") {
  constexpr std::int32_t big = 2147483647;
  REQUIRE(infer_rejects(Reshape{{7}}, {{2, 3}}));
  REQUIRE(infer_rejects(Reshape{{2}}, {{2, 3}}));
  REQUIRE(infer_rejects(Reshape{{0, 6}}, {{2, 3}}));
  REQUIRE(infer_rejects(Reshape{{0, -1}}, {{2, 3}}));
  REQUIRE(infer_rejects(Reshape{{-2, -3}}, {{2, 3}}));
  REQUIRE(infer_rejects(Reshape{{big, big, big}}, {{2, 3}}));
  REQUIRE(infer_rejects(Reshape{{65536, 65536}}, {{1}}));
  REQUIRE(infer_rejects(Reshape{{-2147483647 - 1, 1}}, {{1}}));
}
