#include "tinyc/text.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "catch.h"
#include "tinyc/error.h"

using namespace tinyc;

namespace {

Bytes raw(std::initializer_list<int> v) {
  Bytes out;
  for (const int x : v) out.push_back(static_cast<std::uint8_t>(x));
  return out;
}

TensorId activation(Graph& g, const std::string& name, Shape shape, DType type = DType::f32) {
  Tensor t;
  t.name = name;
  t.dtype = type;
  t.shape = std::move(shape);
  if (type == DType::i8) t.quant = Quant{{0.5f}, {3}, 0};
  return g.add(std::move(t));
}

Node node(OpData op, std::vector<TensorId> in, std::vector<TensorId> out, std::string name) {
  return {std::move(op), std::move(in), std::move(out), std::move(name), -1};
}

/// What a parse error says; fails when there is none or it is of another kind.
std::string error_of(const std::string& text) {
  try {
    parse(text);
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::input);
    return e.what();
  }
  FAIL("no error for: " << text);
  return {};
}

void check_round_trip(const Graph& g) {
  const auto text = print(g);
  INFO(text);
  const Graph again = parse(text);
  CHECK(again == g);
  CHECK(print(again) == text);
}

}  // namespace

TEST_CASE("short form: constants in operand position, inferred types, no graph line") {
  const Graph g = parse(R"(
    %x = input f32[1,4]   # the samples
    %y = concatenation(%x, f32[1,2] [1, -2.5], fill(0.5) f32[1,1], zeros f32[1,1]) axis=1
    output %y
  )");
  REQUIRE(g.tensors.size() == 5);
  REQUIRE(g.nodes.size() == 1);
  CHECK(g.name == "model");
  CHECK(g.stage == Stage::Float);
  CHECK(g.tensors[4].name == "y");
  CHECK(g.tensors[4].shape == Shape{1, 8});
  CHECK(g.tensors[1].name == "y/in1");
  CHECK(g.tensors[1].as<float>()[1] == -2.5f);
  CHECK(g.tensors[2].as<float>()[0] == 0.5f);
  CHECK(g.tensors[3].as<float>()[0] == 0.0f);
  CHECK(g.nodes[0].inputs == std::vector<TensorId>{0, 1, 2, 3});
  CHECK(g.nodes[0].name == "y");
  CHECK(std::get<Concatenation>(g.nodes[0].op).axis == 1);
  check_round_trip(g);
}

TEST_CASE("printed text of a small graph is as documented") {
  Graph g;
  g.name = "kws";
  const auto x = activation(g, "x", {1, 2, 2, 1});
  g.at(x).range = Range{-1, 1};
  const auto w = g.add(make_const("w", {1, 2, 2, 1}, std::vector<float>{1, 2.5f, -0.1f, 1e-20f}));
  const auto y = activation(g, "a b;c", {1, 2, 2, 2});
  g.nodes.push_back(node(Concatenation{3, Act::relu6}, {x, w}, {y}, "other"));
  g.nodes[0].source = 7;
  g.inputs = {x};
  g.outputs = {y};
  CHECK(print(g) ==
        "graph \"kws\" float\n"
        "%x = input f32[1,2,2,1] range(-1,1)\n"
        "%w = const f32[1,2,2,1] [1, 2.5, -0.1, 1e-20]\n"
        "%\"a b;c\" = concatenation(%x, %w) axis=3 act=relu6 name=\"other\" source=7 : f32[1,2,2,2]\n"
        "output %\"a b;c\"\n");
  check_round_trip(g);
}

