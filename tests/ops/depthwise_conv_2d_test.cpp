#include "catch.h"
#include "oracle/float_weighted.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("depthwise_conv_2d by hand", "[depthwise_conv_2d]") {
  DepthwiseConv2D o;
  o.pad = {0, 0, 1, 0};  // one zero column on the left
  // two channels, multiplier 2: outputs a0 a1 b0 b1
  const Floats x{{1, 1, 2, 2}, {1, 10, 2, 20}}, w{{1, 1, 2, 4}, {1, 2, 3, 4, 5, 6, 7, 8}}, b{{4}, {0, 0, 0, 1}};
  const auto y = run_float(o, {x, w, b});
  REQUIRE(y[0].shape == Shape{1, 1, 2, 4});
  REQUIRE(y[0].values == std::vector<float>{5, 6, 70, 81, 1 + 10, 2 + 12, 30 + 140, 40 + 160 + 1});
  o.act = Act::relu6;
  REQUIRE(run_float(o, {x, w, b})[0].values == std::vector<float>{5, 6, 6, 6, 6, 6, 6, 6});
}

TEST_CASE("depthwise_conv_2d equals a plain sum on random layers", "[depthwise_conv_2d]") {
  Random r(18);
  for (int i = 0; i < 60; ++i) {
    const std::int32_t ic = r.in(1, 9), multiplier = r.in(1, 3), oc = ic * multiplier;
    DepthwiseConv2D o;
    o.stride = {r.in(1, 3), r.in(1, 3)};
    o.dilation = {r.in(1, 2), r.in(1, 2)};
    o.pad = {r.in(0, 2), r.in(0, 2), r.in(0, 2), r.in(0, 2)};
    const Floats w = random_floats(r, {1, r.in(1, 3), r.in(1, 3), oc}),
                 x = random_floats(r, {r.in(1, 2), r.in(5, 9), r.in(5, 9), ic});
    const Floats y = run_float(o, {x, w})[0];
    REQUIRE(all_near(y, [&](std::int64_t j) {
      const std::int64_t c = j % oc, ox = j / oc % y.shape[2], oy = j / oc / y.shape[2] % y.shape[1],
                         n = j / oc / y.shape[2] / y.shape[1];
      double sum = 0;
      for (int ky = 0; ky < w.shape[1]; ++ky)
        for (int kx = 0; kx < w.shape[2]; ++kx)
          sum += at(w, 0, ky, kx, c) * at(x, n, oy * o.stride.h - o.pad.top + ky * o.dilation.h,
                                          ox * o.stride.w - o.pad.left + kx * o.dilation.w, c / multiplier);
      return sum;
    }));
  }
}

TEST_CASE("depthwise_conv_2d rejects what does not fit and counts its work", "[depthwise_conv_2d]") {
  const DepthwiseConv2D o;
  REQUIRE(infer_message(o, {{1, 8, 9, 4}, {1, 3, 3, 8}, {8}}) == "[1,6,7,8]");
  REQUIRE(infer_rejects(o, {{1, 8, 9, 4}, {1, 3, 3, 6}}));
  REQUIRE(infer_rejects(o, {{1, 8, 9, 4}, {2, 3, 3, 8}}));
  REQUIRE(infer_rejects(o, {{1, 8, 9, 4}, {1, 3, 3, 8}, {4}}));
  REQUIRE(infer_rejects(o, {{1, 2, 9, 4}, {1, 3, 3, 8}}));
  Tensor x, w, y;
  x.shape = {1, 8, 9, 4}, w.shape = {1, 3, 3, 8}, y.shape = {1, 6, 7, 8};
  const std::array<const Tensor*, 2> in{&x, &w};
  REQUIRE(traits(OpKind::depthwise_conv_2d).macs(o, in, y) == 6 * 7 * 8 * 9);
}
