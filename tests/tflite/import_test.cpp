// Facts of the format, each on a small model made in memory.
#include "tinyc/import.h"

#include <limits>
#include <set>

#include "catch.h"
#include "tflite/build.h"
#include "tinyc/error.h"

using namespace tinyc;
using namespace tinyc::test;

namespace {

Import load(const Bytes& file) { return import_tflite(file, "test.tflite"); }

ErrorKind kind_of(const Bytes& file, std::string* text = nullptr) {
  try {
    load(file);
  } catch (const Error& e) {
    if (text) *text = e.what();
    return e.kind();
  }
  return ErrorKind::internal;
}

std::vector<float> values_of(const Tensor& t) {
  const auto v = t.as<float>();
  return {v.begin(), v.end()};
}

template <class Op>
const Op& op_of(const Graph& g, std::size_t node = 0) {
  return std::get<Op>(g.nodes.at(node).op);
}

const Tensor& input_of(const Graph& g, std::size_t node, std::size_t k) { return g.at(g.nodes.at(node).inputs.at(k)); }

void relu(ModelBuilder& m, std::int32_t in, std::int32_t out) { m.op(B::RELU, {in}, {out}); }

// x [1,4] times a 2x4 weight given as `w`.
Bytes dense_model(TensorSpec w, bool old_codes = false) {
  ModelBuilder m;
  m.old_codes = old_codes;
  const auto x = m.activation("x", {1, 4}), y = m.activation("y", {1, 2});
  const auto wt = m.tensor(std::move(w));
  m.op(B::FULLY_CONNECTED, {x, wt, -1}, {y}, O::FullyConnectedOptions,
       fb::CreateFullyConnectedOptions(m.fbb, ActType::RELU));
  return m.finish({x}, {y});
}

const std::vector<float> kEight = {1, -2, 3, 0.5f, 0, 8, -1, 2};

}  // namespace

TEST_CASE("a dense layer: options, absent bias, names, facts") {
  const auto file = dense_model({.name = "w", .shape = {2, 4}, .data = floats(kEight)});
  const auto m = load(file);
  CHECK(m.graph.stage == Stage::Float);
  REQUIRE(m.graph.nodes.size() == 1);
  CHECK(op_of<FullyConnected>(m.graph) == FullyConnected{false, Act::relu});
  CHECK(m.graph.nodes[0].name == "y");
  CHECK(m.graph.nodes[0].source == 0);
  CHECK(m.graph.nodes[0].inputs[2] == kNoTensor);
  CHECK(values_of(input_of(m.graph, 0, 1)) == kEight);
  CHECK(m.facts.params == 8);
  CHECK(m.facts.file_bytes == file.size());
  REQUIRE(m.facts.ops.size() == 1);
  CHECK(m.facts.ops[0].name == "FULLY_CONNECTED");
  CHECK(m.facts.inputs[0].dtype == "float32");
}

TEST_CASE("old files have only the deprecated code field, options may be absent") {
  CHECK(load(dense_model({.name = "w", .shape = {2, 4}, .data = floats(kEight)}, true)).graph.nodes.size() == 1);
  ModelBuilder m;
  const auto x = m.activation("x", {1, 4}), y = m.activation("y", {1, 2}), w = m.constant("w", {2, 4}, kEight);
  m.op(B::FULLY_CONNECTED, {x, w}, {y});
  CHECK(op_of<FullyConnected>(load(m.finish({x}, {y})).graph) == FullyConnected{});
}

TEST_CASE("weights behind the flatbuffer and beyond its end") {
  auto file = dense_model({.name = "w", .shape = {2, 4}, .data = floats(kEight), .outside = true});
  CHECK(values_of(input_of(load(file).graph, 0, 1)) == kEight);
  file.pop_back();
  CHECK(kind_of(file) == ErrorKind::input);
}

