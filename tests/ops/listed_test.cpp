// When a layer becomes a list of its nonzero weights. What lists compute is tested by tests/mcu/layers_test.cpp, beside
// all other kernels.
#include "catch.h"
#include "oracle/weighted_oracle.h"

using namespace tinyc;
using namespace oracle;

namespace {

/// A convolution on 16x16 pixels, 16 to 16 channels; one of `rarity` blocks of four channels is not zero.
Graph conv(int rarity, bool coded = false) {
  Random r(9);
  WeightedCase c;
  Conv2D o;
  o.pad = {1, 1, 1, 1};
  c.op = o;
  c.x = r.int8s({1, 16, 16, 16});
  c.w = r.int8s({16, 3, 3, 16});
  for (std::size_t i = 0; i < c.w.values.size(); i += 4)
    if (r.in(1, rarity) > 1) std::fill_n(c.w.values.begin() + static_cast<std::ptrdiff_t>(i), 4, std::int8_t{0});
  c.in = {0.5f, -3};
  c.out = {40.0f, 5};
  c.coded = coded;
  return graph_of(c);
}

std::string symbol(const Graph& g, const LowerOptions& options) {
  return lower(g, options).layers.at(0).kernel->symbol;
}

}  // namespace

TEST_CASE("a list is taken where it is faster and not much larger") {
  const LowerOptions fast{Family::dsp, true};
  REQUIRE(symbol(conv(5), fast) == "tinyc_conv_2d_list_dsp");
  REQUIRE(symbol(conv(2), fast) == "tinyc_conv_2d_list_dsp");
  REQUIRE(symbol(conv(1), fast) == "tinyc_conv_2d_dsp");  // three times the bytes
  REQUIRE(symbol(conv(5), {Family::portable, true}) == "tinyc_conv_2d_list");
  REQUIRE(symbol(conv(5), {Family::mve, true}) == "tinyc_conv_2d_mve");  // vectors are faster
}

TEST_CASE("without --optimize speed a list may cost no flash and no RAM") {
  const Graph raw = conv(12), coded = conv(12, true);
  const Program p = lower(raw, {Family::dsp}), q = lower(coded, {Family::dsp});
  REQUIRE(std::string(q.layers.at(0).kernel->symbol) == "tinyc_conv_2d_dsp");
  const auto stored = [](const Program& x) { return flash_bytes(x).weights; };
  if (p.layers.at(0).kernel->list) CHECK(stored(p) <= 2304);
  CHECK(p.arena_bytes <= q.arena_bytes);
}

TEST_CASE("a list of another layout or for another kernel is refused when a program is read") {
  const Program good = lower(conv(5), {Family::dsp, true});
  REQUIRE_NOTHROW(verify(good));
  Program p = good;
  p.blobs[static_cast<std::size_t>(p.layers[0].weights)].bytes[4] ^= 1;  // an offset
  REQUIRE_THROWS_AS(verify(p), Error);
  p = good;
  p.layers[0].kernel = find_kernel("tinyc_conv_2d");
  REQUIRE_THROWS_AS(verify(p), Error);
  p = good;
  p.layers[0].scratch_bytes = 100;
  REQUIRE_THROWS_AS(verify(p), Error);
  p = lower(conv(1), {Family::dsp, true});
  p.layers[0].kernel = find_kernel("tinyc_conv_2d_list");
  REQUIRE_THROWS_AS(verify(p), Error);
}
