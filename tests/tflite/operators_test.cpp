// How operators of the file become nodes: parameters turned into attributes, forms that share a node.
#include "catch.h"
#include "tflite/build.h"
#include "tinyc/error.h"
#include "tinyc/import.h"

using namespace tinyc;
using namespace tinyc::test;

namespace {

Graph load(ModelBuilder& m, const std::vector<std::int32_t>& in, const std::vector<std::int32_t>& out) {
  return import_tflite(m.finish(in, out), "test.tflite").graph;
}

template <class Op>
const Op& op_of(const Graph& g, std::size_t node = 0) {
  return std::get<Op>(g.nodes.at(node).op);
}

std::vector<float> ramp(std::size_t n) {
  std::vector<float> v(n);
  for (std::size_t i = 0; i < n; ++i) v[i] = static_cast<float>(i);
  return v;
}

Pads conv_pads(Shape in, Shape weights, Shape out, std::int32_t stride, std::int32_t dilation, fb::Padding padding) {
  ModelBuilder m;
  const auto x = m.activation("x", in), y = m.activation("y", out);
  const auto w = m.constant("w", weights, ramp(static_cast<std::size_t>(num_elements(weights))));
  m.op(B::CONV_2D, {x, w}, {y}, O::Conv2DOptions,
       fb::CreateConv2DOptions(m.fbb, padding, stride, stride, ActType::NONE, dilation, dilation));
  return op_of<Conv2D>(load(m, {x}, {y})).pad;
}

}  // namespace

TEST_CASE("SAME padding becomes explicit, the odd element after") {
  CHECK(conv_pads({1, 8, 8, 1}, {1, 3, 3, 1}, {1, 8, 8, 1}, 1, 1, fb::Padding::SAME) == Pads{1, 1, 1, 1});
  CHECK(conv_pads({1, 8, 9, 1}, {1, 3, 3, 1}, {1, 4, 5, 1}, 2, 1, fb::Padding::SAME) == Pads{0, 1, 1, 1});
  CHECK(conv_pads({1, 9, 9, 1}, {1, 3, 2, 1}, {1, 9, 9, 1}, 1, 2, fb::Padding::SAME) == Pads{2, 2, 1, 1});
  CHECK(conv_pads({1, 8, 8, 1}, {1, 3, 3, 1}, {1, 6, 6, 1}, 1, 1, fb::Padding::VALID) == Pads{});
  CHECK(conv_pads({1, 8, 8, 1}, {1, 1, 1, 1}, {1, 2, 2, 1}, 4, 1, fb::Padding::SAME) == Pads{});
}

TEST_CASE("depthwise: the multiplier follows from the shapes, whatever the file says") {
  ModelBuilder m;
  const auto x = m.activation("x", {1, 4, 4, 2}), y = m.activation("y", {1, 4, 4, 6});
  const auto w = m.constant("w", {1, 1, 1, 6}, ramp(6));
  m.op(B::DEPTHWISE_CONV_2D, {x, w}, {y}, O::DepthwiseConv2DOptions,
       fb::CreateDepthwiseConv2DOptions(m.fbb, fb::Padding::VALID, 1, 1, 77, ActType::RELU6));
  CHECK(op_of<DepthwiseConv2D>(load(m, {x}, {y})).act == Act::relu6);
}

TEST_CASE("a fused TANH becomes a node, SIGN_BIT is refused") {
  for (const auto act : {ActType::TANH, ActType::SIGN_BIT}) {
    ModelBuilder m;
    const auto x = m.activation("x", {1, 4}), y = m.activation("y", {1, 4});
    m.op(B::ADD, {x, x}, {y}, O::AddOptions, fb::CreateAddOptions(m.fbb, act));
    const auto file = m.finish({x}, {y});
    if (act == ActType::SIGN_BIT) {
      CHECK_THROWS_WITH(import_tflite(file, "t"), Catch::Contains("SIGN_BIT"));
      continue;
    }
    const auto g = import_tflite(file, "t").graph;
    REQUIRE(g.nodes.size() == 2);
    CHECK(op_of<Add>(g, 0).act == Act::none);
    CHECK(kind(g.nodes[1].op) == OpKind::tanh);
    CHECK(g.nodes[1].outputs == g.outputs);
  }
}

