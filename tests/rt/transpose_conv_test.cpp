#include "oracle/transpose_conv.h"

#include "catch.h"

using namespace tinyc;
using namespace oracle;

namespace {

WeightedCase random_case(Random& r, bool offset, std::int32_t largest_channels) {
  const std::int32_t ic = r.in(1, largest_channels), oc = r.in(1, 11), kh = r.in(1, 5), kw = r.in(1, 5);
  TransposeConv o;
  o.stride = {r.in(1, 3), r.in(1, 3)};
  const Shape x{r.in(1, 2), r.in(1, 6), r.in(1, 6), ic};
  const auto pads = [&](std::int32_t in, std::int32_t k, std::int32_t stride, std::int32_t& before,
                        std::int32_t& after) {
    do {
      before = r.in(0, k - 1);
      after = r.in(1 - stride, k - 1);
    } while ((in - 1) * stride + k - before - after < 1);
  };
  pads(x[1], kh, o.stride.h, o.pad.top, o.pad.bottom);
  pads(x[2], kw, o.stride.w, o.pad.left, o.pad.right);
  o.act = static_cast<Act>(r.in(0, 3));
  WeightedCase c;
  c.op = o;
  randomize(r, c, x, {oc, kh, kw, ic}, oc, 0, kh * kw * ic, offset);
  return c;
}

void compare(const WeightedCase& c) {
  CAPTURE(to_string(c.x.shape), to_string(c.w.shape), c.coded, c.w_scale.size(), c.w_zero_point);
  const Int8s y = run(c);
  REQUIRE(y == transpose_conv(c, y.shape));
}

}  // namespace

TEST_CASE("transpose_conv equals its definition on random layers", "[transpose_conv]") {
  Random r(99);
  for (int i = 0; i < 300; ++i) compare(random_case(r, false, 7));
}

TEST_CASE("transpose_conv equals its definition when filters are decoded block by block", "[transpose_conv]") {
  Random r(98);
  for (int i = 0; i < 40; ++i) {
    WeightedCase c = random_case(r, false, 50);
    c.coded = true;
    compare(c);
  }
}

TEST_CASE("transpose_conv takes weights with a zero point", "[transpose_conv]") {
  Random r(97);
  for (int i = 0; i < 60; ++i) compare(random_case(r, true, 7));
}
