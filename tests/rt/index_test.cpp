// arg_max, gather and what carries their int32 numbers, bit for bit against naive references.
#include "catch.h"
#include "oracle/move_oracle.h"
#include "oracle/run_graph.h"

using namespace tinyc;
using namespace oracle;

namespace {

TensorId activation(Graph& g, const char* name, DType type, Shape shape) {
  Tensor t;
  t.name = name;
  t.dtype = type;
  t.shape = std::move(shape);
  t.quant = type == DType::i32 ? Quant{{1.0f}, {0}, 0} : Quant{{0.5f}, {3}, 0};
  return g.add(std::move(t));
}

Graph one_node(const OpData& op, const std::vector<std::pair<DType, Shape>>& in, DType out) {
  Graph g;
  g.stage = Stage::Quantized;
  Node n{op, {}, {}, "node", 0};
  for (const auto& [type, shape] : in) g.inputs.push_back(activation(g, g.inputs.empty() ? "x" : "i", type, shape));
  n.inputs = g.inputs;
  n.outputs = g.outputs = {activation(g, "y", out, {})};
  infer_shapes(g, n);
  g.nodes.push_back(std::move(n));
  verify(g);
  return g;
}

std::vector<std::int32_t> wide(const Int8s& a) { return {a.values.begin(), a.values.end()}; }

}  // namespace

TEST_CASE("int8 arg_max equals its reference", "[arg_max]") {
  Random r(11);
  for (int round = 0; round < 60; ++round) {
    Int8s in = r.int8s(r.shape(r.in(1, 4), 6));
    if (round % 2)
      for (auto& v : in.values) v = static_cast<std::int8_t>(v / 50);  // many equal ones
    const auto axis = r.in(0, static_cast<std::int32_t>(in.shape.size()) - 1);
    const auto a = static_cast<std::size_t>(axis);
    Shape out = in.shape;
    out.erase(out.begin() + axis);
    const auto expected = build<std::int32_t>(out, [&](Index i) {
      i.insert(i.begin() + axis, 0);
      std::int32_t best = 0, top = -1000;
      for (i[a] = 0; i[a] < in.shape[a]; ++i[a])
        if (in.values[flat(in.shape, i)] > top) {
          top = in.values[flat(in.shape, i)];
          best = i[a];
        }
      return best;
    });
    CAPTURE(round, to_string(in.shape), axis);
    const Graph g = one_node(ArgMax{axis}, {{DType::i8, in.shape}}, DType::i32);
    REQUIRE(run_integers(g, {wide(in)})[0] == expected.values);
  }
}

TEST_CASE("int8 gather equals its reference", "[gather]") {
  Random r(12);
  for (int round = 0; round < 60; ++round) {
    const Int8s in = r.int8s(r.shape(r.in(1, 4), 5));
    const auto axis = r.in(0, static_cast<std::int32_t>(in.shape.size()) - 1);
    const auto batch = r.in(0, axis);
    const auto a = static_cast<std::size_t>(axis), b = static_cast<std::size_t>(batch);
    oracle::Array<std::int32_t> index{Shape(in.shape.begin(), in.shape.begin() + batch), {}};
    const Shape own = r.shape(r.in(0, 2), 4);
    index.shape.insert(index.shape.end(), own.begin(), own.end());
    for (std::int64_t i = 0; i < num_elements(index.shape); ++i) index.values.push_back(r.in(-1, in.shape[a]));
    Shape out(in.shape.begin(), in.shape.begin() + axis);
    out.insert(out.end(), own.begin(), own.end());
    out.insert(out.end(), in.shape.begin() + axis + 1, in.shape.end());
    const auto expected = build<std::int32_t>(out, [&](const Index& i) {
      Index at(i.begin(), i.begin() + batch);
      at.insert(at.end(), i.begin() + axis, i.begin() + axis + static_cast<std::ptrdiff_t>(own.size()));
      const std::int32_t wanted = index.values[flat(index.shape, at)];
      Index from(i.begin(), i.begin() + axis);
      from.push_back(wanted < 0 ? 0 : wanted >= in.shape[a] ? in.shape[a] - 1 : wanted);
      from.insert(from.end(), i.begin() + axis + static_cast<std::ptrdiff_t>(own.size()), i.end());
      return std::int32_t{in.values[flat(in.shape, from)]};
    });
    CAPTURE(round, to_string(in.shape), axis, batch, b, to_string(index.shape));
    const Graph g = one_node(Gather{axis, batch, {}}, {{DType::i8, in.shape}, {DType::i32, index.shape}}, DType::i8);
    REQUIRE(run_integers(g, {wide(in), index.values})[0] == expected.values);
    if (batch == 0 && own.size() == 1) {
      for (auto& i : index.values) i = std::min(std::max(i, 0), in.shape[a] - 1);
      const Graph fixed = one_node(Gather{axis, 0, index.values}, {{DType::i8, in.shape}}, DType::i8);
      REQUIRE(run_integers(fixed, {wide(in)})[0] == expected.values);
    }
  }
}

TEST_CASE("gather reads constant data from flash", "[gather]") {
  Graph g;
  g.stage = Stage::Quantized;
  Tensor table = make_const("table", DType::i8, {3, 2}, {1, 2, 3, 4, 5, 6});
  table.quant = Quant{{0.5f}, {3}, 0};
  const TensorId data = g.add(table);
  g.inputs = {activation(g, "i", DType::i32, {1, 4})};
  g.outputs = {activation(g, "y", DType::i8, {})};
  Node n{Gather{0, 0, {}}, {data, g.inputs[0]}, g.outputs, "node", 0};
  infer_shapes(g, n);
  g.nodes.push_back(n);
  verify(g);
  REQUIRE(run_integers(g, {{2, 0, 1, 7}})[0] == std::vector<std::int32_t>{5, 6, 1, 2, 3, 4, 5, 6});
}

TEST_CASE("int8 mirror_pad equals its reference", "[mirror_pad]") {
  Random r(13);
  constexpr Scale q{0.25f, -3};
  for (int round = 0; round < 80; ++round) {
    const Int8s in = r.int8s(r.shape(r.in(1, 5), 4));
    const bool reflect = r.in(0, 1) == 1;
    MirrorPad op{{}, {}, reflect};
    Shape out;
    for (const auto d : in.shape) {
      const bool some = r.in(0, 2) > 0;
      op.before.push_back(some ? r.in(0, reflect ? d - 1 : d) : 0);
      op.after.push_back(some ? r.in(0, reflect ? d - 1 : d) : 0);
      out.push_back(d + op.before.back() + op.after.back());
    }
    const auto expected = build<std::int8_t>(out, [&](Index i) {
      for (std::size_t d = 0; d < i.size(); ++d) {
        // an endless row of the input and its mirror image
        const std::int32_t n = in.shape[d], period = reflect ? std::max(2 * n - 2, 1) : 2 * n;
        std::int32_t at = ((i[d] - op.before[d]) % period + period) % period;
        if (at >= n) at = period - at - (reflect ? 0 : 1);
        i[d] = at;
      }
      return in.values[flat(in.shape, i)];
    });
    CAPTURE(round, to_string(in.shape), to_string(op.before), to_string(op.after), reflect);
    REQUIRE(run_int8(op, {{in, q}}, q) == expected);
  }
  REQUIRE(costs_nothing(MirrorPad{{0}, {0}, true}, {{{{4}, {1, 2, 3, 4}}, q}}, q));
  REQUIRE(lower_rejects(MirrorPad{{1}, {0}, true}, {{{{4}, {1, 2, 3, 4}}, q}}, {0.5f, -3}));
}