TEST_CASE("transposed convolution: pads from the output shape, negative where no window reaches") {
  const auto pads = [](std::int32_t in, std::int32_t out, std::int32_t k, std::int32_t stride, fb::Padding padding) {
    ModelBuilder m;
    const auto x = m.activation("x", {1, in, in, 1}), y = m.activation("y", {1, out, out, 1});
    const auto w = m.constant("w", {1, k, k, 1}, ramp(static_cast<std::size_t>(k * k))),
               shape = m.ints("shape", {1, out, out, 1});
    m.op(B::TRANSPOSE_CONV, {shape, w, x}, {y}, O::TransposeConvOptions,
         fb::CreateTransposeConvOptions(m.fbb, padding, stride, stride));
    return op_of<TransposeConv>(load(m, {x}, {y})).pad;
  };
  CHECK(pads(4, 8, 3, 2, fb::Padding::SAME) == Pads{0, 1, 0, 1});
  CHECK(pads(4, 8, 4, 2, fb::Padding::SAME) == Pads{1, 1, 1, 1});
  CHECK(pads(4, 9, 3, 2, fb::Padding::VALID) == Pads{0, 0, 0, 0});
  CHECK(pads(4, 10, 3, 2, fb::Padding::VALID) == Pads{0, -1, 0, -1});
  CHECK(pads(4, 8, 1, 2, fb::Padding::SAME) == Pads{0, -1, 0, -1});
}

TEST_CASE("MediaPipe's transposed convolution with bias: padding, stride width, stride height") {
  ModelBuilder m;
  const auto x = m.activation("x", {1, 3, 3, 1}), y = m.activation("y", {1, 9, 6, 1});
  const auto w = m.constant("w", {1, 3, 2, 1}, ramp(6)), b = m.constant("b", {1}, {1});
  m.custom("Convolution2DTransposeBias", int32s({1, 2, 3}), {x, w, b}, {y});
  const auto g = load(m, {x}, {y});
  CHECK(op_of<TransposeConv>(g) == TransposeConv{{3, 2}, {}, Act::none});
  CHECK(g.nodes[0].inputs.size() == 3);
}

TEST_CASE("reshapes: the file's output shape, an open dimension, squeeze and expand") {
  ModelBuilder m;
  const auto x = m.activation("x", {1, 4, 1, 6}), a = m.tensor({.name = "a", .shape = {1, 24}, .signature = {-1, 24}}),
             b = m.activation("b", {4, 6});
  const auto c = m.tensor({.name = "c", .shape = {}}), d = m.activation("d", {4, 6});
  m.op(B::RESHAPE, {x, m.ints("s", {-1, 24})}, {a});
  m.op(B::SQUEEZE, {x}, {b});
  m.op(B::EXPAND_DIMS, {b, m.int_scalar("axis", -2)}, {c});  // its shape is left open in the file
  m.op(B::SQUEEZE, {c}, {d}, O::SqueezeOptions,
       fb::CreateSqueezeOptions(m.fbb, m.fbb.CreateVector(std::vector<std::int32_t>{-2})));
  const auto g = load(m, {x}, {a, d});
  CHECK(op_of<Reshape>(g, 0).shape == Shape{1, 24});
  CHECK(op_of<Reshape>(g, 1).shape == Shape{4, 6});
  CHECK(op_of<Reshape>(g, 2).shape == Shape{4, 1, 6});
  CHECK(op_of<Reshape>(g, 3).shape == Shape{4, 6});
}

TEST_CASE("a reshape that changes the number of elements is damaged") {
  ModelBuilder m;
  const auto x = m.activation("x", {1, 4}), y = m.activation("y", {1, 5});
  m.op(B::RESHAPE, {x, m.ints("s", {2, 2})}, {y});
  CHECK_THROWS_AS(import_tflite(m.finish({x}, {y}), "t"), Error);
}