TEST_CASE("round trip: tensor order, duplicate and strange names, unused tensors, several inputs and outputs") {
  Graph g;
  const auto out2 = activation(g, "", {1, 3});  // every tensor before those it is made from
  const auto out1 = activation(g, "same", {1, 3});
  const auto unused = activation(g, "same", {2});
  const auto w = g.add(make_const("same", {1, 3}, std::vector<float>{1, 2, 3}));
  const auto spare = g.add(make_const("\x01\"\\ \xff\n#3@4", DType::i64, {1}, Bytes(8, 0xff)));
  const auto in1 = activation(g, "same#1", {1, 3});
  const auto in0 = activation(g, "", {3});
  (void)unused;
  (void)spare;
  g.nodes.push_back(node(Concatenation{0, Act::none}, {in1}, {out1}, "same"));
  g.nodes.push_back(node(Reshape{{1, 3}}, {in0}, {out2}, ""));
  g.inputs = {in1, in0};
  g.outputs = {out2, out1, out2};
  REQUIRE_NOTHROW(verify(g));
  check_round_trip(g);
  g.nodes.push_back(node(Concatenation{0, Act::none}, {w, out1}, {activation(g, "late", {2, 3})}, "x"));
  g.outputs.push_back(g.nodes.back().outputs[0]);
  check_round_trip(g);
}

TEST_CASE("round trip: exact payloads of every type") {
  Graph g;
  g.inputs = {activation(g, "x", {1})};
  g.outputs = g.inputs;
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  g.add(make_const("short", {5}, std::vector<float>{0.1f, -0.0f, 1.17549435e-38f, 1e-45f, 3.4028235e38f}));
  g.add(make_const("odd", {3}, std::vector<float>{nan, inf, -inf}));
  std::vector<float> many(100);
  std::mt19937 rng(7);
  for (auto& v : many) {
    const auto bits = static_cast<std::uint32_t>(rng());
    std::memcpy(&v, &bits, 4);
  }
  g.add(make_const("long", {4, 25}, many));
  for (std::size_t i = 0; i + 4 <= many.size(); i += 4)  // short lists of any bit pattern
    g.add(make_const("list", {4}, std::span<const float>(many).subspan(i, 4)));
  g.add(make_const("i8", DType::i8, {3}, raw({128, 127, 255})));
  g.add(make_const("i16", DType::i16, {2}, raw({0, 128, 255, 127})));
  g.add(make_const("i32", DType::i32, {1}, raw({0, 0, 0, 128})));
  g.add(make_const("i64", DType::i64, {2}, raw({0, 0, 0, 0, 0, 0, 0, 128, 255, 255, 255, 255, 255, 255, 255, 127})));
  g.add(make_const("bool", DType::boolean, {2}, raw({0, 1})));
  g.add(make_const("scalar", Shape{}, std::vector<float>{2}));
  check_round_trip(g);
}

TEST_CASE("round trip: quantized and coded stages") {
  Graph g;
  g.stage = Stage::Coded;
  g.code_tables = {std::make_shared<const Bytes>(raw({1, 2, 3})), std::make_shared<const Bytes>()};
  const auto x = activation(g, "x", {2, 2}, DType::i8);
  auto w = make_const("w", DType::i8, {2, 2}, raw({1, 2, 3, 4}));
  w.quant = Quant{{0.5f, 1e-9f}, {0, -7}, 1};
  w.coded = Coded{std::make_shared<const Bytes>(raw({0xde, 0xad})), 1};
  w.range = Range{-0.1f, 3};
  const auto c = g.add(w);
  auto v = make_const("v", DType::i8, {2, 2}, raw({1, 2, 3, 4}));
  v.quant = Quant{{0.5f}, {0}, 1};
  v.coded = Coded{std::make_shared<const Bytes>(), 0};
  g.add(v);
  const auto y = activation(g, "y", {4, 2}, DType::i8);
  g.nodes.push_back(node(Concatenation{}, {x, c}, {y}, "y"));
  g.inputs = {x};
  g.outputs = {y};
  check_round_trip(g);
  Graph changed = g;
  changed.at(c).coded->stream = std::make_shared<const Bytes>(raw({0xde, 0xae}));
  CHECK_FALSE(parse(print(changed)) == g);
  g.stage = Stage::Quantized;
  g.code_tables.clear();
  for (auto& t : g.tensors) t.coded.reset();
  check_round_trip(g);
}

