#include "oracle/depthwise_conv_2d.h"

#include "catch.h"

using namespace tinyc;
using namespace oracle;

namespace {

WeightedCase random_case(Random& r, bool offset) {
  const std::int32_t ic = r.in(1, 19), multiplier = r.in(0, 1) ? 1 : r.in(2, 9), kh = r.in(1, 5), kw = r.in(1, 5);
  DepthwiseConv2D o;
  o.stride = {r.in(1, 3), r.in(1, 3)};
  o.dilation = {r.in(1, 2), r.in(1, 3)};
  if (r.in(0, 2)) o.pad = {r.in(0, 3), r.in(0, 3), r.in(0, 3), r.in(0, 3)};
  o.act = static_cast<Act>(r.in(0, 3));
  const Shape x{r.in(1, 2), r.in(0, 5) + (kh - 1) * o.dilation.h + 1, r.in(0, 7) + (kw - 1) * o.dilation.w + 1, ic};
  WeightedCase c;
  c.op = o;
  randomize(r, c, x, {1, kh, kw, ic * multiplier}, ic * multiplier, 3, kh * kw, offset);
  return c;
}

}  // namespace

TEST_CASE("depthwise_conv_2d equals its definition on random layers", "[depthwise_conv_2d]") {
  Random r(42);
  for (int i = 0; i < 400; ++i) {
    const WeightedCase c = random_case(r, false);
    CAPTURE(i, to_string(c.x.shape), to_string(c.w.shape), c.coded, c.w_scale.size());
    const Int8s y = run(c);
    REQUIRE(y == depthwise_conv_2d(c, y.shape, false));
  }
}

TEST_CASE("depthwise_conv_2d takes weights with a zero point", "[depthwise_conv_2d]") {
  Random r(43);
  for (int i = 0; i < 150; ++i) {
    const WeightedCase c = random_case(r, true);
    REQUIRE(std::string(lower(graph_of(c)).layers.at(0).kernel->symbol) == "tinyc_depthwise_conv_2d_wzp");
    const Int8s y = run(c);
    REQUIRE(y == depthwise_conv_2d(c, y.shape, true));
  }
}