TEST_CASE("weights in another file are refused") {
  std::string text;
  CHECK(kind_of(dense_model({.name = "w", .shape = {2, 4}, .external = 1}), &text) == ErrorKind::unsupported);
  CHECK(text.find("separate file") != std::string::npos);
}

TEST_CASE("stored types become f32 or i8") {
  const auto weights = [](T type, Bytes data) {
    return values_of(
        input_of(load(dense_model({.name = "w", .type = type, .shape = {2, 4}, .data = std::move(data)})).graph, 0, 1));
  };
  // 1, -2, 0.5, the largest half, the smallest subnormal, 0, -0, 1/3 rounded
  const auto half =
      weights(T::FLOAT16, bytes_of<std::uint16_t>({0x3c00, 0xc000, 0x3800, 0x7bff, 0x0001, 0, 0x8000, 0x3555}));
  CHECK(half == std::vector<float>{1, -2, 0.5f, 65504, 5.9604645e-8f, 0, 0, 0.333251953125f});
  const auto brain = weights(T::BFLOAT16, bytes_of<std::uint16_t>({0x3f80, 0xc000, 0x3f00, 0, 0, 0, 0, 0x4049}));
  CHECK(brain == std::vector<float>{1, -2, 0.5f, 0, 0, 0, 0, 3.140625f});
  CHECK(weights(T::FLOAT64, bytes_of<double>({1, -2, 3, 0.5, 0, 8, -1, 2})) == kEight);
  CHECK(kind_of(
            dense_model({.name = "w", .type = T::INT32, .shape = {2, 4}, .data = int32s({1, 2, 3, 4, 5, 6, 7, 8})})) ==
        ErrorKind::unsupported);
  CHECK(kind_of(dense_model({.name = "w", .type = T::COMPLEX64, .shape = {2, 4}, .data = Bytes(64)})) ==
        ErrorKind::unsupported);
}

TEST_CASE("hybrid weights are dequantized, by tensor, by channel, by half bytes") {
  const std::vector<std::int8_t> q = {1, -2, 3, 4, -128, 127, 0, 5};
  auto m = load(
      dense_model({.name = "w", .type = T::INT8, .shape = {2, 4}, .data = int8s(q), .scale = {0.5f}, .zero = {1}}));
  CHECK(m.graph.stage == Stage::Float);
  CHECK(values_of(input_of(m.graph, 0, 1)) == std::vector<float>{0, -1.5f, 1, 1.5f, -64.5f, 63, -0.5f, 2});
  m = load(dense_model(
      {.name = "w", .type = T::INT8, .shape = {2, 4}, .data = int8s(q), .scale = {0.5f, 2}, .zero = {0, 0}}));
  CHECK(values_of(input_of(m.graph, 0, 1)) == std::vector<float>{0.5f, -1, 1.5f, 2, -256, 254, 0, 10});
  m = load(dense_model({.name = "w",
                        .type = T::INT8,
                        .shape = {2, 4},
                        .data = int8s(q),
                        .scale = {1, 2, 3, 4},
                        .zero = {0},
                        .axis = 1}));
  CHECK(values_of(input_of(m.graph, 0, 1)) == std::vector<float>{1, -4, 9, 16, -128, 254, 0, 20});
  m = load(dense_model(
      {.name = "w", .type = T::INT4, .shape = {2, 4}, .data = {0x21, 0x8f, 0x70, 0x43}, .scale = {1}, .zero = {0}}));
  CHECK(values_of(input_of(m.graph, 0, 1)) == std::vector<float>{1, 2, -1, -8, 0, 7, 3, 4});
  CHECK(kind_of(dense_model(
            {.name = "w", .type = T::INT8, .shape = {2, 4}, .data = int8s(q), .scale = {1, 2, 3}, .zero = {0}})) ==
        ErrorKind::input);
  CHECK(kind_of(dense_model(
            {.name = "w", .type = T::INT8, .shape = {2, 4}, .data = int8s(q), .scale = {1}, .zero = {300}})) ==
        ErrorKind::input);
  CHECK(kind_of(dense_model(
            {.name = "w", .type = T::INT8, .shape = {2, 4}, .data = int8s(q), .scale = {-1}, .zero = {0}})) ==
        ErrorKind::input);
  CHECK(kind_of(dense_model({.name = "w", .type = T::INT8, .shape = {2, 4}, .data = int8s(q), .blockwise = true})) ==
        ErrorKind::unsupported);
}