TEST_CASE("every attribute of every operator prints and reads back") {
  // Parsing needs operands that fit; so attributes are put into a node and only the text of the attributes is compared
  // by an edit that must show up.
  for (std::size_t k = 0; k < kOpCount; ++k) {
    OpData op;
    REQUIRE(make_op(name_of(static_cast<OpKind>(k)), op));
    visit_fields(op, [&](const char* name, auto& field) {
      using T = std::decay_t<decltype(field)>;
      const T before = field;
      if constexpr (std::is_same_v<T, bool>) field = !field;
      if constexpr (std::is_same_v<T, std::int32_t>) field = -5;
      if constexpr (std::is_same_v<T, float>) field = 0.1f;
      if constexpr (std::is_same_v<T, Act>) field = Act::relu_n1_to_1;
      if constexpr (std::is_same_v<T, Pair>) field = {2, 3};
      if constexpr (std::is_same_v<T, Pads>) field = {1, 2, 3, 4};
      if constexpr (std::is_same_v<T, Ints>) field = {-1, 0, 9};
      Graph g;
      const auto x = activation(g, "x", {1});
      g.nodes.push_back(node(op, {x}, {x}, "x"));
      const auto text = print(g);
      INFO(text);
      std::string expected = "[-1,0,9]";
      if constexpr (std::is_same_v<T, bool>) expected = field ? "true" : "false";
      if constexpr (std::is_same_v<T, std::int32_t>) expected = "-5";
      if constexpr (std::is_same_v<T, float>) expected = "0.1";
      if constexpr (std::is_same_v<T, Act>) expected = "relu_n1_to_1";
      if constexpr (std::is_same_v<T, Pair>) expected = "2,3";
      if constexpr (std::is_same_v<T, Pads>) expected = "1,2,3,4";
      CHECK(text.find(std::string(" ") + name + "=" + expected) != std::string::npos);
      field = before;
    });
  }
}

TEST_CASE("convolution in the short form") {
  const Graph g = parse(R"(graph "c"
    %x = input f32[1,8,8,3]
    %c = conv_2d(%x, random(7) f32[4,3,3,3], fill(0.5) f32[4]) stride=2 pad=0,1,0,1 act=relu
    %d = conv_2d(%x, random(7) f32[4,1,1,3], _)
    output %c, %d)");
  const auto& op = std::get<Conv2D>(g.nodes[0].op);
  CHECK(op.stride == Pair{2, 2});
  CHECK(op.pad == Pads{0, 1, 0, 1});
  CHECK(op.act == Act::relu);
  CHECK(g.at(g.nodes[0].outputs[0]).shape == Shape{1, 4, 4, 4});
  CHECK(g.nodes[1].inputs[2] == kNoTensor);
  check_round_trip(g);
}

TEST_CASE("random constants are the same everywhere") {
  const Graph g = parse("%x = input f32[1] %r = random(1) f32[4096] %q = random(1) i8[3] output %x");
  const auto r = g.tensors[1].as<float>();
  // splitmix64(1) = 0x910a2dec89025cc1: (0x910a + 0x2dec + 0x8902 + 0x5cc1 - 131070) / 37837
  CHECK(r[0] == -23365.0f / 37837.0f);
  double sum = 0, squares = 0;
  for (const float v : r) {
    sum += v;
    squares += static_cast<double>(v) * v;
  }
  CHECK(std::abs(sum / 4096) < 0.05);
  CHECK(std::abs(squares / 4096 - 1) < 0.05);
  CHECK(g.tensors[2].as<std::int8_t>()[0] == static_cast<std::int8_t>(0x910a2dec89025cc1u % 255 - 127));
  CHECK_FALSE(parse("%x = input f32[1] %r = random(2) f32[4096] output %x").tensors[1] == g.tensors[1]);
}

TEST_CASE("elided data shows a digest and is refused by the parser") {
  Graph g;
  g.inputs = g.outputs = {activation(g, "x", {1})};
  g.add(make_const("w", DType::i8, {9}, Bytes(9, 0)));
  g.add(make_const("s", DType::i8, {2}, Bytes(2, 0)));
  const auto text = print(g, true);
  CHECK(text.find("%w = const i8[9] data(9 bytes, fnv ") != std::string::npos);
  CHECK(text.find("%s = const i8[2] [0, 0]") != std::string::npos);
  CHECK(error_of(text).find("without its data") != std::string::npos);
}

