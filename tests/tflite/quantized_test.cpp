// Integer models: stages, uint8, float ends, mixtures, biases.
#include "catch.h"
#include "tflite/build.h"
#include "tinyc/error.h"
#include "tinyc/import.h"

using namespace tinyc;
using namespace tinyc::test;

namespace {

std::vector<std::int8_t> i8_of(const Tensor& t) {
  const auto v = t.as<std::int8_t>();
  return {v.begin(), v.end()};
}

struct Dense {
  std::int32_t w, b;
};
// 2x2 weights with scales 0.5 and 0.25; a bias with whatever quantization the file claims.
Dense dense_parameters(ModelBuilder& m, std::vector<float> bias_scale, std::int32_t stale_axis) {
  const auto w = m.tensor({.name = "w",
                           .type = T::INT8,
                           .shape = {2, 2},
                           .data = int8s({1, -2, 3, -4}),
                           .scale = {0.5f, 0.25f},
                           .zero = {0, 0}});
  const auto b = m.tensor({.name = "b",
                           .type = T::INT32,
                           .shape = {2},
                           .data = int32s({10, -20}),
                           .scale = std::move(bias_scale),
                           .zero = {0},
                           .axis = stale_axis});
  return {w, b};
}

}  // namespace

TEST_CASE("an int8 model stays integers; the bias scale is input times weights whatever the file says") {
  for (const auto& claimed : {std::vector<float>{}, std::vector<float>{1, 0.5f}}) {
    ModelBuilder m;
    const auto x = m.int8("x", {1, 2}, 2, -3), y = m.int8("y", {1, 2}, 4, 5);
    const auto p = dense_parameters(m, claimed, 3);
    m.op(B::FULLY_CONNECTED, {x, p.w, p.b}, {y});
    const auto i = import_tflite(m.finish({x}, {y}), "t");
    const auto& g = i.graph;
    CHECK(g.stage == Stage::Quantized);
    CHECK(g.at(g.inputs[0]).quant == Quant{{2}, {-3}, 0});
    const auto& n = g.nodes[0];
    CHECK(i8_of(g.at(n.inputs[1])) == std::vector<std::int8_t>{1, -2, 3, -4});
    CHECK(g.at(n.inputs[1]).quant == Quant{{0.5f, 0.25f}, {0, 0}, 0});
    CHECK(g.at(n.inputs[2]).dtype == DType::i32);
    CHECK(g.at(n.inputs[2]).quant == Quant{{1, 0.5f}, {0, 0}, 0});
    CHECK(i.facts.params == 6);
  }
}

TEST_CASE("a uint8 model becomes int8: bytes and zero points move by 128") {
  ModelBuilder m;
  const auto u8 = [&](const char* name, Shape s, Bytes data, std::int64_t zero) {
    return m.tensor({.name = name,
                     .type = T::UINT8,
                     .shape = std::move(s),
                     .data = std::move(data),
                     .scale = {0.5f},
                     .zero = {zero}});
  };
  const auto x = u8("x", {1, 2}, {}, 0), y = u8("y", {1, 2}, {}, 255), w = u8("w", {2, 2}, {0, 128, 255, 131}, 131);
  m.op(B::FULLY_CONNECTED, {x, w}, {y});
  const auto i = import_tflite(m.finish({x}, {y}), "t");
  const auto& g = i.graph;
  CHECK(g.stage == Stage::Quantized);
  CHECK(g.at(g.inputs[0]).quant->zero_point[0] == -128);
  CHECK(g.at(g.outputs[0]).quant->zero_point[0] == 127);
  const Tensor& weights = g.at(g.nodes[0].inputs[1]);
  CHECK(i8_of(weights) == std::vector<std::int8_t>{-128, 0, 127, 3});
  CHECK(weights.quant->zero_point[0] == 3);
  CHECK(i.facts.inputs[0].dtype == "uint8");
}

