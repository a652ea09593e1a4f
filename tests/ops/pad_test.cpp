#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("pad surrounds a matrix with its value", "[pad]") {
  const auto out = run_float(Pad{{1, 0}, {0, 2}, -7.5f}, {count_up({2, 3})});
  REQUIRE(out[0].shape == Shape{3, 5});
  REQUIRE(out[0].values ==
          std::vector<float>{-7.5f, -7.5f, -7.5f, -7.5f, -7.5f, 0, 1, 2, -7.5f, -7.5f, 3, 4, 5, -7.5f, -7.5f});
}

TEST_CASE("pad of nothing is a copy, pad of one dimension works", "[pad]") {
  REQUIRE(run_float(Pad{{0, 0}, {0, 0}, 9}, {count_up({2, 2})})[0] == count_up({2, 2}));
  REQUIRE(run_float(Pad{{2}, {1}, 9}, {count_up({2})})[0].values == std::vector<float>{9, 9, 0, 1, 9});
}

TEST_CASE("pad rejects what does not fit", "[pad]") {
  constexpr std::int32_t big = 2147483647;
  REQUIRE(infer_message(Pad{{1, 1}, {1, 1}, 0}, {{2, 3}}) == "[4,5]");
  REQUIRE(infer_rejects(Pad{{1}, {1, 1}, 0}, {{2, 3}}));
  REQUIRE(infer_rejects(Pad{{1, 1}, {1}, 0}, {{2, 3}}));
  REQUIRE(infer_rejects(Pad{{-1, 0}, {0, 0}, 0}, {{2, 3}}));
  REQUIRE(infer_rejects(Pad{{0, 0}, {0, -1}, 0}, {{2, 3}}));
  REQUIRE(infer_rejects(Pad{{big}, {0}, 0}, {{1}}));
  REQUIRE(infer_rejects(Pad{{big}, {big}, 0}, {{big}}));
  REQUIRE(infer_rejects(Pad{{}, {}, 0}, {Shape{}}));
  REQUIRE(infer_rejects(Pad{{0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0}, 0}, {{1, 1, 1, 1, 1, 1}}));
  REQUIRE(infer_rejects(Pad{{1}, {1}, std::numeric_limits<float>::quiet_NaN()}, {{1}}));
  REQUIRE(infer_rejects(Pad{{1}, {1}, std::numeric_limits<float>::infinity()}, {{1}}));
}