TEST_CASE("errors name line and column") {
  CHECK(error_of("%x = input f32[1]\noutput %y").find("line 2, column 8: %y is not defined") != std::string::npos);
  CHECK(error_of("%x = input f32[1]\n  %y = convolve(%x)").find("line 2, column 8") != std::string::npos);
  CHECK(error_of("%x = input f32[1]\n%x = input f32[1]").find("line 2, column 1: %x is defined twice") !=
        std::string::npos);
}

TEST_CASE("hostile text ends with Error(input)") {
  for (const char* text : {"",
                           "output",
                           "%",
                           "%x",
                           "%x =",
                           "%x = input",
                           "%x = input f32[0] output %x",
                           "%x = input f32[-1] output %x",
                           "%x = input f32[65536,65536] output %x",
                           "%x = input f32[1,1,1,1,1,1,1,1,1] output %x",
                           "%x = input f33[1] output %x",
                           "%x = input f32[99999999999] output %x",
                           "%x = input f32[1] range(nan,1) output %x",
                           "%x = input f32[1] range(2,1) output %x",
                           "%x = input f32[1] quant(inf) output %x",
                           "%x = input f32[2] quant(1, 2, 3) output %x",
                           "%x@1 = input f32[1] output %x",
                           "%x@-1 = input f32[1] output %x",
                           "%x@4000000000 = input f32[1] output %x",
                           "%x = input f32[1] %c = const f32[1] [1, 2] output %x",
                           "%x = input f32[1] %c = const f32[2] [1] output %x",
                           "%x = input f32[1] %c = const f32[1] hex\"00\" output %x",
                           "%x = input f32[1] %c = const f32[1] hex\"0000000",
                           "%x = input f32[1] %c = const f32[1] hex\"0000000g\" output %x",
                           "%x = input f32[1] %c = const i8[1] [128] output %x",
                           "%x = input f32[1] %c = fill(1.5) i8[1] output %x",
                           "%x = input f32[1] %c = fill(1e300) i64[1] output %x",
                           "%x = input f32[1] %c = fill(nan) i64[1] output %x",
                           "%x = input f32[1] %c = zeros f32[1024,1024,1024] output %x",
                           "%x = input f32[1] %c = random(1) i64[1] output %x",
                           "%x = input f32[1] %c = const i8[1] [1] coded(0, hex\"\") output %x",
                           "%x = input f32[1] output %x, ",
                           "%\"x = input f32[1]",
                           "%\"\\q\" = input f32[1]",
                           "%\"\\x4\" = input f32[1]",
                           "graph \"a\" floating",
                           "%x = input f32[1] %y = concatenation() output %y",
                           "%x = input f32[1] %y = concatenation(_) output %y",
                           "%x = input f32[1] %y = concatenation(%x) axes=1 output %y",
                           "%x = input f32[1] %y = concatenation(%y) output %y",
                           "%x = input f32[1] %y, %z = concatenation(%x) output %y",
                           "%x, %y = input f32[1] output %x",
                           "%x = input f32[1] %y = concatenation(%x) : f32[2] output %y",
                           "%x = input i8[1] output %x",
                           "%x = input f32[1] %y = concatenation(%x) axis=1.5 output %y",
                           "%x = input f32[1] %y = concatenation(%x) act=gelu output %y"})
    error_of(text);
}

