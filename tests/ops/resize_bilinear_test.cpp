#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

namespace {
// The picture [1,1,w,1] at another width.
std::vector<float> resized(std::vector<float> in, std::int32_t w, bool align, bool half) {
  const auto n = static_cast<std::int32_t>(in.size());
  return run_float(ResizeBilinear{{1, w}, align, half}, {{{1, 1, n, 1}, std::move(in)}})[0].values;
}
}  // namespace

TEST_CASE("resize_bilinear places output pixels in three ways", "[resize_bilinear]") {
  // top left corners: positions 0, 0.5, 1, 1.5 (the last has no right neighbour)
  REQUIRE(resized({0, 8}, 4, false, false) == std::vector<float>{0, 4, 8, 8});
  // corners on corners: positions 0, 1/2, 1
  REQUIRE(resized({0, 8}, 3, true, false) == std::vector<float>{0, 4, 8});
  // centres: positions -0.25, 0.25, 0.75, 1.25
  REQUIRE(resized({0, 8}, 4, false, true) == std::vector<float>{0, 2, 6, 8});
  // shrinking: positions 0, 2 and 0.5, 2.5
  REQUIRE(resized({0, 1, 2, 4}, 2, false, false) == std::vector<float>{0, 2});
  REQUIRE(resized({0, 1, 2, 4}, 2, false, true) == std::vector<float>{0.5f, 3});
  REQUIRE(resized({5, 9}, 1, true, false) == std::vector<float>{5});
}

TEST_CASE("resize_bilinear mixes rows, columns, channels and pictures apart", "[resize_bilinear]") {
  const Floats in{{2, 2, 2, 2}, {0, 100, 2, 102, 4, 104, 6, 106, 10, 20, 10, 20, 10, 20, 10, 20}};
  const auto out = run_float(ResizeBilinear{{3, 3}, true, false}, {in})[0];
  REQUIRE(out.shape == Shape{2, 3, 3, 2});
  REQUIRE(out.values == std::vector<float>{0,  100, 1,  101, 2,  102, 2,  102, 3,  103, 4,  104,
                                           4,  104, 5,  105, 6,  106, 10, 20,  10, 20,  10, 20,
                                           10, 20,  10, 20,  10, 20,  10, 20,  10, 20,  10, 20});
}

TEST_CASE("resize_bilinear rejects what does not fit", "[resize_bilinear]") {
  REQUIRE(infer_message(ResizeBilinear{{5, 6}, false, true}, {{1, 2, 3, 4}}) == "[1,5,6,4]");
  REQUIRE(infer_rejects(ResizeBilinear{{5, 6}, true, true}, {{1, 2, 3, 4}}));
  REQUIRE(infer_rejects(ResizeBilinear{{0, 6}, false, false}, {{1, 2, 3, 4}}));
  REQUIRE(infer_rejects(ResizeBilinear{{5, -2147483647 - 1}, false, false}, {{1, 2, 3, 4}}));
  REQUIRE(infer_rejects(ResizeBilinear{{5, 6}, false, false}, {{2, 3, 4}}));
}
