// verify(): every invariant of a graph, broken one at a time.
#include <cstring>
#include <limits>

#include "catch.h"
#include "tinyc/error.h"
#include "tinyc/graph.h"
#include "tinyc/text.h"

using namespace tinyc;

namespace {

Graph float_graph() { return parse("%x = input f32[1,4] %c = add(%x, f32[4] [1, 2, 3, 4]) %y = relu(%c) output %y"); }
Graph int8_graph() {
  return parse(R"(graph "q" quantized
    %x = input i8[1,4] quant(0.5)
    %w = const i8[2,4] [1, 2, 3, 4, 5, 6, 7, 8] quant(0.25)
    %y = fully_connected(%x, %w, _) : i8[1,2] quant(0.5:3)
    output %y)");
}

TensorId named(const Graph& g, const std::string& name) {
  for (std::size_t i = 0; i < g.tensors.size(); ++i)
    if (g.tensors[i].name == name) return static_cast<TensorId>(i);
  FAIL("no tensor " << name);
  return kNoTensor;
}

/// The message of verify() after a change; empty when it accepts.
template <class Change>
std::string broken(Graph g, Change change) {
  change(g);
  try {
    verify(g);
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::internal);
    return e.what();
  }
  return {};
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("verify accepts the graphs that the cases below break") {
  CHECK(broken(float_graph(), [](Graph&) {}).empty());
  CHECK(broken(int8_graph(), [](Graph&) {}).empty());
}

TEST_CASE("verify: inputs and outputs of the graph") {
  CHECK(has(broken(float_graph(), [](Graph& g) { g.inputs.push_back(g.inputs[0]); }), "bad or repeated graph input"));
  CHECK(has(broken(float_graph(), [](Graph& g) { g.inputs.push_back(-1); }), "bad or repeated graph input"));
  CHECK(has(broken(float_graph(), [](Graph& g) { g.inputs.push_back(static_cast<TensorId>(g.tensors.size())); }),
            "bad or repeated graph input"));
  CHECK(has(broken(float_graph(), [](Graph& g) { g.inputs.push_back(g.nodes[0].inputs[1]); }), "graph input"));
  CHECK(has(broken(float_graph(), [](Graph& g) { g.outputs.clear(); }), "no output"));
  CHECK(has(broken(float_graph(), [](Graph& g) { g.outputs = {-1}; }), "never written"));
  CHECK(has(broken(float_graph(), [](Graph& g) { g.outputs = {static_cast<TensorId>(g.tensors.size())}; }),
            "never written"));
  CHECK(has(broken(float_graph(), [](Graph& g) { g.nodes.pop_back(); }), "a graph output is never written"));
}

TEST_CASE("verify: operands of nodes") {
  const auto last = [](const Graph& g) { return static_cast<TensorId>(g.tensors.size()); };
  CHECK(has(broken(float_graph(), [](Graph& g) { g.nodes[0].inputs.pop_back(); }), "has 1 inputs"));
  CHECK(has(broken(float_graph(), [](Graph& g) { g.nodes[1].inputs.push_back(0); }), "has 2 inputs"));
  CHECK(has(broken(float_graph(), [](Graph& g) { g.nodes[0].inputs[1] = kNoTensor; }), "bad input 1"));
  CHECK(has(broken(float_graph(), [](Graph& g) { g.nodes[0].inputs[1] = -2; }), "bad input 1"));
  CHECK(has(broken(float_graph(), [&](Graph& g) { g.nodes[0].inputs[0] = last(g); }), "bad input 0"));
  CHECK(has(broken(int8_graph(), [&](Graph& g) { g.nodes[0].inputs[2] = last(g); }), "bad input 2"));
  CHECK(broken(int8_graph(), [](Graph& g) { g.nodes[0].inputs.resize(2); }).empty());
  CHECK(has(broken(float_graph(), [](Graph& g) { g.nodes[1].outputs.clear(); }), "has no output"));
  CHECK(has(broken(float_graph(), [](Graph& g) { g.nodes[1].outputs = {-1}; }), "has a bad output"));
  CHECK(has(broken(float_graph(), [&](Graph& g) { g.nodes[1].outputs = {last(g)}; }), "has a bad output"));
  CHECK(has(broken(float_graph(), [](Graph& g) { g.nodes[1].outputs.push_back(g.add(Tensor{})); }),
            "wrong number of outputs"));
}

TEST_CASE("verify: order, single assignment and shapes") {
  CHECK(has(broken(float_graph(), [](Graph& g) { std::swap(g.nodes[0], g.nodes[1]); }),
            "reads a tensor before it is written"));
  CHECK(has(broken(float_graph(), [](Graph& g) { g.nodes.push_back(g.nodes[1]); }), "writes a tensor twice"));
  CHECK(has(broken(float_graph(), [](Graph& g) { g.nodes[1].outputs = {g.inputs[0]}; }), "writes a tensor twice"));
  CHECK(has(broken(float_graph(), [](Graph& g) { g.at(g.outputs[0]).shape = {4}; }),
            "has output shape [4], its inputs give [1,4]"));
  // the operator's own complaint keeps its kind and gains the node's name
  Graph g = float_graph();
  g.nodes[0].source = 5;
  g.nodes[0].name = "sum";
  g.at(g.nodes[0].inputs[1]) = make_const("c", Shape{3}, std::vector<float>{1, 2, 3});
  try {
    verify(g);
    FAIL("accepted");
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::unsupported);
    CHECK(has(e.what(), "add 'sum' (node 5): "));
  }
}