TEST_CASE("strided slices: masks, negative strides, shrunk, new and skipped axes") {
  struct Case {
    Ints begin, end, stride;
    std::int32_t begin_mask, end_mask, ellipsis, new_axis, shrink;
    StridedSlice expected;
    Shape out;
  };
  const Shape in = {2, 5, 6};
  const std::vector<Case> cases = {
      {{0, 1, 2}, {2, 4, 6}, {1, 1, 2}, 0, 0, 0, 0, 0, {{0, 1, 2}, {2, 3, 2}, {1, 1, 2}}, {2, 3, 2}},
      {{0, -1, 0}, {0, -4, 0}, {1, -2, 1}, 0, 5, 0, 0, 0, {{0, 4, 0}, {2, 2, 6}, {1, -2, 1}}, {2, 2, 6}},
      {{0, 0, 0}, {0, 0, 0}, {1, -1, 1}, 7, 7, 0, 0, 0, {{0, 4, 0}, {2, 5, 6}, {1, -1, 1}}, {2, 5, 6}},
      {{1, 2}, {0, 0}, {1, 1}, 0, 0, 0, 0, 3, {{1, 2, 0}, {1, 1, 6}, {1, 1, 1}}, {6}},
      {{0, -1}, {0, 0}, {1, 1}, 0, 0, 1, 0, 2, {{0, 0, 5}, {2, 5, 1}, {1, 1, 1}}, {2, 5}},
      {{0, 0, 1}, {0, 0, 3}, {1, 1, 1}, 1, 1, 0, 2, 0, {{0, 1, 0}, {2, 2, 6}, {1, 1, 1}}, {2, 1, 2, 6}},
      {{-100, 1}, {100, 100}, {1, 1}, 0, 0, 0, 0, 0, {{0, 1, 0}, {2, 4, 6}, {1, 1, 1}}, {2, 4, 6}},
  };
  for (const auto& c : cases) {
    INFO(to_string(c.out));
    ModelBuilder m;
    const auto x = m.activation("x", in), y = m.activation("y", c.out);
    m.op(B::STRIDED_SLICE, {x, m.ints("b", c.begin), m.ints("e", c.end), m.ints("s", c.stride)}, {y},
         O::StridedSliceOptions,
         fb::CreateStridedSliceOptions(m.fbb, c.begin_mask, c.end_mask, c.ellipsis, c.new_axis, c.shrink));
    const auto g = load(m, {x}, {y});
    CHECK(op_of<StridedSlice>(g) == c.expected);
    CHECK(g.at(g.outputs[0]).shape == c.out);
  }
}

TEST_CASE("slice, split, unpack and pack") {
  ModelBuilder m;
  const auto x = m.activation("x", {2, 6}), s = m.activation("s", {1, 4});
  const auto p0 = m.activation("p0", {2, 3}), p1 = m.activation("p1", {2, 3}), v0 = m.activation("v0", {2, 1}),
             v1 = m.activation("v1", {2, 5});
  const auto u0 = m.activation("u0", {6}), u1 = m.activation("u1", {6}), k = m.activation("k", {6, 2});
  m.op(B::SLICE, {x, m.ints("b", {1, 2}), m.ints("n", {1, -1})}, {s});
  m.op(B::SPLIT, {m.int_scalar("axis", -1), x}, {p0, p1}, O::SplitOptions, fb::CreateSplitOptions(m.fbb, 2));
  m.op(B::SPLIT_V, {x, m.ints("sizes", {1, -1}), m.int_scalar("axis", 1)}, {v0, v1});
  m.op(B::UNPACK, {x}, {u0, u1}, O::UnpackOptions, fb::CreateUnpackOptions(m.fbb, 2, 0));
  m.op(B::PACK, {u1, u0}, {k}, O::PackOptions, fb::CreatePackOptions(m.fbb, 2, -1));
  const auto g = load(m, {x}, {s, p0, p1, v0, v1, k});
  CHECK(op_of<StridedSlice>(g, 0) == StridedSlice{{1, 2}, {1, 4}, {1, 1}});
  CHECK(op_of<StridedSlice>(g, 2) == StridedSlice{{0, 3}, {2, 3}, {1, 1}});
  CHECK(op_of<StridedSlice>(g, 4) == StridedSlice{{0, 1}, {2, 5}, {1, 1}});
  CHECK(op_of<StridedSlice>(g, 7) == StridedSlice{{1, 0}, {1, 6}, {1, 1}});
  CHECK(op_of<Reshape>(g, 8).shape == Shape{6});
  CHECK(op_of<Reshape>(g, 9).shape == Shape{6, 1});
  CHECK(op_of<Concatenation>(g, 11).axis == 1);
  CHECK(g.nodes[11].source == 4);
}

