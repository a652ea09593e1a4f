// The arena plan on hand-made programs: a brute-force overlap check, known optima, determinism.
#include <chrono>
#include <random>

#include "catch.h"
#include "tinyc/error.h"
#include "tinyc/program.h"

namespace tinyc {
namespace {

int no_op(const tinyc_layer*, std::uint8_t*) { return TINYC_OK; }
/// p holds what the layer permits: below and above in0, below and above in1.
Overlaps permitted(const Program&, const Layer& l) {
  const auto& p = l.record.p;
  return {{p[0], p[1]}, {p[2], p[3]}};
}
const Kernel kKernel{"tinyc_no_op", no_op, "tinyc_no_op.c", permitted};

ValueId add_value(Program& p, std::uint32_t bytes) {
  Value v;
  v.name = "v" + std::to_string(p.values.size());
  v.shape = {static_cast<std::int32_t>(bytes)};
  v.bytes = bytes;
  p.values.push_back(v);
  return static_cast<ValueId>(p.values.size() - 1);
}

Layer& add_layer(Program& p, ValueId in0, ValueId in1, ValueId out, std::uint32_t scratch = 0, Overlaps o = {}) {
  Layer l;
  l.kernel = &kKernel;
  l.in0 = in0;
  l.in1 = in1;
  l.out = out;
  l.scratch_bytes = scratch;
  const std::int32_t permits[] = {o.in0.below, o.in0.above, o.in1.below, o.in1.above};
  std::copy(std::begin(permits), std::end(permits), l.record.p);
  p.layers.push_back(l);
  return p.layers.back();
}

Program chain(const std::vector<std::uint32_t>& bytes) {
  Program p;
  ValueId last = add_value(p, bytes[0]);
  p.inputs = {last};
  for (std::size_t i = 1; i < bytes.size(); ++i) {
    const ValueId next = add_value(p, bytes[i]);
    add_layer(p, last, -1, next);
    last = next;
  }
  p.outputs = {last};
  return p;
}

/// A random DAG: layers read recent values, some have scratch, some may lie over their operands, some write in parts.
Program random_program(unsigned seed, int layers) {
  std::minstd_rand random(seed + 1);
  const auto below = [&](unsigned n) { return static_cast<int>(random() % n); };
  const auto size = [&] { return static_cast<std::uint32_t>(1 + below(4) * 64 + below(100)); };
  Program p;
  for (int i = 0; i <= below(3); ++i) p.inputs.push_back(add_value(p, size()));
  const auto recent = [&] {
    const auto n = static_cast<int>(p.values.size());
    return static_cast<ValueId>(below(4) ? std::max(0, n - 1 - below(3)) : below(static_cast<unsigned>(n)));
  };
  while (static_cast<int>(p.layers.size()) < layers) {
    const ValueId in0 = recent(), in1 = below(3) ? -1 : recent();
    const auto distance = [&] { return below(2) ? -1 : below(3) ? below(200) : 0; };
    const auto overlap = [&] { return Overlap{distance(), below(3) ? -1 : 1 + below(200)}; };
    const int parts = below(6) ? 1 : 3;
    const ValueId out = add_value(p, below(2) ? p.values[static_cast<std::size_t>(in0)].bytes : size());
    for (int k = 0; k < parts; ++k)
      add_layer(p, k ? p.inputs[0] : in0, in1, out, below(3) ? 0 : size(), {overlap(), overlap()}).part = k + 1 < parts;
  }
  for (int i = 0; i <= below(2); ++i) p.outputs.push_back(static_cast<ValueId>(p.values.size()) - 1 - i);
  return p;
}

/// Replays the program on an arena that remembers who wrote each byte last: whoever reads must find its own value.
/// Returns how many operands an output lies over.
int check_by_replay(const Program& p) {
  int overlapped = 0;
  std::vector<int> owner(p.arena_bytes, -1);
  const auto write = [&](int who, std::uint32_t offset, std::uint32_t bytes) {
    REQUIRE(std::uint64_t{offset} + bytes <= p.arena_bytes);
    REQUIRE(offset % 4 == 0);
    std::fill_n(owner.begin() + offset, bytes, who);
  };
  const auto holds = [&](ValueId id) {
    const Value& v = p.values[static_cast<std::size_t>(id)];
    return std::all_of(owner.begin() + v.offset, owner.begin() + v.offset + v.bytes, [&](int o) { return o == id; });
  };
  for (const auto id : p.inputs)
    write(id, p.values[static_cast<std::size_t>(id)].offset, p.values[static_cast<std::size_t>(id)].bytes);
  for (std::size_t i = 0; i < p.layers.size(); ++i) {
    const Layer& l = p.layers[i];
    const Value& out = p.values[static_cast<std::size_t>(l.out)];
    const bool first_part = out.first == static_cast<std::int32_t>(i);
    REQUIRE(l.record.out == out.offset);
    write(1000000, l.record.scratch, l.scratch_bytes);
    if (l.in0 >= 0) REQUIRE(holds(l.in0));
    if (l.in1 >= 0) REQUIRE(holds(l.in1));
    if (!first_part) REQUIRE(holds(l.out));
    // while it runs, the output must leave inputs and scratch alone, but for what the kernel permits
    const auto apart = [&](std::uint32_t a, std::uint32_t a_bytes, std::uint32_t b, std::uint32_t b_bytes) {
      return a + a_bytes <= b || b + b_bytes <= a;
    };
    const Overlaps o = permitted(p, l);
    const auto over = [&](const Value& v, const Overlap& may) {
      return first_part && v.last == static_cast<std::int32_t>(i) &&
             ((may.below >= 0 && std::int64_t{out.offset} + may.below <= v.offset) ||
              (may.above >= 0 && std::int64_t{v.offset} + may.above <= out.offset));
    };
    for (const auto& [in, may] : {std::pair(l.in0, o.in0), std::pair(l.in1, o.in1)})
      if (in >= 0 && in != l.out) {
        const Value& v = p.values[static_cast<std::size_t>(in)];
        REQUIRE((apart(v.offset, v.bytes, out.offset, out.bytes) || over(v, may)));
        if (!apart(v.offset, v.bytes, out.offset, out.bytes)) ++overlapped;
      }
    if (l.scratch_bytes) REQUIRE(apart(l.record.scratch, l.scratch_bytes, out.offset, out.bytes));
    write(l.out, out.offset, out.bytes);
  }
  for (const auto id : p.outputs) REQUIRE(holds(id));
  return overlapped;
}

TEST_CASE("a chain needs its two largest neighbours") {
  Program p = chain({100, 300, 200, 400, 50});
  plan(p);
  CHECK(p.arena_lower_bound == 600);
  CHECK(p.arena_bytes == 600);
  check_by_replay(p);
  CHECK(p.values[0].first == -1);
  CHECK(p.values[0].last == 0);
  CHECK(p.values[4].first == 3);
  CHECK(p.values[4].last == 4);
}

TEST_CASE("odd sizes cost only the padding below the topmost value") {
  Program p = chain({1, 16, 16, 1});
  plan(p);
  CHECK(p.arena_bytes == 32);
  Program q = chain({5, 7});
  plan(q);
  CHECK(q.arena_lower_bound == 12);
  CHECK(q.arena_bytes == 13);  // 5 padded to 8 below 5, or 7 to 8 below 5
  check_by_replay(q);
}

TEST_CASE("a residual block keeps its shortcut") {
  Program p = chain({64, 128, 128});
  const ValueId sum = add_value(p, 128);
  add_layer(p, p.outputs[0], 1, sum);
  p.outputs = {sum};
  plan(p);
  CHECK(p.arena_lower_bound == 3 * 128);
  CHECK(p.arena_bytes == 3 * 128);
  check_by_replay(p);
}

TEST_CASE("an in-place layer needs no second value") {
  Program p = chain({256});
  const ValueId out = add_value(p, 256);
  add_layer(p, 0, -1, out, 0, {{.below = 0}, {}});
  p.outputs = {out};
  plan(p);
  CHECK(p.arena_bytes == 256);
  CHECK(p.arena_lower_bound == 256);
  CHECK(p.layers[0].record.in0 == p.layers[0].record.out);
  SECTION("but not when the input is needed later") {
    p.outputs = {out, 0};
    plan(p);
    CHECK(p.arena_bytes == 512);
  }
  SECTION("nor when the kernel cannot") {
    p.layers[0].record.p[0] = -1;
    plan(p);
    CHECK(p.arena_bytes == 512);
  }
}

TEST_CASE("outputs slide in front of their inputs, or behind them") {
  Program p = chain({1000, 1000, 1000, 1000});
  const auto permit = [&](int layer, Overlap o) {
    p.layers[static_cast<std::size_t>(layer)].record.p[0] = o.below;
    p.layers[static_cast<std::size_t>(layer)].record.p[1] = o.above;
  };
  for (int i = 0; i < 3; ++i) permit(i, {.below = 100});
  plan(p);
  CHECK(p.arena_lower_bound == 1100);
  CHECK(p.arena_bytes == 1300);
  CHECK(check_by_replay(p) == 3);
  permit(1, {.below = 100, .above = 120});
  plan(p);
  CHECK(p.arena_bytes == 1120);
  CHECK(p.layers[1].record.out == p.layers[1].record.in0 + 120);
  CHECK(check_by_replay(p) == 3);
  SECTION("a distance that is no multiple of 4 is rounded up") {
    for (int i = 0; i < 3; ++i) permit(i, {.below = 97});
    plan(p);
    CHECK(p.arena_bytes == 1300);
  }
  SECTION("an input that lives on stays apart") {
    p.outputs.push_back(0);
    plan(p);
    CHECK(p.arena_bytes == 1000 + 1120);
    check_by_replay(p);
  }
}

TEST_CASE("a growing output takes its input into its own end") {
  Program p = chain({500, 1000});
  p.layers[0].record.p[0] = 500;
  plan(p);
  CHECK(p.arena_bytes == 1000);
  CHECK(p.arena_lower_bound == 1000);
  CHECK(p.layers[0].record.in0 == 500);
}

TEST_CASE("a sum goes over either operand") {
  for (const bool first : {true, false}) {
    Program p = chain({64, 128, 128});
    const ValueId sum = add_value(p, 128);
    add_layer(p, p.outputs[0], 1, sum, 0, first ? Overlaps{{.below = 0}, {}} : Overlaps{{}, {.below = 0}});
    p.outputs = {sum};
    plan(p);
    CHECK(p.arena_bytes == 2 * 128);
    CHECK(p.arena_lower_bound == 2 * 128);
    CHECK(check_by_replay(p) == 1);
  }
}

TEST_CASE("one value as both operands obeys both") {
  Program p = chain({100});
  const ValueId out = add_value(p, 100);
  add_layer(p, 0, 0, out, 0, {{.below = 4}, {.below = 40}});
  p.outputs = {out};
  plan(p);
  CHECK(p.arena_bytes == 140);
  p.layers[0].record.p[2] = -1;
  plan(p);
  CHECK(p.arena_bytes == 200);
}

TEST_CASE("scratch lives beside the values of its layer") {
  Program p = chain({100, 100, 100});
  p.layers[1].scratch_bytes = 60;
  plan(p);
  CHECK(p.arena_lower_bound == 260);
  CHECK(p.arena_bytes == 260);
  check_by_replay(p);
}

TEST_CASE("all inputs are filled before the first layer and all outputs live to the end") {
  Program p;
  for (int i = 0; i < 3; ++i) p.inputs.push_back(add_value(p, 40));
  for (int i = 0; i < 3; ++i) {
    p.outputs.push_back(add_value(p, 40));
    add_layer(p, i, -1, p.outputs.back());
  }
  plan(p);
  CHECK(p.arena_bytes == 160);
  check_by_replay(p);
}

TEST_CASE("a value that nobody writes is an error of the lowering") {
  Program p = chain({8, 8});
  add_layer(p, add_value(p, 8), -1, p.outputs[0]);
  CHECK_THROWS_AS(plan(p), Error);
}

TEST_CASE("random programs: no overlap, above the bound, the same twice") {
  double excess = 0;
  int overlapped = 0;
  constexpr int kPrograms = 300;
  for (unsigned seed = 0; seed < kPrograms; ++seed) {
    Program p = random_program(seed, 3 + static_cast<int>(seed % 40));
    plan(p);
    CAPTURE(seed);
    overlapped += check_by_replay(p);
    REQUIRE(p.arena_bytes >= p.arena_lower_bound);
    excess += static_cast<double>(p.arena_bytes) / p.arena_lower_bound - 1;
    Program again = random_program(seed, 3 + static_cast<int>(seed % 40));
    plan(again);
    REQUIRE(again.values == p.values);
  }
  CHECK(excess / kPrograms < 0.02);
  CHECK(overlapped > kPrograms);
}

TEST_CASE("thousands of values that live together are packed without looking at every pair") {
  constexpr int kValues = 3000;  // 4.5 million pairs
  Program p = chain({8});
  for (int i = 0; i < kValues; ++i) {
    const ValueId v = add_value(p, 1 + static_cast<std::uint32_t>(i * 7919 % 61));
    add_layer(p, 0, -1, v, i % 100 == 0 ? 40 : 0);
  }
  p.outputs = {add_value(p, 4)};
  ValueId sum = p.outputs[0];
  for (int i = 0; i < kValues; ++i) {  // read in another order, so that gaps of all sizes open
    const ValueId next = add_value(p, 4);
    add_layer(p, sum, 1 + i * 1009 % kValues, next);
    sum = next;
  }
  p.layers[static_cast<std::size_t>(kValues)].in0 = 0;
  p.outputs = {sum};
  plan(p);
  check_by_replay(p);
  CHECK(p.arena_bytes >= p.arena_lower_bound);
  CHECK(p.arena_bytes < p.arena_lower_bound + 4u * kValues);  // no more than the padding
}

TEST_CASE("600 layers are planned in milliseconds") {
  Program p = random_program(7, 600);
  const auto begin = std::chrono::steady_clock::now();
  plan(p);
  const double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  check_by_replay(p);
  INFO(p.arena_bytes << " bytes, bound " << p.arena_lower_bound << ", " << ms << " ms");
  CHECK(ms < 2000);  // far above the 50 ms it takes, for loaded machines and sanitizers
}

}  // namespace
}  // namespace tinyc