TEST_CASE("NaN, infinity and wrong sizes name the tensor") {
  std::string text;
  auto bad = kEight;
  bad[5] = std::numeric_limits<float>::quiet_NaN();
  CHECK(kind_of(dense_model({.name = "my_w", .shape = {2, 4}, .data = floats(bad)}), &text) == ErrorKind::input);
  CHECK(text.find("'my_w' holds NaN at element 5") != std::string::npos);
  CHECK(kind_of(dense_model({.name = "w",
                             .type = T::FLOAT16,
                             .shape = {2, 4},
                             .data = bytes_of<std::uint16_t>({0x7c00, 0, 0, 0, 0, 0, 0, 0})}),
                &text) == ErrorKind::input);
  CHECK(text.find("infinity") != std::string::npos);
  CHECK(kind_of(dense_model({.name = "w", .shape = {2, 4}, .data = floats({1, 2, 3})}), &text) == ErrorKind::input);
  CHECK(text.find("stores 12 bytes") != std::string::npos);
  CHECK(kind_of(dense_model({.name = "w", .shape = {65536, 65536}, .data = floats({1})})) == ErrorKind::input);
}

TEST_CASE("shared buffers stay two tensors, empty and equal names become unique") {
  ModelBuilder m;
  const auto x = m.activation("", {1, 2}), a = m.activation("same", {1, 2}), y = m.activation("same", {1, 2});
  const auto w = m.constant("w", {2, 2}, {1, 2, 3, 4});
  const auto v = m.tensor({.name = "w", .shape = {2, 2}, .buffer = 1});
  m.op(B::FULLY_CONNECTED, {x, w}, {a});
  m.op(B::FULLY_CONNECTED, {a, v}, {y});
  const auto g = load(m.finish({x}, {y})).graph;
  CHECK(g.nodes[0].inputs[1] != g.nodes[1].inputs[1]);
  CHECK(values_of(input_of(g, 1, 1)) == std::vector<float>{1, 2, 3, 4});
  CHECK(g.at(g.inputs[0]).name == "tensor_0");
  std::set<std::string> names;
  for (const auto& t : g.tensors) CHECK(names.insert(t.name).second);
}

TEST_CASE("names from the file are made printable") {
  ModelBuilder m;
  const auto x = m.activation("a\x1b[31m\n", {1, 2}), y = m.activation(std::string(5000, 'n'), {1, 2});
  relu(m, x, y);
  const auto g = load(m.finish({x}, {y})).graph;
  CHECK(g.at(g.inputs[0]).name == "a\\x1B[31m\\x0A");
  CHECK(g.at(g.outputs[0]).name.size() < 300);
}

TEST_CASE("a dynamic batch becomes 1 and is noted, other open dimensions are refused") {
  for (const std::int32_t stored : {1, -1}) {
    ModelBuilder m;
    const auto x = m.tensor({.name = "x", .shape = {stored, 4}, .signature = {-1, 4}}),
               y = m.tensor({.name = "y", .shape = {stored, 4}, .signature = {-1, 4}});
    relu(m, x, y);
    const auto i = load(m.finish({x}, {y}));
    CHECK(i.graph.at(i.graph.inputs[0]).shape == Shape{1, 4});
    REQUIRE(i.facts.notes.size() == 1);
    CHECK(i.facts.notes[0].find("batch dimension of input 'x' set to 1") != std::string::npos);
  }
  ModelBuilder m;
  const auto x = m.tensor({.name = "x", .shape = {1, 1}, .signature = {1, -1}}), y = m.activation("y", {1, 1});
  relu(m, x, y);
  CHECK(kind_of(m.finish({x}, {y})) == ErrorKind::unsupported);
}

