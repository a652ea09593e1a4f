// Output channels that pruning emptied: their outputs stay, and the layer keeps the kernels of its instruction set.
#include "catch.h"
#include "oracle/conv_2d.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("a channel without weights is lent a scale and keeps its output") {
  Random r(3);
  for (int i = 0; i < 200; ++i) {
    WeightedCase c;
    c.op = Conv2D{};
    randomize(r, c, {1, 4, 5, 8}, {6, 1, 1, 8}, 6, 0, 8, false);
    c.coded = false;
    c.out.scale = 0.05f * static_cast<float>(r.in(1, 20));
    c.w_scale.assign(6, 0.01f);
    c.bias.emplace(6);
    for (auto& b : *c.bias) b = r.in(-20000, 20000);
    for (const int channel : {r.in(0, 5), r.in(0, 5)}) {
      for (std::size_t k = 0; k < 8; ++k) c.w.values[static_cast<std::size_t>(channel) * 8 + k] = 0;
      c.w_scale[static_cast<std::size_t>(channel)] = r.in(0, 1) ? 100.0f : 1e-12f;
    }
    CAPTURE(i);
    const Graph g = graph_of(c);
    const Program p = lower(g, {Family::dsp});
    CHECK(std::string(p.layers.at(0).kernel->symbol) == "tinyc_conv_2d_dsp");
    CHECK(p.layers[0].record.p[5] == 0);  // one scale is left
    CHECK(run_int8(g, {{c.x, c.in}}, {Family::dsp}) == conv_2d(c, g.at(g.outputs[0]).shape, false));
  }
}

TEST_CASE("a layer without any weight keeps its scales") {
  Random r(4);
  WeightedCase c;
  c.op = Conv2D{};
  randomize(r, c, {1, 2, 2, 4}, {3, 1, 1, 4}, 3, 0, 4, false);
  c.coded = false;
  std::ranges::fill(c.w.values, std::int8_t{0});
  c.w_scale = {0.01f, 100.0f, 1e-12f};
  const Graph g = graph_of(c);
  REQUIRE(run_int8(g, {{c.x, c.in}}, {Family::dsp}) == conv_2d(c, g.at(g.outputs[0]).shape, false));
}
