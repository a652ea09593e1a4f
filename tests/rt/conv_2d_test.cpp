#include "oracle/conv_2d.h"

#include "catch.h"

using namespace tinyc;
using namespace oracle;

namespace {

WeightedCase random_case(Random& r, bool offset, std::int32_t largest_channels) {
  const std::int32_t groups = r.in(0, 3) == 0 ? r.in(2, 3) : 1, ic = r.in(1, largest_channels),
                     oc = groups * r.in(1, 11);
  const std::int32_t kh = r.in(0, 2) ? r.in(1, 5) : 1, kw = r.in(0, 2) ? r.in(1, 5) : 1;
  Conv2D o;
  o.stride = {r.in(1, 3), r.in(1, 3)};
  o.dilation = {r.in(1, 2), r.in(1, 3)};
  if (r.in(0, 2)) o.pad = {r.in(0, 3), r.in(0, 3), r.in(0, 3), r.in(0, 3)};
  o.act = static_cast<Act>(r.in(0, 3));
  const Shape x{r.in(1, 2), r.in(0, 5) + (kh - 1) * o.dilation.h + 1, r.in(0, 7) + (kw - 1) * o.dilation.w + 1,
                ic * groups};
  WeightedCase c;
  c.op = o;
  randomize(r, c, x, {oc, kh, kw, ic}, oc, 0, kh * kw * ic, offset);
  return c;
}

void compare(const WeightedCase& c, bool float_product) {
  const Int8s y = run(c);
  CAPTURE(to_string(c.x.shape), to_string(c.w.shape), c.coded, c.w_scale.size(), c.w_zero_point);
  REQUIRE(y == conv_2d(c, y.shape, float_product));
}

}  // namespace

TEST_CASE("conv_2d equals its definition on random small layers", "[conv_2d]") {
  Random r(2026);
  for (int i = 0; i < 400; ++i) compare(random_case(r, false, 7), false);
}

TEST_CASE("conv_2d equals its definition when filters are decoded block by block", "[conv_2d]") {
  Random r(7);
  for (int i = 0; i < 60; ++i) {
    WeightedCase c = random_case(r, false, 60);
    c.coded = true;
    compare(c, false);
  }
}

TEST_CASE("conv_2d takes weights with a zero point", "[conv_2d]") {
  Random r(11);
  for (int i = 0; i < 150; ++i) {
    const WeightedCase c = random_case(r, true, 9);
    const Program p = lower(graph_of(c));
    REQUIRE(std::string(p.layers.at(0).kernel->symbol) == "tinyc_conv_2d_wzp");
    compare(c, true);
  }
}

TEST_CASE("conv_2d: a damaged stream is reported", "[conv_2d]") {
  Random r(5);
  WeightedCase c = random_case(r, false, 20);
  c.coded = true;
  Graph g = graph_of(c);
  Tensor& w = g.at(1);
  w.coded->stream = std::make_shared<const Bytes>(w.coded->stream->begin(), w.coded->stream->begin() + 1);
  REQUIRE_THROWS_AS(run_int8(g, {{c.x, c.in}}), Error);
}