TEST_CASE("mutated text parses or ends with Error(input)") {
  const std::string good = R"(graph "kws" coded
code_table hex"0102"
%x = input i8[1,4,4,2] quant(0.5:3) range(-1,1)
%w = const i8[1,4,4,2] hex"0000000000000000000000000000000000000000000000000000000000000000" quant(axis=3, 0.5, 0.25:1) coded(0, hex"00ff")
%"a b"@3, %c@2 = concatenation(%x, %w, random(3) i8[1,4,4,2]) axis=3 act=relu6 name="n" source=4 : i8[1,4,4,4] quant(1), quant(1)
%d = reshape(%c) shape=[1,-1] : quant(0.5:3)
output %d, %"a b"
)";
  std::mt19937 rng(3);
  int parsed = 0;
  for (int i = 0; i < 4000; ++i) {
    std::string text = i % 2 ? good
                             : "%x = input f32[1,4] %y = reshape(%x) shape=[2,2] %z = concatenation(%y, zeros "
                               "f32[2,2]) axis=1 output %z";
    for (auto edits = rng() % 4; edits > 0; --edits) {
      const auto at = rng() % text.size();
      switch (rng() % 4) {
        case 0: text[at] = static_cast<char>(rng()); break;
        case 1: text.erase(at, 1 + rng() % 8); break;
        case 2: text.insert(at, text.substr(rng() % text.size(), rng() % 12)); break;
        default: text[at] = "0123456789,[]()\"%@#:=-"[rng() % 22];
      }
      if (text.empty()) text = " ";
    }
    try {
      const Graph g = parse(text);
      ++parsed;
      CHECK(parse(print(g)) == g);
    } catch (const Error& e) {
      if (e.kind() != ErrorKind::input) FAIL("kind " << static_cast<int>(e.kind()) << ": " << e.what() << "\n" << text);
    }
  }
  CHECK(parsed > 100);
}

TEST_CASE("operators with hostile attributes and operands parse or end with Error(input)") {
  std::mt19937 rng(17);
  const char* operands[] = {
      "%x",        "%v",          "%s", "%q", "_", "zeros f32[3,3,3,2]", "zeros f32[4]", "random(1) f32[2,1,1,2]",
      "f32[] [1]", "zeros i32[2]"};
  const std::int32_t numbers[] = {-2147483647 - 1, -1, 0, 1, 2, 3, 5, 65536, 1 << 30, 2147483647};
  const auto number = [&] { return numbers[rng() % std::size(numbers)]; };
  const auto small = [&] { return rng() % 4 ? static_cast<std::int32_t>(rng() % 4) : number(); };
  int parsed = 0;
  for (int i = 0; i < 20000; ++i) {
    const auto k = static_cast<OpKind>(static_cast<std::size_t>(i) % kOpCount);
    OpData op;
    REQUIRE(make_op(name_of(k), op));
    std::string attributes;
    visit_fields(op, [&](const char* name, auto& field) {
      using T = std::decay_t<decltype(field)>;
      if (rng() % 3 == 0) return;
      attributes += std::string(" ") + name + "=";
      if constexpr (std::is_same_v<T, bool>) attributes += rng() % 2 ? "true" : "false";
      if constexpr (std::is_same_v<T, std::int32_t>) attributes += std::to_string(small());
      if constexpr (std::is_same_v<T, float>) attributes += rng() % 2 ? "nan" : "-inf";
      if constexpr (std::is_same_v<T, Act>) attributes += "relu6";
      if constexpr (std::is_same_v<T, Pair>) attributes += std::to_string(small()) + "," + std::to_string(small());
      if constexpr (std::is_same_v<T, Pads>)
        attributes += std::to_string(small()) + "," + std::to_string(small()) + "," + std::to_string(small()) + "," +
                      std::to_string(small());
      if constexpr (std::is_same_v<T, Ints>) {
        attributes += "[";
        for (auto n = rng() % 6; n > 0; --n) attributes += std::to_string(small()) + (n > 1 ? "," : "");
        attributes += "]";
      }
    });
    std::string list;
    for (auto n = 1 + rng() % 3; n > 0; --n)
      list += std::string(operands[rng() % std::size(operands)]) + (n > 1 ? ", " : "");
    const std::string text =
        "%x = input f32[1,6,5,2] %v = input f32[1,4] %s = input f32[] %q = input f32[46000,46000] %y = " +
        std::string(name_of(k)) + "(" + list + ")" + attributes + " output %y, %x, %v, %s, %q";
    try {
      const Graph g = parse(text);
      ++parsed;
      if (text.find("nan") == std::string::npos) CHECK(parse(print(g)) == g);
    } catch (const Error& e) {
      if (e.kind() != ErrorKind::input) FAIL("kind " << static_cast<int>(e.kind()) << ": " << e.what() << "\n" << text);
    } catch (const std::exception& e) {
      FAIL(e.what() << "\n" << text);
    }
  }
  CHECK(parsed > 1000);
}
