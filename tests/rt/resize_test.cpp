// The resize kernels, bit for bit against naive references.
#include "catch.h"
#include "oracle/resize_oracle.h"

using namespace tinyc;
using namespace oracle;

namespace {
constexpr Scale kQ{0.25f, 7};

OpData bilinear(const Resize& r) { return ResizeBilinear{{r.h, r.w}, r.align, r.half}; }
OpData nearest(const Resize& r) { return ResizeNearestNeighbor{{r.h, r.w}, r.align, r.half}; }
}  // namespace

TEST_CASE("int8 resize_bilinear equals its reference", "[resize_bilinear]") {
  Random r(11);
  for (int round = 0; round < 150; ++round) {
    const Int8s in = r.int8s({r.in(1, 2), r.in(1, 9), r.in(1, 9), r.in(1, 4)});
    const auto mode = r.in(0, 2);
    const Resize size{r.in(1, 20), r.in(1, 20), mode == 1, mode == 2};
    CAPTURE(round, to_string(in.shape), size.h, size.w, mode);
    REQUIRE(run_int8(bilinear(size), {{in, kQ}}, kQ) == resize_bilinear(in, size));
  }
}

TEST_CASE("int8 resize_bilinear survives factors its ten fraction bits cannot hold", "[resize_bilinear]") {
  Random r(12);
  for (const std::int32_t width : {1, 2, 3, 7})
    for (const std::int32_t out : {1000, 4095, 32767})
      for (int mode = 0; mode < 3; ++mode) {
        const Int8s in = r.int8s({1, 1, width, 1});
        const Resize size{1, out, mode == 1, mode == 2};
        CAPTURE(width, out, mode);
        REQUIRE(run_int8(bilinear(size), {{in, kQ}}, kQ) == resize_bilinear(in, size));
      }
  const Int8s wide = r.int8s({1, 1, 32767, 1});
  REQUIRE(run_int8(bilinear({1, 3, false, true}), {{wide, kQ}}, kQ) == resize_bilinear(wide, {1, 3, false, true}));
}

TEST_CASE("int8 resize_bilinear rounds half away from zero", "[resize_bilinear]") {
  const auto middle = [](std::int8_t a, std::int8_t b) {
    return int{run_int8(ResizeBilinear{{1, 3}, true, false}, {{{{1, 1, 2, 1}, {a, b}}, kQ}}, kQ).values[1]};
  };
  REQUIRE(middle(1, 2) == 2);
  REQUIRE(middle(-1, -2) == -2);
  REQUIRE(middle(-1, 2) == 1);
  REQUIRE(middle(-2, 1) == -1);
  REQUIRE(middle(127, 127) == 127);
  REQUIRE(middle(-128, -128) == -128);
}

TEST_CASE("int8 resize_nearest_neighbor equals its reference", "[resize_nearest_neighbor]") {
  Random r(13);
  for (int round = 0; round < 200; ++round) {
    const Int8s in = r.int8s({r.in(1, 2), r.in(1, 9), r.in(1, 40), r.in(1, 4)});
    const Resize size{r.in(1, 20), r.in(1, 60), r.in(0, 1) == 1, r.in(0, 1) == 1};
    CAPTURE(round, to_string(in.shape), size.h, size.w, size.align, size.half);
    REQUIRE(run_int8(nearest(size), {{in, kQ}}, kQ) == resize_nearest(in, size));
  }
}

TEST_CASE("resize_nearest_neighbor falls back to a table where single precision decides", "[resize_nearest_neighbor]") {
  Random r(14);
  int tables = 0, formulas = 0;
  for (std::int32_t in_w = 1; in_w < 60; ++in_w)
    for (std::int32_t out_w = 1; out_w < 60; ++out_w) {
      const auto mode = r.in(0, 3);
      const Int8s in = r.int8s({1, 1, in_w, 1});
      const Resize size{1, out_w, mode % 2 == 1, mode / 2 == 1};
      const Graph g = int8_graph(nearest(size), {{in, kQ}}, kQ);
      (lower(g).layers[0].table >= 0 ? tables : formulas) += 1;
      CAPTURE(in_w, out_w, mode);
      REQUIRE(run_int8(g, {{in, kQ}}) == resize_nearest(in, size));
    }
  REQUIRE(tables > 0);
  REQUIRE(formulas > 10 * tables);
}

TEST_CASE("resize needs one quantization, an activation and sizes of 15 bits",
          "[resize_bilinear][resize_nearest_neighbor]") {
  const Int8In x{{{1, 1, 2, 1}, {1, 2}}, kQ};
  Int8In constant = x;
  constant.constant = true;
  for (const auto& op : {bilinear({2, 2, false, false}), nearest({2, 2, false, false})}) {
    REQUIRE(lower_rejects(op, {x}, {0.25f, 8}));
    REQUIRE(lower_rejects(op, {x}, {0.5f, 7}));
    REQUIRE(lower_rejects(op, {constant}, kQ));
  }
  REQUIRE(lower_rejects(bilinear({32768, 1, false, false}), {x}, kQ));
  REQUIRE(lower_rejects(nearest({1, 32768, false, false}), {x}, kQ));
}

TEST_CASE("resize equals recorded outputs of the TFLite reference kernels",
          "[resize_bilinear][resize_nearest_neighbor]") {
  const auto ramp = [](Shape shape) {
    Int8s a{std::move(shape), {}};
    for (std::int64_t i = 0; i < num_elements(a.shape); ++i)
      a.values.push_back(static_cast<std::int8_t>((i * 73 + 11) % 256 - 128));
    return a;
  };
  using V = std::vector<std::int8_t>;
  const auto linear = [&](bool align, bool half) {
    return run_int8(bilinear({4, 3, align, half}), {{ramp({1, 3, 4, 2}), kQ}}, kQ).values;
  };
  REQUIRE(linear(false, false) == V{-117, -44, -8, 65,  16,  -81, -63, 10,  46,  -9,  -58, -27,
                                    -9,   64,  15, -40, -46, -16, 27,  100, -34, -47, -10, -23});
  REQUIRE(linear(true, false) == V{-117, -44, -26, 47,  65,  -118, -69, 4,   22,  10,  -58, -70,
                                   -21,  52,  27,  -28, -95, -22,  27,  100, -10, -65, -47, 26});
  REQUIRE(linear(false, true) == V{-93, -20, -26, 47,  40,  -100, -48, -1, 19,  12,  -48, -55,
                                   -10, 37,  25,  -30, -74, -17,  9,   82, -10, -65, -29, 1});
  const auto pick = [&](bool align, bool half) {
    return run_int8(nearest({2, 9, align, half}), {{ramp({1, 3, 7, 1}), kQ}}, kQ).values;
  };
  REQUIRE(pick(false, false) ==
          V{-117, -117, -44, 29, 102, 102, -81, -8, 65, -118, -118, -45, 28, 101, 101, -82, -9, 64});
  REQUIRE(pick(true, false) == V{-117, -44, 29, 29, 102, -81, -8, -8, 65, -119, -46, 27, 27, 100, -83, -10, -10, 63});
  REQUIRE(pick(false, true) == V{-117, -44, -44, 29, 102, -81, -8, -8, 65, -119, -46, -46, 27, 100, -83, -10, -10, 63});
  REQUIRE(pick(true, true) == V{-118, -45, 28, 101, 101, -82, -9, 64, 64, -119, -46, 27, 100, 100, -83, -10, 63, 63});
}
