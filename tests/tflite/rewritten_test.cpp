// Operators that are imported as others: the numbers that come out.
#include <cmath>

#include "catch.h"
#include "tflite/build.h"
#include "tinyc/executor.h"
#include "tinyc/import.h"

using namespace tinyc;
using namespace tinyc::test;

namespace {

Graph load(ModelBuilder& m, const std::vector<std::int32_t>& in, const std::vector<std::int32_t>& out) {
  return import_tflite(m.finish(in, out), "test.tflite").graph;
}

// The first output for inputs 1, 2, 3, ...
std::vector<float> run(const Graph& g) {
  const FloatExecutor e(g);
  auto state = e.make_state();
  for (std::size_t k = 0; k < g.inputs.size(); ++k) {
    float v = 0;
    for (auto& x : e.input(state, k)) x = ++v;
  }
  e.run(state);
  const auto y = e.value(state, g.outputs[0]);
  return {y.begin(), y.end()};
}

std::size_t count(const Graph& g, OpKind k) {
  std::size_t n = 0;
  for (const Node& node : g.nodes) n += kind(node.op) == k;
  return n;
}

}  // namespace

TEST_CASE("division by a constant is a multiplication") {
  ModelBuilder m;
  const auto x = m.activation("x", {1, 4}), y = m.activation("y", {1, 4});
  const auto d = m.constant("d", {4}, {1, -2, 4, 0.5f});
  m.op(B::DIV, {x, d}, {y}, O::DivOptions, fb::CreateDivOptions(m.fbb, ActType::RELU));
  CHECK(run(load(m, {x}, {y})) == std::vector<float>{1, 0, 0.75f, 8});
}

TEST_CASE("other divisions are refused with the reason") {
  const auto message = [](bool constant) {
    ModelBuilder m;
    const auto x = m.activation("x", {1, 2}), y = m.activation("y", {1, 2});
    m.op(B::DIV, {x, constant ? m.constant("d", {2}, {1, 0}) : x}, {y});
    return m.finish({x}, {y});
  };
  CHECK_THROWS_WITH(import_tflite(message(true), "t"), Catch::Contains("its divisor is zero"));
  CHECK_THROWS_WITH(import_tflite(message(false), "t"), Catch::Contains("its divisor is computed at run time"));
  CHECK_THROWS_WITH(import_tflite(message(false), "t"), Catch::Contains("multiply by RSQRT"));
}

TEST_CASE("division by a square root") {
  ModelBuilder m;
  const auto x = m.activation("x", {1, 4}), r = m.activation("r", {1, 4}), y = m.activation("y", {1, 4});
  m.op(B::SQRT, {x}, {r});
  m.op(B::DIV, {x, r}, {y});
  const auto g = load(m, {x}, {y});
  CHECK(count(g, OpKind::sqrt) == 0);
  const auto v = run(g);
  for (std::size_t i = 0; i < 4; ++i) CHECK(v[i] == Approx(std::sqrt(static_cast<float>(i + 1))));
}

TEST_CASE("POW with the exponents that have operators") {
  const auto power = [](float exponent) {
    ModelBuilder m;
    const auto x = m.activation("x", {1, 4}), h = m.activation("h", {1, 4}), y = m.activation("y", {1, 4});
    m.op(B::ABS, {x}, {h});
    m.op(B::POW, {h, m.constant("p", {}, {exponent})}, {y});
    return run(load(m, {x}, {y}));
  };
  for (const float exponent : {1.0f, 2.0f, 3.0f, 0.5f, -0.5f}) {
    const auto v = power(exponent);
    for (std::size_t i = 0; i < 4; ++i) CHECK(v[i] == Approx(std::pow(static_cast<float>(i + 1), exponent)));
  }
  CHECK_THROWS_WITH(power(1.5f), Catch::Contains("its exponent is none of"));
}

TEST_CASE("LOG_SOFTMAX over the last axis") {
  ModelBuilder m;
  const auto x = m.activation("x", {2, 3}), h = m.activation("h", {2, 3}), y = m.activation("y", {2, 3});
  m.op(B::MUL, {x, m.constant("w", {3}, {1, 100, -100})}, {h});  // exp(500) alone would overflow
  m.op(B::LOG_SOFTMAX, {h}, {y});
  const auto v = run(load(m, {x}, {y}));
  const std::vector<float> expected{-199, 0, -500, -496, 0, -1100};
  for (std::size_t i = 0; i < 6; ++i) CHECK(v[i] == Approx(expected[i]).margin(1e-5));
}

TEST_CASE("REVERSE_V2 of two axes") {
  ModelBuilder m;
  const auto x = m.activation("x", {2, 2, 2}), y = m.activation("y", {2, 2, 2});
  m.op(B::REVERSE_V2, {x, m.ints("axes", {0, -1})}, {y});
  CHECK(run(load(m, {x}, {y})) == std::vector<float>{6, 5, 8, 7, 2, 1, 4, 3});
}