TEST_CASE("verify: shapes, payloads and ranges of tensors") {
  const auto input = [](auto change) { return broken(float_graph(), [&](Graph& g) { change(g.at(g.inputs[0])); }); };
  CHECK(has(input([](Tensor& t) { t.shape[1] = 0; }), "has shape [1,0]"));
  CHECK(has(input([](Tensor& t) { t.shape[1] = -4; }), "has shape"));
  CHECK(has(input([](Tensor& t) { t.shape = {65536, 32768}; }), "has shape"));
  CHECK(has(input([](Tensor& t) { t.range = Range{1, 0}; }), "bad range"));
  CHECK(has(input([](Tensor& t) { t.range = Range{0, std::numeric_limits<float>::infinity()}; }), "bad range"));
  CHECK(has(input([](Tensor& t) { t.range = Range{-std::numeric_limits<float>::infinity(), 0}; }), "bad range"));
  CHECK(input([](Tensor& t) { t.range = Range{1, 1}; }).empty());
  CHECK(has(broken(float_graph(), [](Graph& g) { g.at(g.nodes[0].inputs[1]).shape = {1, 4, 2}; }),
            "payload of the wrong size"));
  CHECK(has(broken(float_graph(), [](Graph& g) { g.at(g.inputs[0]).dtype = DType::i8; }), "has type"));
}

TEST_CASE("verify: quantization") {
  const auto with = [](const char* tensor, Quant q) {
    return broken(int8_graph(), [&](Graph& g) { g.at(named(g, tensor)).quant = std::move(q); });
  };
  CHECK(has(with("x", {{}, {}, 0}), "incomplete"));
  CHECK(has(with("x", {{0.5f}, {0, 0}, 0}), "incomplete"));
  for (const float scale : {-0.5f, std::nanf(""), std::numeric_limits<float>::infinity()}) {
    CHECK(has(with("x", {{scale}, {0}, 0}), "bad scale"));
    CHECK(has(with("w", {{scale}, {0}, 0}), "bad scale"));
  }
  CHECK(has(with("x", {{0.0f}, {0}, 0}), "bad scale"));
  CHECK(with("w", {{0.0f}, {0}, 0}).empty());  // a constant of zeros
  CHECK(with("x", {{0.5f}, {-128}, 0}).empty());
  CHECK(with("x", {{0.5f}, {127}, 0}).empty());
  CHECK(has(with("x", {{0.5f}, {-129}, 0}), "bad zero point"));
  CHECK(has(with("x", {{0.5f}, {128}, 0}), "bad zero point"));
  CHECK(with("w", {{1, 2}, {0, 0}, 0}).empty());
  CHECK(with("w", {{1, 2, 3, 4}, {0, 0, 0, 0}, 1}).empty());
  CHECK(has(with("w", {{1, 2}, {0, 0}, 1}), "do not fit its axis"));
  CHECK(has(with("w", {{1, 2}, {0, 0}, 2}), "do not fit its axis"));
  CHECK(has(with("w", {{1, 2}, {0, 0}, -1}), "do not fit its axis"));
  CHECK(has(with("x", {{1, 2, 3, 4}, {0, 0, 0, 0}, 1}), "activation 'x' has type"));
  CHECK(has(broken(int8_graph(), [](Graph& g) { g.at(g.inputs[0]).quant.reset(); }), "activation 'x' has type"));
  CHECK(has(broken(int8_graph(), [](Graph& g) { g.at(g.outputs[0]).dtype = DType::i32; }), "activation 'y' has type"));
}

TEST_CASE("verify: coded tensors") {
  const auto coded = [](auto change) {
    return broken(int8_graph(), [&](Graph& g) {
      g.code_tables = {std::make_shared<const Bytes>(Bytes(8))};
      Tensor& w = g.at(named(g, "w"));
      w.coded = Coded{std::make_shared<const Bytes>(Bytes(3)), 0};
      change(g, w);
    });
  };
  CHECK(coded([](Graph&, Tensor&) {}).empty());
  CHECK(has(coded([](Graph&, Tensor& w) { w.coded->table = 1; }), "bad coded form"));
  CHECK(has(coded([](Graph&, Tensor& w) { w.coded->table = -1; }), "bad coded form"));
  CHECK(has(coded([](Graph&, Tensor& w) { w.coded->stream = nullptr; }), "bad coded form"));
  CHECK(has(coded([](Graph& g, Tensor& w) { g.at(g.inputs[0]).coded = w.coded; }), "bad coded form"));
  CHECK(has(coded([](Graph&, Tensor& w) {
              w.dtype = DType::i32;
              w.shape = {2};
            }),
            "bad coded form"));
}