TEST_CASE("float16 constants behind DEQUANTIZE and sparse ones behind DENSIFY are folded") {
  ModelBuilder m;
  // 4x4, blocks of 1x2 along the second axis: rows 0 and 2 hold one block each.
  const auto ints = [&](std::vector<std::int32_t> v) {
    return fb::CreateInt32Vector(m.fbb, m.fbb.CreateVector(v)).Union();
  };
  const auto bytes = [&](std::vector<std::uint8_t> v) {
    return fb::CreateUint8Vector(m.fbb, m.fbb.CreateVector(v)).Union();
  };
  const auto segments = bytes({0, 1, 1, 2, 2}), indices = ints({1, 0});
  const std::vector levels = {
      fb::CreateDimensionMetadata(m.fbb, fb::DimensionType::DENSE, 4),
      fb::CreateDimensionMetadata(m.fbb, fb::DimensionType::SPARSE_CSR, 0, fb::SparseIndexVector::Uint8Vector, segments,
                                  fb::SparseIndexVector::Int32Vector, indices),
      fb::CreateDimensionMetadata(m.fbb, fb::DimensionType::DENSE, 2)};
  const auto order = m.fbb.CreateVector(std::vector<std::int32_t>{0, 1, 2}),
             map = m.fbb.CreateVector(std::vector<std::int32_t>{1});
  const auto sparsity = fb::CreateSparsityParameters(m.fbb, order, map, m.fbb.CreateVector(levels));
  const auto x = m.activation("x", {1, 4}), y = m.activation("y", {1, 4});
  const auto stored = m.tensor({.name = "stored",
                                .type = T::FLOAT16,
                                .shape = {4, 4},
                                .data = bytes_of<std::uint16_t>({0x3c00, 0x4000, 0x4200, 0x4400}),
                                .sparsity = sparsity});
  const auto dense = m.tensor({.name = "dense", .type = T::FLOAT16, .shape = {4, 4}});
  const auto w = m.tensor({.name = "w", .shape = {4, 4}});
  m.op(B::DENSIFY, {stored}, {dense});
  m.op(B::DEQUANTIZE, {dense}, {w});
  m.op(B::FULLY_CONNECTED, {x, w}, {y});
  const auto i = load(m.finish({x}, {y}));
  REQUIRE(i.graph.nodes.size() == 1);
  CHECK(i.graph.nodes[0].source == 2);
  CHECK(values_of(input_of(i.graph, 0, 1)) == std::vector<float>{0, 0, 1, 2, 0, 0, 0, 0, 3, 4, 0, 0, 0, 0, 0, 0});
  CHECK(i.facts.params == 16);
}