TEST_CASE("ADD_N is a chain of additions") {
  ModelBuilder m;
  const auto a = m.activation("a", {1, 3}), b = m.activation("b", {1, 3}), y = m.activation("y", {1, 3});
  m.op(B::ADD_N, {a, b, a, b}, {y});
  const auto g = load(m, {a, b}, {y});
  CHECK(count(g, OpKind::add) == 3);
  CHECK(run(g) == std::vector<float>{4, 8, 12});
}

TEST_CASE("RELU_0_TO_1 clamps at both ends") {
  ModelBuilder m;
  const auto x = m.activation("x", {1, 3}), h = m.activation("h", {1, 3}), y = m.activation("y", {1, 3});
  const auto w = m.constant("w", {3}, {-1, 0.25f, 1});
  m.op(B::MUL, {x, w}, {h});
  m.op(B::RELU_0_TO_1, {h}, {y});
  CHECK(run(load(m, {x}, {y})) == std::vector<float>{0, 0.5f, 1});
}

TEST_CASE("L2_POOL_2D is the root of the mean of squares") {
  ModelBuilder m;
  const auto x = m.activation("x", {1, 1, 4, 1}), y = m.activation("y", {1, 1, 2, 1});
  m.op(B::L2_POOL_2D, {x}, {y}, O::Pool2DOptions, fb::CreatePool2DOptions(m.fbb, fb::Padding::VALID, 2, 1, 2, 1));
  CHECK(run(load(m, {x}, {y})) == std::vector<float>{std::sqrt(2.5f), std::sqrt(12.5f)});
}

TEST_CASE("TILE repeats along every axis") {
  ModelBuilder m;
  const auto x = m.activation("x", {2, 2}), y = m.activation("y", {4, 6});
  m.op(B::TILE, {x, m.ints("times", {2, 3})}, {y});
  CHECK(run(load(m, {x}, {y})) ==
        std::vector<float>{1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4, 1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4});
}

TEST_CASE("BROADCAST_TO repeats where the length was 1, and in front") {
  ModelBuilder m;
  const auto x = m.activation("x", {2, 1}), y = m.activation("y", {2, 2, 3});
  m.op(B::BROADCAST_TO, {x, m.ints("to", {2, 2, 3})}, {y});
  CHECK(run(load(m, {x}, {y})) == std::vector<float>{1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2});
}

TEST_CASE("SPACE_TO_BATCH_ND and back") {
  ModelBuilder m;
  const auto x = m.activation("x", {1, 3, 4, 1}), h = m.activation("h", {4, 2, 2, 1}),
             y = m.activation("y", {1, 3, 3, 1});
  const auto block = m.ints("block", {2, 2});
  const auto pads = m.tensor({.name = "p", .type = T::INT32, .shape = {2, 2}, .data = int32s({1, 0, 0, 0})});
  const auto crops = m.tensor({.name = "c", .type = T::INT32, .shape = {2, 2}, .data = int32s({1, 0, 1, 0})});
  m.op(B::SPACE_TO_BATCH_ND, {x, block, pads}, {h});
  m.op(B::BATCH_TO_SPACE_ND, {h, block, crops}, {y});
  const auto file = m.finish({x}, {h, y});
  const auto g = import_tflite(file, "t").graph;
  CHECK(run(g) == std::vector<float>{0, 0, 5, 7, 0, 0, 6, 8, 1, 3, 9, 11, 2, 4, 10, 12});
  Graph back = g;
  std::swap(back.outputs[0], back.outputs[1]);
  CHECK(run(back) == std::vector<float>{2, 3, 4, 6, 7, 8, 10, 11, 12});
}