TEST_CASE("float ends around an int8 core are stripped, names and facts stay the file's") {
  ModelBuilder m;
  const auto x = m.activation("x", {1, 2}), y = m.activation("y", {1, 2});
  const auto xi = m.int8("x_int8", {1, 2}, 2, -3), yi = m.int8("y_int8", {1, 2}, 4, 5);
  const auto p = dense_parameters(m, {1, 0.5f}, 0);
  m.op(B::QUANTIZE, {x}, {xi});
  m.op(B::FULLY_CONNECTED, {xi, p.w, p.b}, {yi});
  m.op(B::DEQUANTIZE, {yi}, {y});
  const auto i = import_tflite(m.finish({x}, {y}), "t");
  const auto& g = i.graph;
  CHECK(g.stage == Stage::Quantized);
  REQUIRE(g.nodes.size() == 1);
  CHECK(g.nodes[0].source == 1);
  CHECK(g.nodes[0].inputs[0] == g.inputs[0]);
  CHECK(g.nodes[0].outputs[0] == g.outputs[0]);
  CHECK(g.at(g.inputs[0]).name == "x");
  CHECK(g.at(g.outputs[0]).name == "y");
  CHECK(g.nodes[0].name == "y");
  CHECK(i.facts.inputs[0].dtype == "float32");
}

TEST_CASE("QUANTIZE between integers: dropped when it changes nothing, kept when it does") {
  for (const std::int64_t zero : {-100, -99}) {
    ModelBuilder m;
    const auto x = m.tensor({.name = "x", .type = T::UINT8, .shape = {1, 2}, .scale = {1}, .zero = {28}});
    const auto a = m.int8("a", {1, 2}, 1, zero), y = m.int8("y", {1, 2}, 1, 0);
    m.op(B::QUANTIZE, {x}, {a});
    m.op(B::ADD, {a, a}, {y});
    const auto g = import_tflite(m.finish({x}, {y}), "t").graph;
    CHECK(g.nodes.size() == (zero == -100 ? 1 : 2));
    if (zero != -100) CHECK(kind(g.nodes[0].op) == OpKind::quantize);
  }
}

TEST_CASE("a mixture becomes float, with ranges from the integers") {
  ModelBuilder m;
  const auto x = m.activation("x", {1, 2}), xi = m.int8("xi", {1, 2}, 2, -3), yi = m.int8("yi", {1, 2}, 4, 5);
  const auto y = m.activation("y", {1, 2}), z = m.activation("z", {1, 2});
  const auto p = dense_parameters(m, {}, 0);
  m.op(B::QUANTIZE, {x}, {xi});
  m.op(B::FULLY_CONNECTED, {xi, p.w, p.b}, {yi});
  m.op(B::DEQUANTIZE, {yi}, {y});
  m.op(B::EXP, {y}, {z});
  const auto i = import_tflite(m.finish({x}, {z}), "t");
  const auto& g = i.graph;
  CHECK(g.stage == Stage::Float);
  REQUIRE(g.nodes.size() == 2);
  CHECK(i.facts.notes.size() == 1);
  const auto w = g.at(g.nodes[0].inputs[1]).as<float>(), b = g.at(g.nodes[0].inputs[2]).as<float>();
  CHECK(std::vector<float>(w.begin(), w.end()) == std::vector<float>{0.5f, -1, 0.75f, -1});
  CHECK(std::vector<float>(b.begin(), b.end()) == std::vector<float>{10, -10});
  CHECK(g.at(g.inputs[0]).range == Range{-250, 260});
  CHECK(g.at(g.nodes[0].outputs[0]).range == Range{-532, 488});
}

TEST_CASE("PAD in integers keeps the real value") {
  ModelBuilder m;
  const auto x = m.int8("x", {1, 2}, 0.5f, 3), y = m.int8("y", {1, 4}, 0.5f, 3);
  const auto amounts = m.tensor({.name = "amounts", .type = T::INT32, .shape = {2, 2}, .data = int32s({0, 0, 1, 1})});
  const auto value =
      m.tensor({.name = "value", .type = T::INT8, .shape = {}, .data = int8s({7}), .scale = {0.5f}, .zero = {3}});
  m.op(B::PADV2, {x, amounts, value}, {y});
  const auto g = import_tflite(m.finish({x}, {y}), "t").graph;
  CHECK(std::get<Pad>(g.nodes[0].op).value == 2.0f);
  CHECK(import_tflite(export_tflite(g), "again").graph == g);
}

TEST_CASE("integers without one scale are refused") {
  for (const auto& scale : {std::vector<float>{}, std::vector<float>{1, 2}}) {
    ModelBuilder m;
    const auto x = m.tensor({.name = "x", .type = T::INT8, .shape = {1, 2}, .scale = scale, .zero = {0}, .axis = 1}),
               y = m.int8("y", {1, 2}, 1, 0);
    m.op(B::RELU, {x}, {y});
    CHECK_THROWS_WITH(import_tflite(m.finish({x}, {y}), "t"), Catch::Contains("'x'"));
  }
}
