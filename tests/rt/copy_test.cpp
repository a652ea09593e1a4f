// The strided copy kernel through the operators that lower to it, bit for bit against naive references.
#include "ops/copy.h"

#include "catch.h"
#include "oracle/move_oracle.h"

using namespace tinyc;
using namespace oracle;

namespace {
constexpr int kRounds = 60;
constexpr Scale kQ{0.25f, -3};

Index permutation(Random& r, std::size_t n) {
  Index p(n);
  for (std::size_t i = 0; i < n; ++i) p[i] = static_cast<std::int32_t>(i);
  for (std::size_t i = n; i > 1; --i)
    std::swap(p[i - 1], p[static_cast<std::size_t>(r.in(0, static_cast<std::int32_t>(i) - 1))]);
  return p;
}
}  // namespace

TEST_CASE("int8 pad equals its reference", "[pad]") {
  Random r(1);
  for (int round = 0; round < kRounds; ++round) {
    const Int8s in = r.int8s(r.shape(r.in(1, 5), 4));
    const auto fill = static_cast<std::int8_t>(r.in(-128, 127));
    Index before, after;
    for (std::size_t d = 0; d < in.shape.size(); ++d) {
      before.push_back(r.in(0, 2));
      after.push_back(r.in(0, 2));
    }
    const float value = kQ.scale * static_cast<float>(fill - kQ.zero_point);
    CAPTURE(round, to_string(in.shape));
    REQUIRE(run_int8(Pad{before, after, value}, {{in, kQ}}, kQ) == pad(in, before, after, fill));
  }
}

TEST_CASE("int8 pad rounds its value to the output's scale and clamps it", "[pad]") {
  const Int8s in{{1}, {5}};
  const auto first = [&](float value) { return int{run_int8(Pad{{1}, {0}, value}, {{in, kQ}}, kQ).values[0]}; };
  REQUIRE(first(0.0f) == -3);
  REQUIRE(first(0.125f) == -2);  // half away from zero
  REQUIRE(first(-0.125f) == -4);
  REQUIRE(first(0.124f) == -3);
  REQUIRE(first(1e30f) == 127);
  REQUIRE(first(-1e30f) == -128);
}

TEST_CASE("int8 transpose equals its reference", "[transpose]") {
  Random r(2);
  for (int round = 0; round < kRounds; ++round) {
    const Int8s in = r.int8s(r.shape(r.in(1, 6), 4));
    const Index perm = permutation(r, in.shape.size());
    CAPTURE(round, to_string(in.shape), to_string(perm));
    REQUIRE(run_int8(Transpose{perm}, {{in, kQ}}, kQ) == transpose(in, perm));
  }
}

TEST_CASE("int8 strided_slice equals its reference", "[strided_slice]") {
  Random r(3);
  for (int round = 0; round < 2 * kRounds; ++round) {
    const Int8s in = r.int8s(r.shape(r.in(1, 5), 6));
    Index begin, size, stride;
    for (const auto d : in.shape) {
      const auto from = r.in(0, d - 1), to = r.in(0, d - 1), step = r.in(1, 3);
      begin.push_back(from);
      stride.push_back(to < from ? -step : step);
      size.push_back((to < from ? from - to : to - from) / step + 1);
    }
    CAPTURE(round, to_string(in.shape), to_string(begin), to_string(size), to_string(stride));
    REQUIRE(run_int8(StridedSlice{begin, size, stride}, {{in, kQ}}, kQ) == slice(in, begin, size, stride));
  }
}

TEST_CASE("int8 space_to_depth and depth_to_space equal their references", "[space_to_depth][depth_to_space]") {
  Random r(4);
  for (int round = 0; round < kRounds; ++round) {
    const auto b = r.in(1, 3);
    const Int8s wide = r.int8s({r.in(1, 2), b * r.in(1, 3), b * r.in(1, 3), r.in(1, 4)});
    const Int8s deep = r.int8s({r.in(1, 2), r.in(1, 3), r.in(1, 3), b * b * r.in(1, 4)});
    CAPTURE(round, b, to_string(wide.shape), to_string(deep.shape));
    REQUIRE(run_int8(SpaceToDepth{b}, {{wide, kQ}}, kQ) == space_to_depth(wide, b));
    REQUIRE(run_int8(DepthToSpace{b}, {{deep, kQ}}, kQ) == depth_to_space(deep, b));
  }
}