TEST_CASE("a convolution between them is a dilated one") {
  const bool depthwise = GENERATE(false, true), same = GENERATE(false, true);
  const auto convolve = [&](ModelBuilder& m, std::int32_t x, std::int32_t y, std::int32_t dilation) {
    const auto w = m.constant("w", {1, 3, 3, 1}, {1, -2, 3, 4, -5, 6, 7, 8, -9});
    const auto padding = same ? fb::Padding::SAME : fb::Padding::VALID;
    if (depthwise)
      m.op(B::DEPTHWISE_CONV_2D, {x, w}, {y}, O::DepthwiseConv2DOptions,
           fb::CreateDepthwiseConv2DOptions(m.fbb, padding, 1, 1, 1, ActType::NONE, dilation, dilation));
    else
      m.op(B::CONV_2D, {x, w}, {y}, O::Conv2DOptions,
           fb::CreateConv2DOptions(m.fbb, padding, 1, 1, ActType::NONE, dilation, dilation));
  };
  const std::int32_t inner = same ? 4 : 2, outer = same ? 7 : 3;
  ModelBuilder grid;
  const auto x = grid.activation("x", {1, 7, 7, 1}), a = grid.activation("a", {4, 4, 4, 1}),
             b = grid.activation("b", {4, inner, inner, 1}), y = grid.activation("y", {1, outer, outer, 1});
  const auto block = grid.ints("block", {2, 2});
  const auto borders = grid.tensor({.name = "p", .type = T::INT32, .shape = {2, 2}, .data = int32s({0, 1, 0, 1})});
  grid.op(B::SPACE_TO_BATCH_ND, {x, block, borders}, {a});
  convolve(grid, a, b, 1);
  grid.op(B::BATCH_TO_SPACE_ND, {b, block, borders}, {y});
  const auto g = load(grid, {x}, {y});
  CHECK(g.nodes.size() == 1);
  ModelBuilder direct;
  const auto dx = direct.activation("x", {1, 7, 7, 1}), dy = direct.activation("y", {1, outer, outer, 1});
  convolve(direct, dx, dy, 2);
  const auto d = load(direct, {dx}, {dy});
  CHECK(g.nodes[0].op == d.nodes[0].op);
  CHECK(run(g) == run(d));
}

TEST_CASE("a dilated convolution over time, with the extra dimension that converters insert") {
  const bool height = GENERATE(false, true);  // of length 1: before or behind time
  ModelBuilder m;
  const auto x = m.activation("x", {1, 6, 2}), a = m.activation("a", {3, 4, 2}), y = m.activation("y", {1, 6, 1});
  const auto b = m.activation("b", height ? Shape{3, 1, 4, 2} : Shape{3, 4, 1, 2});
  const auto c = m.activation("c", height ? Shape{3, 1, 2, 1} : Shape{3, 2, 1, 1}), e = m.activation("e", {3, 2, 1});
  const auto block = m.ints("block", {3});
  const auto pads = m.tensor({.name = "p", .type = T::INT32, .shape = {1, 2}, .data = int32s({6, 0})});
  const auto crops = m.tensor({.name = "c", .type = T::INT32, .shape = {1, 2}, .data = int32s({0, 0})});
  const auto w = m.constant("w", height ? Shape{1, 1, 3, 2} : Shape{1, 3, 1, 2}, {1, 2, 3, 4, 5, 6});
  m.op(B::SPACE_TO_BATCH_ND, {x, block, pads}, {a});
  m.op(B::EXPAND_DIMS, {a, m.int_scalar("axis", height ? 1 : 2)}, {b});
  m.op(B::CONV_2D, {b, w}, {c}, O::Conv2DOptions, fb::CreateConv2DOptions(m.fbb, fb::Padding::VALID, 1, 1));
  m.op(B::RESHAPE, {c, m.ints("to", {3, 2, 1})}, {e});
  m.op(B::BATCH_TO_SPACE_ND, {e, block, crops}, {y});
  const auto g = load(m, {x}, {y});
  CHECK(count(g, OpKind::transpose) == 0);
  CHECK(count(g, OpKind::conv_2d) == 1);
  // causal: taps at t - 6, t - 3, t
  std::vector<float> expected;
  for (int t = 0; t < 6; ++t) {
    float sum = 0;
    for (int tap = 0; tap < 3; ++tap)
      if (const int at = t - 6 + 3 * tap; at >= 0)
        for (int ch = 0; ch < 2; ++ch) sum += static_cast<float>((2 * tap + ch + 1) * (2 * at + ch + 1));
    expected.push_back(sum);
  }
  CHECK(run(g) == expected);
}

TEST_CASE("an activation between convolution and BATCH_TO_SPACE_ND keeps the long form") {
  ModelBuilder m;
  const auto x = m.activation("x", {1, 4, 4, 1}), a = m.activation("a", {4, 2, 2, 1});
  const auto b = m.activation("b", {4, 2, 2, 1}), n = m.activation("n", {4, 2, 2, 1});
  const auto y = m.activation("y", {1, 4, 4, 1});
  const auto block = m.ints("block", {2, 2});
  const auto none = m.tensor({.name = "p", .type = T::INT32, .shape = {2, 2}, .data = int32s({0, 0, 0, 0})});
  m.op(B::SPACE_TO_BATCH_ND, {x, block, none}, {a});
  m.op(B::CONV_2D, {a, m.constant("w", {1, 1, 1, 1}, {2})}, {b}, O::Conv2DOptions,
       fb::CreateConv2DOptions(m.fbb, fb::Padding::VALID, 1, 1));
  m.op(B::NEG, {b}, {n});
  m.op(B::BATCH_TO_SPACE_ND, {n, block, none}, {y});
  std::vector<float> expected(16);
  for (std::size_t i = 0; i < 16; ++i) expected[i] = -2 * static_cast<float>(i + 1);
  CHECK(run(load(m, {x}, {y})) == expected);
}
