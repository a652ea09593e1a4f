#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

namespace {
// Which of n pixels in a row each of w output pixels shows.
std::vector<float> picked(std::int32_t n, std::int32_t w, bool align, bool half) {
  return run_float(ResizeNearestNeighbor{{1, w}, align, half}, {count_up({1, 1, n, 1})})[0].values;
}
}  // namespace

TEST_CASE("resize_nearest_neighbor picks pixels in four ways", "[resize_nearest_neighbor]") {
  REQUIRE(picked(2, 5, false, false) == std::vector<float>{0, 0, 0, 1, 1});  // floor(0.4 i)
  REQUIRE(picked(2, 5, true, false) == std::vector<float>{0, 0, 1, 1, 1});   // round(0.25 i)
  REQUIRE(picked(5, 2, false, true) == std::vector<float>{1, 3});            // floor(2.5 (i + 0.5))
  REQUIRE(picked(5, 2, false, false) == std::vector<float>{0, 2});           // floor(2.5 i)
  REQUIRE(picked(3, 3, true, true) == std::vector<float>{1, 2, 2});          // round(i + 0.5)
  REQUIRE(picked(4, 1, true, false) == std::vector<float>{0});
}

TEST_CASE("resize_nearest_neighbor keeps channels and pictures together", "[resize_nearest_neighbor]") {
  const auto out = run_float(ResizeNearestNeighbor{{2, 1}, false, false}, {count_up({2, 1, 1, 3})})[0];
  REQUIRE(out == Floats{{2, 2, 1, 3}, {0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5}});
}

TEST_CASE("resize_nearest_neighbor rejects what does not fit", "[resize_nearest_neighbor]") {
  REQUIRE(infer_message(ResizeNearestNeighbor{{5, 6}, true, true}, {{1, 2, 3, 4}}) == "[1,5,6,4]");
  REQUIRE(infer_rejects(ResizeNearestNeighbor{{0, 6}, false, false}, {{1, 2, 3, 4}}));
  REQUIRE(infer_rejects(ResizeNearestNeighbor{{5, -1}, false, false}, {{1, 2, 3, 4}}));
  REQUIRE(infer_rejects(ResizeNearestNeighbor{{5, 6}, false, false}, {{2, 3, 4}}));
}
