// From graph to layers: sharing, deduplication, outputs, and errors that list everything.
#include "catch.h"
#include "oracle/small_programs.h"
#include "tinyc/error.h"
#include "tinyc/executor.h"
#include "tinyc/text.h"

namespace tinyc {
namespace {

TEST_CASE("a residual network lowers to one layer a node with its work and sizes") {
  const Graph g = oracle::quantized(oracle::kSmallNetwork);
  const Program p = lower(g);
  CHECK(p.inputs.size() == 1);
  CHECK(p.outputs.size() == 2);
  std::int64_t total = 0;
  for (const Layer& l : p.layers) total += l.macs;
  CHECK(total == 64 * 8 * 27 + 64 * 8 * 9 + 64 * 8 * 8 + 8 * 5);
  CHECK(p.values[static_cast<std::size_t>(p.outputs[0])].bytes == 5);
  CHECK(p.arena_bytes >= p.arena_lower_bound);
  const FlashBytes f = flash_bytes(p);
  CHECK(f.weights == 8 * 27 + 72 + 64 + 40);
  CHECK(f.descriptors == p.layers.size() * 124);
}

TEST_CASE("equal constants are stored once") {
  const Program p =
      lower(oracle::quantized("%x = input f32[1,4] %a = fully_connected(%x, random(1) f32[4,4]) %b = "
                              "fully_connected(%x, random(1) f32[4,4]) %y = add(%a, %b) output %y"));
  std::size_t weights = 0;
  for (const Blob& b : p.blobs) weights += b.kind == Blob::Kind::weights;
  CHECK(weights == 1);
  CHECK(p.layers[0].weights == p.layers[1].weights);
}

TEST_CASE("channels whose scales differ by powers of two share one multiplier, with equal outputs") {
  // the fourth channel of the second net makes every channel have its own
  const auto net = [](const char* fourth) {
    return parse(
        std::string("graph \"m\" quantized %x = input i8[1,3] quant(0.5) "
                    "%w = const i8[4,3] [100, -20, 7, 3, 90, -4, 50, 60, -70, 1, 2, 3] quant(0.03, 0.06, 0.0075, ") +
        fourth + ") %y = fully_connected(%x, %w, _) : i8[1,4] quant(0.7) output %y");
  };
  const Program shared = lower(net("0.015")), own = lower(net("0.02"));
  CHECK(shared.layers[0].record.p[5] == 1);
  CHECK(own.layers[0].record.p[5] == -1);
  CHECK(shared.blobs[static_cast<std::size_t>(shared.layers[0].mult)].bytes.size() == 4);
  CHECK(shared.blobs[static_cast<std::size_t>(shared.layers[0].shift)].bytes.size() == 4);
  CHECK(own.blobs[static_cast<std::size_t>(own.layers[0].mult)].bytes.size() == 16);
  const ProgramExecutor a(shared), b(own);
  auto sa = a.make_state(), sb = b.make_state();
  for (int i = 0; i < 50; ++i) {
    for (std::size_t k = 0; k < 3; ++k)
      a.input(sa, 0)[k] = b.input(sb, 0)[k] =
          static_cast<std::int8_t>((i * 37 + static_cast<int>(k) * 101) % 256 - 128);
    a.run(sa);
    b.run(sb);
    for (std::size_t k = 0; k < 3; ++k) CHECK(int{a.output(sa, 0)[k]} == int{b.output(sb, 0)[k]});
  }
}

TEST_CASE("a reshape costs nothing, at the input, inside and at the output") {
  const Program p = lower(oracle::quantized(
      "%x = input f32[1,2,2,3] %r = reshape(%x) shape=[1,12] %t = tanh(%r) %y = reshape(%t) shape=[3,4] output %y"));
  CHECK(p.layers.size() == 1);
  CHECK(p.values[static_cast<std::size_t>(p.outputs[0])].shape == Shape{3, 4});
  CHECK(p.values[static_cast<std::size_t>(p.outputs[0])].name == "y");
  CHECK(p.values[static_cast<std::size_t>(p.inputs[0])].shape == Shape{1, 2, 2, 3});
}

TEST_CASE("an output that is an input gets a copy") {
  const Program p = lower(oracle::quantized("%x = input f32[1,6] %y = reshape(%x) shape=[2,3] output %y"));
  REQUIRE(p.layers.size() == 1);
  CHECK(p.outputs[0] != p.inputs[0]);
  const ProgramExecutor e(p);
  auto s = e.make_state();
  const auto in = e.input(s, 0);
  for (std::size_t i = 0; i < 6; ++i) in[i] = static_cast<std::int8_t>(10 * static_cast<int>(i) - 20);
  e.run(s);
  for (std::size_t i = 0; i < 6; ++i) CHECK(int{e.output(s, 0)[i]} == 10 * static_cast<int>(i) - 20);
}

TEST_CASE("two names of one value become two outputs") {
  const Program p =
      lower(oracle::quantized("%x = input f32[1,6] %t = tanh(%x) %y = reshape(%t) shape=[2,3] output %t output %y"));
  CHECK(p.outputs[0] != p.outputs[1]);
  CHECK(p.values[static_cast<std::size_t>(p.outputs[0])].shape == Shape{1, 6});
  CHECK(p.values[static_cast<std::size_t>(p.outputs[1])].shape == Shape{2, 3});
}

TEST_CASE("an output that is a constant is copied from flash") {
  Graph g = oracle::quantized("%x = input f32[1,3] %y = tanh(%x) output %y");
  Tensor c = make_const("c", DType::i8, {1, 3}, Bytes{1, 2, 253});
  c.quant = Quant{{0.5f}, {0}, 0};
  g.outputs.push_back(g.add(std::move(c)));
  const Program p = lower(g);
  const ProgramExecutor e(p);
  auto s = e.make_state();
  e.run(s);
  CHECK(int{e.output(s, 1)[0]} == 1);
  CHECK(int{e.output(s, 1)[2]} == -3);
}

TEST_CASE("all nodes without an int8 form are listed at once") {
  Graph g =
      oracle::quantized("%x = input f32[1,6] %a = tanh(%x) %b = reshape(%a) shape=[2,3] %y = logistic(%b) output %y");
  g.nodes[0].name = "first\x1b";
  g.nodes[0].source = 4;
  // quantizations that no kernel takes
  g.at(g.nodes[1].outputs[0]).quant = Quant{{0.125f}, {3}, 0};
  g.at(g.nodes[0].outputs[0]).quant.reset();
  try {
    lower(g);
    FAIL("lowered");
  } catch (const Error& e) {
    const std::string text = e.what();
    CHECK(e.kind() == ErrorKind::unsupported);
    CHECK(text.find("2 operators have no int8 form") == 0);
    CHECK(text.find("tanh 'first\\x1B' (node 4)") != std::string::npos);
    CHECK(text.find("reshape") != std::string::npos);
  }
}

TEST_CASE("a float graph is not lowered") {
  const Graph g = parse("%x = input f32[1,6] %y = tanh(%x) output %y");
  CHECK_THROWS_AS(lower(g), Error);
}

}  // namespace
}  // namespace tinyc
