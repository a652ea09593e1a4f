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

TEST_CASE("conv_2d decodes equal blocks of a multiple of four filters within its budget", "[conv_2d]") {
  Random r(6);
  WeightedCase c;
  c.op = Conv2D{};
  randomize(r, c, {1, 4, 4, 16}, {16, 3, 3, 16}, 16, 0, 144, false);
  c.coded = true;
  // 16 filters of 144 bytes do not fit in 2048 bytes: two blocks of 8, and a patch
  const Program p = lower(graph_of(c));
  REQUIRE(p.layers.at(0).record.block == 8);
  REQUIRE(p.layers.at(0).scratch_bytes == 9 * 144);
  c.coded = false;
  const Program raw = lower(graph_of(c));
  REQUIRE(raw.layers.at(0).record.block == 16);
  REQUIRE(raw.layers.at(0).scratch_bytes == 144);
}

TEST_CASE("conv_2d decodes a whole late layer into what the arena has free", "[conv_2d]") {
  // a wide layer needs 4 KiB of activations, its output over its input; one behind it has 4 KiB of weights and 272
  // bytes of activations
  Graph g;
  g.stage = Stage::Coded;
  const auto activation = [&](const char* name, Shape s) {
    Tensor t;
    t.name = name;
    t.dtype = DType::i8;
    t.shape = std::move(s);
    t.quant = Quant{{0.5f}, {0}, 0};
    return g.add(std::move(t));
  };
  const auto weights = [&](const char* name, Shape s) {
    std::vector<std::int8_t> v(static_cast<std::size_t>(num_elements(s)));
    for (std::size_t i = 0; i < v.size(); ++i) v[i] = static_cast<std::int8_t>(i % 3);
    const std::span<const std::int8_t> values = v;
    const CodeTable table = build_table({&values, 1});
    g.code_tables.push_back(std::make_shared<const Bytes>(table.bytes));
    Tensor t = make_const(name, DType::i8, s, Bytes(v.begin(), v.end()));
    t.quant = Quant{{0.5f}, {0}, 0};
    t.coded = Coded{std::make_shared<const Bytes>(encode(table, values)),
                    static_cast<std::int32_t>(g.code_tables.size() - 1)};
    return g.add(std::move(t));
  };
  Conv2D far;
  far.stride = {16, 16};
  const TensorId x = activation("x", {1, 16, 16, 16}), a = activation("a", {1, 16, 16, 16}),
                 b = activation("b", {1, 1, 1, 16}), y = activation("y", {1, 1, 1, 256});
  g.inputs = {x};
  g.outputs = {y};
  g.nodes = {Node{Conv2D{}, {x, weights("wa", {16, 1, 1, 16})}, {a}, "a"},
             Node{far, {a, weights("wb", {16, 1, 1, 16})}, {b}, "b"},
             Node{Conv2D{}, {b, weights("wy", {256, 1, 1, 16})}, {y}, "y"}};
  verify(g);
  const Program p = lower(g);
  REQUIRE(p.layers.at(2).record.block == 256);
  REQUIRE(p.arena_bytes == 4096 + 272);
}