TEST_CASE("parts of a split whose sum leaves 64 bits are refused") {
  ModelBuilder m;
  const auto x = m.activation("x", {1, 4}), a = m.activation("a", {1, 1}), b = m.activation("b", {1, 3});
  const auto sizes =
      m.tensor({.name = "sizes", .type = T::INT64, .shape = {2}, .data = bytes_of<std::int64_t>({1, INT64_MAX})});
  m.op(B::SPLIT_V, {x, sizes, m.int_scalar("axis", 1)}, {a, b});
  CHECK_THROWS_WITH(load(m, {x}, {a, b}), Catch::Contains("its parts are impossible"));
}

TEST_CASE("reductions, padding values, transposes, sizes") {
  ModelBuilder m;
  const auto x = m.activation("x", {1, 2, 3, 4}), a = m.activation("a", {1, 1, 1, 4}),
             b = m.activation("b", {1, 4, 3, 4}), c = m.activation("c", {1, 3, 2, 4});
  const auto d = m.activation("d", {1, 5, 7, 4});
  m.op(B::MEAN, {x, m.ints("axes", {-2, 1, 2})}, {a}, O::ReducerOptions, fb::CreateReducerOptions(m.fbb, true));
  const auto amounts = m.tensor(
      {.name = "amounts", .type = T::INT64, .shape = {4, 2}, .data = bytes_of<std::int64_t>({0, 0, 1, 1, 0, 0, 0, 0})});
  m.op(B::PADV2, {x, amounts, m.constant("value", {}, {-3.5f})}, {b});
  m.op(B::TRANSPOSE, {x, m.ints("perm", {0, 2, 1, -1})}, {c});
  m.op(B::RESIZE_BILINEAR, {x, m.ints("size", {5, 7})}, {d}, O::ResizeBilinearOptions,
       fb::CreateResizeBilinearOptions(m.fbb, false, true));
  const auto i = import_tflite(m.finish({x}, {a, b, c, d}), "t");
  const auto& g = i.graph;
  CHECK(op_of<Mean>(g, 0) == Mean{{1, 2}, true});
  CHECK(op_of<Pad>(g, 1) == Pad{{0, 1, 0, 0}, {0, 1, 0, 0}, -3.5f});
  CHECK(op_of<Transpose>(g, 2).perm == Ints{0, 2, 1, 3});
  CHECK(op_of<ResizeBilinear>(g, 3) == ResizeBilinear{{5, 7}, false, true});
  CHECK(i.facts.params == 0);
}

