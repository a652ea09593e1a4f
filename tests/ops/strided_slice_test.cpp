#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("strided_slice takes a box, every second element, or runs backwards", "[strided_slice]") {
  const Floats in = count_up({3, 4});
  REQUIRE(run_float(StridedSlice{{1, 1}, {2, 2}, {1, 1}}, {in})[0] == Floats{{2, 2}, {5, 6, 9, 10}});
  REQUIRE(run_float(StridedSlice{{0, 1}, {2, 2}, {2, 2}}, {in})[0] == Floats{{2, 2}, {1, 3, 9, 11}});
  REQUIRE(run_float(StridedSlice{{2, 3}, {3, 2}, {-1, -3}}, {in})[0] == Floats{{3, 2}, {11, 8, 7, 4, 3, 0}});
  REQUIRE(run_float(StridedSlice{{0, 0}, {3, 4}, {1, 1}}, {in})[0] == in);
}

TEST_CASE("the stride of a single element does not matter", "[strided_slice]") {
  constexpr std::int32_t big = 2147483647;
  REQUIRE(run_float(StridedSlice{{1, 2}, {1, 1}, {big, -big - 1}}, {count_up({3, 4})})[0] == Floats{{1, 1}, {6}});
}

TEST_CASE("strided_slice rejects what leaves its input", "[strided_slice]") {
  constexpr std::int32_t big = 2147483647;
  REQUIRE(infer_message(StridedSlice{{2}, {3}, {-1}}, {{3}}) == "[3]");
  REQUIRE(infer_rejects(StridedSlice{{1}, {3}, {1}}, {{3}}));
  REQUIRE(infer_rejects(StridedSlice{{1}, {3}, {-1}}, {{3}}));
  REQUIRE(infer_rejects(StridedSlice{{-1}, {1}, {1}}, {{3}}));
  REQUIRE(infer_rejects(StridedSlice{{3}, {1}, {1}}, {{3}}));
  REQUIRE(infer_rejects(StridedSlice{{0}, {2}, {0}}, {{3}}));
  REQUIRE(infer_rejects(StridedSlice{{0}, {0}, {1}}, {{3}}));
  REQUIRE(infer_rejects(StridedSlice{{0}, {-1}, {1}}, {{3}}));
  REQUIRE(infer_rejects(StridedSlice{{0}, {big}, {big}}, {{3}}));
  REQUIRE(infer_rejects(StridedSlice{{0}, {big}, {-big - 1}}, {{3}}));
  REQUIRE(infer_rejects(StridedSlice{{big}, {-big - 1}, {-big - 1}}, {{3}}));
  REQUIRE(infer_rejects(StridedSlice{{0}, {1, 1}, {1}}, {{3}}));
  REQUIRE(infer_rejects(StridedSlice{{}, {}, {}}, {{3}}));
  REQUIRE(infer_rejects(StridedSlice{Ints(7, 0), Ints(7, 1), Ints(7, 1)}, {Shape(7, 1)}));
}