TEST_CASE("sparse weights without DENSIFY, and damaged ones") {
  const auto model = [](std::vector<std::int32_t> index, std::vector<std::int32_t> segment,
                        std::vector<std::int32_t> walk) {
    ModelBuilder m;
    const auto vec = [&](std::vector<std::int32_t> v) {
      return fb::CreateInt32Vector(m.fbb, m.fbb.CreateVector(v)).Union();
    };
    const auto segments = vec(segment), indices = vec(index);
    const std::vector levels = {
        fb::CreateDimensionMetadata(m.fbb, fb::DimensionType::DENSE, 4),
        fb::CreateDimensionMetadata(m.fbb, fb::DimensionType::SPARSE_CSR, 0, fb::SparseIndexVector::Int32Vector,
                                    segments, fb::SparseIndexVector::Int32Vector, indices)};
    const auto order = m.fbb.CreateVector(walk);
    const auto sparsity = fb::CreateSparsityParameters(m.fbb, order, 0, m.fbb.CreateVector(levels));
    const auto x = m.activation("x", {1, 4}), y = m.activation("y", {1, 2});
    const auto w = m.tensor({.name = "w", .shape = {2, 4}, .data = floats({5, 6, 7}), .sparsity = sparsity});
    m.op(B::FULLY_CONNECTED, {x, w}, {y});
    return m.finish({x}, {y});
  };
  // Walked by columns: column 0 holds row 1, column 3 rows 0 and 1.
  CHECK(values_of(input_of(load(model({1, 0, 1}, {0, 1, 1, 1, 3}, {1, 0})).graph, 0, 1)) ==
        std::vector<float>{0, 0, 0, 6, 5, 0, 0, 7});
  CHECK(kind_of(model({1, 0, 2}, {0, 1, 1, 1, 3}, {1, 0})) == ErrorKind::input);     // index beyond its dimension
  CHECK(kind_of(model({1, 0, 1}, {0, 1, 1, 1, 9}, {1, 0})) == ErrorKind::input);     // segment beyond the list
  CHECK(kind_of(model({1, 0, 1}, {0, 2, 1, 1, 3}, {1, 0})) == ErrorKind::input);     // backwards
  CHECK(kind_of(model({1, 0, 1}, {0, 1, 3}, {1, 0})) == ErrorKind::input);           // too few segments
  CHECK(kind_of(model({1, 0, 1}, {0, 1, 1, 1, 3}, {1, 1})) == ErrorKind::input);     // no permutation
  CHECK(kind_of(model({1, 0, 1, 0}, {0, 1, 2, 2, 4}, {1, 0})) == ErrorKind::input);  // more places than values
}

TEST_CASE("states and integer activations are refused") {
  ModelBuilder m;
  const auto x = m.activation("x", {1, 2}), y = m.activation("y", {1, 2});
  const auto s = m.tensor({.name = "state", .shape = {1, 2}, .variable = true});
  m.op(B::ADD, {x, s}, {y});
  std::string text;
  CHECK(kind_of(m.finish({x}, {y}), &text) == ErrorKind::unsupported);
  ModelBuilder n;
  const auto a = n.tensor({.name = "a", .type = T::INT16, .shape = {1, 2}, .scale = {1}, .zero = {0}});
  const auto b = n.tensor({.name = "b", .type = T::INT16, .shape = {1, 2}, .scale = {1}, .zero = {0}});
  relu(n, a, b);
  CHECK(kind_of(n.finish({a}, {b}), &text) == ErrorKind::unsupported);
  CHECK(text.find("INT16") != std::string::npos);
}

TEST_CASE("every unsupported operator is listed at once") {
  ModelBuilder m;
  const auto x = m.activation("x", {1, 4}), a = m.activation("first", {1, 4}), b = m.activation("middle", {1, 4}),
             c = m.activation("second", {1, 4});
  const auto d = m.activation("third", {1, 4});
  m.op(B::SVDF, {x}, {a});
  relu(m, a, b);
  m.op(B::TOPK_V2, {b}, {c});
  m.custom("MyOp", {}, {c}, {d});
  const auto file = m.finish({x}, {d});
  std::string text;
  CHECK(kind_of(file, &text) == ErrorKind::unsupported);
  for (const auto* part : {"node 0 SVDF 'first'", "node 2 TOPK_V2 'second'", "node 3 CUSTOM:MyOp 'third'"})
    CHECK(text.find(part) != std::string::npos);
  const auto facts = inspect_tflite(file, "f");
  REQUIRE(facts.unsupported.size() == 3);
  CHECK(facts.unsupported[1].node == 2);
  CHECK(facts.ops.size() == 4);
}

TEST_CASE("the file's shapes are compared with the inferred ones") {
  ModelBuilder m;
  const auto x = m.activation("x", {1, 4}), y = m.activation("y", {1, 5});
  relu(m, x, y);
  std::string text;
  CHECK(kind_of(m.finish({x}, {y}), &text) == ErrorKind::input);
  CHECK(text.find("'y'") != std::string::npos);
}
