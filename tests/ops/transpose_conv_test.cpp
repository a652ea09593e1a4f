#include "catch.h"
#include "oracle/float_weighted.h"

using namespace tinyc;
using namespace oracle;

namespace {

TransposeConv window(Pair stride, Pads pad, Act act = Act::none) {
  TransposeConv o;
  o.stride = stride;
  o.pad = pad;
  o.act = act;
  return o;
}

}  // namespace

TEST_CASE("transpose_conv by hand: overlapping windows", "[transpose_conv]") {
  const Floats x{{1, 1, 2, 1}, {1, 10}}, w{{1, 1, 3, 1}, {1, 2, 3}}, b{{1}, {100}};
  const auto y = run_float(window({1, 2}, {}), {x, w, b});
  REQUIRE(y[0].shape == Shape{1, 1, 5, 1});
  REQUIRE(y[0].values == std::vector<float>{101, 102, 113, 120, 130});
  REQUIRE(run_float(window({1, 2}, {0, 0, 1, 0}), {x, w, b})[0].values == std::vector<float>{102, 113, 120, 130});
  // a stride longer than the kernel leaves pixels that only the bias reaches, at the end too
  const Floats w1{{1, 1, 1, 1}, {1}};
  REQUIRE(run_float(window({1, 2}, {0, 0, 0, -1}), {x, w1, b})[0].values == std::vector<float>{101, 100, 110, 100});
  REQUIRE(run_float(window({1, 2}, {}, Act::relu6), {x, w})[0].values == std::vector<float>{1, 2, 6, 6, 6});
}

TEST_CASE("transpose_conv equals a plain sum on random layers", "[transpose_conv]") {
  Random r(19);
  for (int i = 0; i < 60; ++i) {
    const std::int32_t ic = r.in(1, 5), oc = r.in(1, 5);
    const Floats w = random_floats(r, {oc, r.in(2, 4), r.in(2, 4), ic}),
                 x = random_floats(r, {r.in(1, 2), r.in(2, 6), r.in(2, 6), ic});
    auto o = window({r.in(1, 3), r.in(1, 3)}, {r.in(0, 1), r.in(0, 1), r.in(0, 1), r.in(0, 1)});
    o.act = static_cast<Act>(r.in(0, 3));
    const auto [lo, hi] = bounds(o.act);
    const Floats y = run_float(o, {x, w})[0];
    REQUIRE(all_near(y, [&](std::int64_t j) {
      const std::int64_t c = j % oc, ox = j / oc % y.shape[2], oy = j / oc / y.shape[2] % y.shape[1],
                         n = j / oc / y.shape[2] / y.shape[1];
      double sum = 0;
      for (int iy = 0; iy < x.shape[1]; ++iy)
        for (int ix = 0; ix < x.shape[2]; ++ix)
          for (int k = 0; k < ic; ++k)
            sum +=
                at(x, n, iy, ix, k) * at(w, c, oy + o.pad.top - iy * o.stride.h, ox + o.pad.left - ix * o.stride.w, k);
      return std::clamp(sum, static_cast<double>(lo), static_cast<double>(hi));
    }));
  }
}

TEST_CASE("transpose_conv rejects what does not fit and counts its work", "[transpose_conv]") {
  REQUIRE(infer_message(window({2, 2}, {0, 1, 1, 0}), {{1, 4, 5, 3}, {6, 3, 3, 3}, {6}}) == "[1,8,10,6]");
  REQUIRE(infer_rejects(window({2, 2}, {}), {{1, 4, 5, 3}, {6, 3, 3, 2}}));
  REQUIRE(infer_rejects(window({2, 2}, {3, 0, 0, 0}), {{1, 4, 5, 3}, {6, 3, 3, 3}}));
  REQUIRE(infer_rejects(window({2, 2}, {0, -2, 0, 0}), {{1, 4, 5, 3}, {6, 3, 3, 3}}));
  REQUIRE(infer_rejects(window({0, 2}, {}), {{1, 4, 5, 3}, {6, 3, 3, 3}}));
  REQUIRE(infer_rejects(window({1, 1}, {2, 2, 0, 0}), {{1, 1, 1, 3}, {6, 3, 3, 3}}));
  REQUIRE(infer_rejects(window({2147483647, 1}, {}), {{1, 4, 1, 3}, {6, 3, 3, 3}}));
  Tensor x, w, y;
  x.shape = {1, 4, 5, 3}, w.shape = {6, 3, 2, 3}, y.shape = {1, 9, 10, 6};
  const std::array<const Tensor*, 2> in{&x, &w};
  REQUIRE(traits(OpKind::transpose_conv).macs(window({2, 2}, {}), in, y) == 4 * 5 * 3 * 3 * 2 * 6);
}
