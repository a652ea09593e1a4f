#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("concatenation along each axis", "[concatenation]") {
  const Floats a{{2, 2}, {1, 2, 3, 4}}, b{{2, 1}, {5, 6}}, c{{1, 2}, {7, 8}};
  REQUIRE(run_float(Concatenation{1, Act::none}, {a, b})[0] == Floats{{2, 3}, {1, 2, 5, 3, 4, 6}});
  REQUIRE(run_float(Concatenation{0, Act::none}, {a, c})[0] == Floats{{3, 2}, {1, 2, 3, 4, 7, 8}});
  REQUIRE(run_float(Concatenation{1, Act::none}, {b, a, b})[0] == Floats{{2, 4}, {5, 1, 2, 5, 6, 3, 4, 6}});
  REQUIRE(run_float(Concatenation{0, Act::none}, {a})[0] == a);
}

TEST_CASE("concatenation clamps with its activation", "[concatenation]") {
  REQUIRE(run_float(Concatenation{0, Act::relu6}, {{{3}, {-1, 2, 7}}, {{1}, {-0.5f}}})[0].values ==
          std::vector<float>{0, 2, 6, 0});
}

TEST_CASE("concatenation rejects what does not fit", "[concatenation]") {
  constexpr std::int32_t big = 2147483647;
  REQUIRE(infer_message(Concatenation{1, Act::none}, {{2, 2}, {2, 5}}) == "[2,7]");
  REQUIRE(infer_rejects(Concatenation{-1, Act::none}, {{2, 2}, {2, 5}}));
  REQUIRE(infer_rejects(Concatenation{2, Act::none}, {{2, 2}, {2, 5}}));
  REQUIRE(infer_rejects(Concatenation{0, Act::none}, {{2, 2}, {2, 5}}));
  REQUIRE(infer_rejects(Concatenation{1, Act::none}, {{2, 2}, {2, 5, 1}}));
  REQUIRE(infer_rejects(Concatenation{0, Act::none}, {Shape{}, Shape{}}));
  REQUIRE(infer_rejects(Concatenation{-2147483647 - 1, Act::none}, {{2}, {2}}));
  REQUIRE(infer_rejects(Concatenation{0, Act::none}, {{big}, {1}}));
  REQUIRE(infer_rejects(Concatenation{0, Act::none}, {{big}, {big}, {big}}));
}