TEST_CASE("int8 concatenation equals its reference, with constants among its inputs", "[concatenation]") {
  Random r(5);
  for (int round = 0; round < kRounds; ++round) {
    Shape shape = r.shape(r.in(1, 5), 4);
    const auto axis = static_cast<std::size_t>(r.in(0, static_cast<std::int32_t>(shape.size()) - 1));
    std::vector<Int8In> in;
    std::vector<Int8s> arrays;
    for (auto n = r.in(1, 5); n > 0; --n) {
      shape[axis] = r.in(1, 4);
      arrays.push_back(r.int8s(shape));
      in.push_back({arrays.back(), kQ, r.in(0, 3) == 0});
    }
    CAPTURE(round, axis, in.size(), to_string(shape));
    REQUIRE(run_int8(Concatenation{static_cast<std::int32_t>(axis), Act::none}, in, kQ) == concatenate(arrays, axis));
  }
}

TEST_CASE("only the last part of a concatenation completes the output", "[concatenation]") {
  const Int8In a{{{2}, {1, 2}}, kQ}, b{{{3}, {3, 4, 5}}, kQ};
  const Program p = lower(int8_graph(Concatenation{0, Act::none}, {a, b, a}, kQ));
  REQUIRE(p.layers.size() == 3);
  std::vector<std::uint32_t> bytes;
  for (const Layer& l : p.layers) bytes.push_back(l.record.out_bytes);
  REQUIRE(bytes == std::vector<std::uint32_t>{0, 0, 7});
}

TEST_CASE("int8 concatenation needs one quantization and no clamp", "[concatenation]") {
  const Int8s x{{2}, {1, 2}};
  REQUIRE(lower_rejects(Concatenation{}, {{x, kQ}, {x, {0.5f, -3}}}, kQ));
  REQUIRE(lower_rejects(Concatenation{}, {{x, kQ}, {x, {0.25f, 3}, true}}, kQ));
  REQUIRE(lower_rejects(Concatenation{}, {{x, kQ}, {x, kQ}}, {0.5f, -3}));
  REQUIRE(lower_rejects(Concatenation{0, Act::relu}, {{x, kQ}, {x, kQ}}, kQ));
  // a scale that can hold nothing outside [0, 6] leaves nothing to clamp
  const Scale narrow{6.0f / 255.0f, -128};
  REQUIRE(run_int8(Concatenation{0, Act::relu6}, {{x, narrow}, {x, narrow}}, narrow).values ==
          std::vector<std::int8_t>{1, 2, 1, 2});
}

TEST_CASE("moves that change no address cost nothing", "[reshape]") {
  const Int8In in{{{1, 2, 1, 3}, {1, 2, 3, 4, 5, 6}}, kQ};
  const std::vector<OpData> free{Reshape{{6}},
                                 Transpose{{2, 1, 0, 3}},
                                 StridedSlice{{0, 0, 0, 0}, {1, 2, 1, 3}, {1, 1, 1, 1}},
                                 Pad{Ints(4, 0), Ints(4, 0), 1.0f},
                                 Concatenation{3, Act::none},
                                 SpaceToDepth{1},
                                 DepthToSpace{1}};
  for (const OpData& op : free) {
    CAPTURE(name_of(kind(op)));
    REQUIRE(costs_nothing(op, {in}, kQ));
    REQUIRE(run_int8(op, {in}, kQ).values == in.data.values);
    REQUIRE(lower_rejects(op, {in}, {0.25f, 3}));
    REQUIRE(lower_rejects(op, {in}, {0.5f, -3}));
  }
}

TEST_CASE("a moved constant is read from flash", "[reshape][transpose]") {
  const Int8In in{{{2, 3}, {1, 2, 3, 4, 5, 6}}, kQ, true};
  REQUIRE(run_int8(Reshape{{6}}, {in}, kQ).values == in.data.values);
  REQUIRE(run_int8(Transpose{{1, 0}}, {in}, kQ).values == std::vector<std::int8_t>{1, 4, 2, 5, 3, 6});
}

TEST_CASE("tinyc_copy copies its bytes and no more", "[copy]") {
  std::uint8_t arena[12] = {1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0};
  tinyc_layer l{};
  l.in0 = 1;
  l.out = 7;
  l.out_bytes = 4;
  REQUIRE(kCopyKernel.run(&l, arena) == TINYC_OK);
  const std::uint8_t expected[12] = {1, 2, 3, 4, 5, 6, 0, 2, 3, 4, 5, 0};
  REQUIRE(std::equal(std::begin(arena), std::end(arena), std::begin(expected)));
}
