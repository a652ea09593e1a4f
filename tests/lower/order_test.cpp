// The order of independent branches: less RAM, the same outputs.
#include "lower/order.h"

#include "catch.h"
#include "oracle/small_programs.h"
#include "tinyc/executor.h"

namespace tinyc {
namespace {

/// A residual block whose shortcut comes last in the graph, and one where it comes first: the same numbers.
constexpr const char* kLast =
    "%x = input f32[1,8,8,8] %a = conv_2d(%x, random(1) f32[16,1,1,8], random(2) f32[16]) "
    "%b = conv_2d(%a, random(3) f32[16,3,3,16], random(4) f32[16]) pad=1,1,1,1 "
    "%c = conv_2d(%b, random(5) f32[4,3,3,16], random(6) f32[4]) pad=1,1,1,1 stride=2,2 "
    "%s = conv_2d(%a, random(7) f32[4,1,1,16], random(8) f32[4]) stride=2,2 %y = add(%c, %s) output %y";

TEST_CASE("a shortcut that frees a large tensor runs first") {
  const Graph g = oracle::quantized(kLast);
  const Program p = lower(g);
  REQUIRE(p.layers.size() == 5);
  CHECK(p.layers[1].name == g.nodes[3].name);  // names go along
  CHECK(p.arena_bytes < 2 * 64 * 16);          // %a and %b side by side
  std::int64_t macs = 0;
  for (const Layer& l : p.layers) macs += l.macs;
  CHECK(macs == 64 * 16 * 8 + 64 * 16 * 144 + 16 * 4 * 144 + 16 * 4 * 16);
  // in the graph's order, by moving the layer back: the outputs are the same
  Program q = p;
  std::rotate(q.layers.begin() + 1, q.layers.begin() + 2, q.layers.begin() + 4);
  plan(q);
  CHECK(q.arena_bytes > 2 * 64 * 16);
  const ProgramExecutor a(p), b(q);
  auto in_a = a.make_state(), in_b = b.make_state();
  for (std::size_t i = 0; i < a.input(in_a, 0).size(); ++i)
    a.input(in_a, 0)[i] = b.input(in_b, 0)[i] = static_cast<std::int8_t>(i * 37 % 251);
  a.run(in_a);
  b.run(in_b);
  CHECK(std::ranges::equal(a.output(in_a, 0), b.output(in_b, 0)));
}

TEST_CASE("an order that is as good as any stays") {
  const Program p = oracle::small_program();
  const auto order = best_order(p);
  CHECK(std::ranges::is_sorted(order));
  CHECK(order.size() == p.layers.size());
}

}  // namespace
}  // namespace tinyc