TEST_CASE("positions and indices are int32 or int64") {
  ModelBuilder m;
  const auto x = m.activation("x", {1, 3, 4}), a = m.tensor({.name = "a", .type = T::INT64, .shape = {1, 3}}),
             i = m.tensor({.name = "i", .type = T::INT32, .shape = {2}}), b = m.activation("b", {1, 2, 4}),
             c = m.activation("c", {1, 4}), d = m.activation("d", {1, 5, 4});
  m.op(B::ARG_MAX, {x, m.int_scalar("axis", -1)}, {a});
  m.op(B::GATHER, {x, i}, {b}, O::GatherOptions, fb::CreateGatherOptions(m.fbb, -2));
  m.op(B::GATHER, {x, m.int_scalar("second", 1)}, {c}, O::GatherOptions, fb::CreateGatherOptions(m.fbb, 1));
  m.op(B::MIRROR_PAD,
       {x, m.tensor({.name = "p", .type = T::INT32, .shape = {3, 2}, .data = int32s({0, 0, 2, 0, 0, 0})})}, {d},
       O::MirrorPadOptions, fb::CreateMirrorPadOptions(m.fbb, fb::MirrorPadMode::SYMMETRIC));
  const auto g = load(m, {x, i}, {a, b, c, d});
  CHECK(op_of<ArgMax>(g, 0).axis == 2);
  CHECK(op_of<Gather>(g, 1) == Gather{1, 0, {}});
  CHECK(op_of<Gather>(g, 2) == Gather{1, 0, {1}});  // a scalar index: its dimension of 1 is reshaped away
  CHECK(op_of<Reshape>(g, 3).shape == Shape{1, 4});
  CHECK(op_of<MirrorPad>(g, 4) == MirrorPad{{0, 2, 0}, {0, 0, 0}, false});
  CHECK(index_tensors(g)[static_cast<std::size_t>(g.outputs[0])] == 1);
  CHECK(index_tensors(g)[static_cast<std::size_t>(g.inputs[1])] == 1);
  CHECK(index_tensors(g)[static_cast<std::size_t>(g.inputs[0])] == 0);

  ModelBuilder n;  // arithmetic on whole numbers is no real arithmetic
  const auto p = n.tensor({.name = "p", .type = T::INT32, .shape = {2}}), q = n.activation("q", {2}),
             s = n.activation("s", {2});
  n.op(B::ADD, {p, q}, {s});
  CHECK_THROWS_WITH(load(n, {p, q}, {s}), Catch::Contains("'p' has type INT32"));
  ModelBuilder f;  // positions in a float tensor
  const auto u = f.activation("u", {1, 3}), v = f.activation("v", {1});
  f.op(B::ARG_MAX, {u, f.int_scalar("axis", 1)}, {v});
  CHECK_THROWS_WITH(load(f, {u}, {v}), Catch::Contains("'v' has type FLOAT32"));
  ModelBuilder l;
  const auto w = l.activation("w", {1, 3}), y = l.activation("y", {1, 3});
  l.op(B::L2_NORMALIZATION, {w}, {y}, O::L2NormOptions, fb::CreateL2NormOptions(l.fbb, ActType::RELU));
  CHECK_THROWS_WITH(load(l, {w}, {y}), Catch::Contains("fused activation"));
}

TEST_CASE("parameters computed at run time are refused") {
  ModelBuilder m;
  const auto x = m.activation("x", {1, 4}), y = m.activation("y", {1, 1}),
             axes = m.tensor({.name = "axes", .type = T::INT32, .shape = {1}});
  m.op(B::MEAN, {x, axes}, {y});
  CHECK_THROWS_WITH(import_tflite(m.finish({x, axes}, {y}), "t"), Catch::Contains("axes"));
  ModelBuilder n;
  const auto a = n.activation("a", {2, 2}), b = n.activation("b", {2, 2}), c = n.activation("c", {2, 2});
  n.op(B::FULLY_CONNECTED, {a, b}, {c});
  CHECK_THROWS_WITH(import_tflite(n.finish({a, b}, {c}), "t"), Catch::Contains("computed at run time"));
}

