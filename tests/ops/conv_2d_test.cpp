#include "catch.h"
#include "oracle/float_weighted.h"

using namespace tinyc;
using namespace oracle;

namespace {

Conv2D window(Pair stride, Pair dilation, Pads pad, Act act = Act::none) {
  Conv2D o;
  o.stride = stride;
  o.dilation = dilation;
  o.pad = pad;
  o.act = act;
  return o;
}

}  // namespace

TEST_CASE("conv_2d by hand: two filters, bias, padding on two sides, ReLU", "[conv_2d]") {
  // picture 1 2 / 3 4 with a zero row below and a zero column on the right
  const Floats x{{1, 2, 2, 1}, {1, 2, 3, 4}}, w{{2, 2, 2, 1}, {1, 0, 0, 1, 0, -1, 1, 0}}, b{{2}, {10, -1}};
  const auto y = run_float(window({1, 1}, {1, 1}, {0, 1, 0, 1}, Act::relu), {x, w, b});
  REQUIRE(y[0].shape == Shape{1, 2, 2, 2});
  REQUIRE(y[0].values == std::vector<float>{15, 0, 12, 3, 13, 0, 14, 0});
}

TEST_CASE("conv_2d by hand: groups, no bias, ReLU6", "[conv_2d]") {
  const Floats x{{1, 1, 2, 2}, {1, 10, 2, 20}}, w{{2, 1, 1, 1}, {3, -1}};
  REQUIRE(run_float(window({1, 1}, {1, 1}, {}), {x, w})[0].values == std::vector<float>{3, -10, 6, -20});
  REQUIRE(run_float(window({1, 2}, {1, 1}, {}, Act::relu6), {x, w})[0].values == std::vector<float>{3, 0});
}

TEST_CASE("conv_2d equals a plain sum on random layers", "[conv_2d]") {
  Random r(17);
  for (int i = 0; i < 60; ++i) {
    const std::int32_t groups = r.in(1, 3), oc = groups * r.in(1, 5);
    const auto o =
        window({r.in(1, 3), r.in(1, 3)}, {r.in(1, 2), r.in(1, 2)}, {r.in(0, 2), r.in(0, 2), r.in(0, 2), r.in(0, 2)});
    const Floats w = random_floats(r, {oc, r.in(1, 3), r.in(1, 3), r.in(1, 5)}), b = random_floats(r, {oc});
    // large ones take several slices of patches
    const Floats x =
        random_floats(r, {r.in(1, 2), r.in(5, i % 10 ? 9 : 60), r.in(5, i % 10 ? 9 : 60), groups * w.shape[3]});
    const Floats y = run_float(o, {x, w, b})[0];
    REQUIRE(all_near(y, [&](std::int64_t j) {
      const std::int64_t c = j % oc, ox = j / oc % y.shape[2], oy = j / oc / y.shape[2] % y.shape[1],
                         n = j / oc / y.shape[2] / y.shape[1];
      double sum = static_cast<double>(b.values[static_cast<std::size_t>(c)]);
      for (int ky = 0; ky < w.shape[1]; ++ky)
        for (int kx = 0; kx < w.shape[2]; ++kx)
          for (int ic = 0; ic < w.shape[3]; ++ic)
            sum += at(w, c, ky, kx, ic) * at(x, n, oy * o.stride.h - o.pad.top + ky * o.dilation.h,
                                             ox * o.stride.w - o.pad.left + kx * o.dilation.w,
                                             c / (oc / groups) * w.shape[3] + ic);
      return sum;
    }));
  }
}

TEST_CASE("conv_2d rejects what does not fit and counts its work", "[conv_2d]") {
  const Conv2D o = window({2, 2}, {1, 1}, {});
  REQUIRE(infer_message(o, {{1, 8, 9, 4}, {6, 3, 3, 2}, {6}}) == "[1,3,4,6]");
  REQUIRE(infer_rejects(o, {{1, 8, 9, 4}, {6, 3, 3, 3}}));       // channels
  REQUIRE(infer_rejects(o, {{1, 8, 9, 4}, {5, 3, 3, 2}}));       // filters do not divide into two groups
  REQUIRE(infer_rejects(o, {{1, 8, 9, 4}, {6, 9, 3, 4}}));       // window larger than the picture
  REQUIRE(infer_rejects(o, {{8, 9, 4}, {6, 3, 3, 4}}));          // rank
  REQUIRE(infer_rejects(o, {{1, 8, 9, 4}, {6, 3, 3, 4}, {5}}));  // bias
  REQUIRE(infer_rejects(window({0, 1}, {1, 1}, {}), {{1, 8, 9, 4}, {6, 3, 3, 4}}));
  Tensor x, w, y;
  x.shape = {1, 8, 9, 4}, w.shape = {6, 3, 3, 2}, y.shape = {1, 3, 4, 6};
  const std::array<const Tensor*, 2> in{&x, &w};
  REQUIRE(traits(OpKind::conv_2d).macs(o, in, y) == 3 * 4 * 6 * 18);
}