TEST_CASE("shape arithmetic is evaluated at import") {
  // size = strided_slice(shape(x), 1:3) * 2, as up-sampling layers are written
  ModelBuilder m;
  const auto x = m.tensor({.name = "x", .shape = {1, 3, 5, 2}, .signature = {-1, 3, 5, 2}}),
             y = m.activation("y", {1, 6, 10, 2}), z = m.activation("z", {1, 120});
  const auto integer = [&](const char* name, Shape shape) {
    return m.tensor({.name = name, .type = T::INT32, .shape = std::move(shape)});
  };
  const auto s = integer("s", {4}), hw = integer("hw", {2}), size = integer("size", {2});
  m.op(B::SHAPE, {x}, {s}, O::ShapeOptions, fb::CreateShapeOptions(m.fbb, T::INT32));
  m.op(B::STRIDED_SLICE, {s, m.ints("b", {1}), m.ints("e", {3}), m.ints("st", {1})}, {hw}, O::StridedSliceOptions,
       fb::CreateStridedSliceOptions(m.fbb));
  m.op(B::MUL, {hw, m.int_scalar("two", 2)}, {size}, O::MulOptions, fb::CreateMulOptions(m.fbb));
  m.op(B::RESIZE_NEAREST_NEIGHBOR, {x, size}, {y});
  // shape(y)[0] packed with -1
  const auto sy = integer("sy", {4}), batch = integer("batch", {}), packed = integer("packed", {2});
  m.op(B::SHAPE, {y}, {sy});
  m.op(B::GATHER, {sy, m.int_scalar("zero", 0)}, {batch});
  m.op(B::PACK, {batch, m.int_scalar("rest", -1)}, {packed}, O::PackOptions, fb::CreatePackOptions(m.fbb, 2, 0));
  m.op(B::RESHAPE, {y, packed}, {z});
  const auto g = load(m, {x}, {z});
  REQUIRE(g.nodes.size() == 2);
  CHECK(op_of<ResizeNearestNeighbor>(g, 0).size == Pair{6, 10});
  CHECK(op_of<Reshape>(g, 1).shape == Shape{1, 120});
}

TEST_CASE("integer operators: values") {
  // Each result becomes the size of a resize, where it can be read.
  const auto eval = [](B code, std::vector<std::vector<std::int32_t>> in) {
    ModelBuilder m;
    const auto x = m.activation("x", {1, 2, 2, 1}), y = m.tensor({.name = "y", .shape = {}});
    std::vector<std::int32_t> ids;
    for (const auto& v : in) ids.push_back(v.size() == 1 ? m.int_scalar("c", v[0]) : m.ints("c", v));
    const auto size = m.tensor({.name = "size", .type = T::INT32, .shape = {2}});
    m.op(code, ids, {size});
    m.op(B::RESIZE_BILINEAR, {x, size}, {y});
    const auto s = std::get<ResizeBilinear>(import_tflite(m.finish({x}, {y}), "t").graph.nodes.at(0).op).size;
    return std::vector<std::int32_t>{s.h, s.w};
  };
  CHECK(eval(B::ADD, {{1, 2}, {1}}) == Ints{2, 3});
  CHECK(eval(B::SUB, {{7, 3}, {1, 2}}) == Ints{6, 1});
  CHECK(eval(B::MUL, {{7, 3}, {2}}) == Ints{14, 6});
  CHECK(eval(B::DIV, {{7, 8}, {2}}) == Ints{3, 4});
  CHECK(eval(B::FLOOR_DIV, {{-7, -8}, {-2, -3}}) == Ints{3, 2});
  CHECK(eval(B::FLOOR_MOD, {{-1, 7}, {4}}) == Ints{3, 3});
  CHECK(eval(B::MAXIMUM, {{1, 4}, {2}}) == Ints{2, 4});
  CHECK(eval(B::MINIMUM, {{1, 4}, {2}}) == Ints{1, 2});
  CHECK(eval(B::RANGE, {{1}, {5}, {2}}) == Ints{1, 3});
  CHECK(eval(B::RANGE, {{5}, {1}, {-3}}) == Ints{5, 2});
  CHECK(eval(B::NEG, {{-1, -2}}) == Ints{1, 2});
  CHECK(eval(B::ABS, {{-1, 2}}) == Ints{1, 2});
  CHECK(eval(B::SLICE, {{1, 2, 3, 4}, {1}, {2}}) == Ints{2, 3});
  CHECK(eval(B::GATHER, {{5, 6, 7}, {2, 0}}) == Ints{7, 5});
  CHECK(eval(B::PACK, {{4}, {9}}) == Ints{4, 9});
  CHECK_THROWS_WITH(eval(B::DIV, {{1, 1}, {0}}), Catch::Contains("divides by zero"));
  CHECK_THROWS_WITH(eval(B::MUL, {{1 << 30, 1}, {4}}), Catch::Contains("overflows"));
}
