// Integer arithmetic evaluated at import: every operator by its values and shapes, and what is refused.
#include "catch.h"
#include "tflite/build.h"
#include "tinyc/error.h"
#include "tinyc/import.h"

using namespace tinyc;
using namespace tinyc::test;

namespace {

using Values = std::vector<float>;

struct Lab : ModelBuilder {
  std::int32_t list(const Shape& shape, const std::vector<std::int32_t>& v) {
    return tensor({.name = "c", .type = T::INT32, .shape = shape, .data = int32s(v)});
  }
  std::int32_t result(const Shape& shape, T type = T::INT32) {
    return tensor({.name = "r", .type = type, .shape = shape});
  }
  /// The integers become the constant operand of an addition, where they can be read.
  std::pair<Shape, Values> read(std::int32_t id, const Shape& shape) {
    const auto f = activation("f", shape), x = activation("x", {2, 3}), y = tensor({.name = "y", .shape = {}});
    op(B::CAST, {id}, {f});
    op(B::ADD, {x, f}, {y});
    const Graph g = import_tflite(finish({x}, {y}), "t").graph;
    REQUIRE(g.nodes.size() == 1);
    const Tensor& t = g.at(g.nodes[0].inputs.at(1));
    REQUIRE(t.is_const());
    const auto v = t.as<float>();
    return {t.shape, {v.begin(), v.end()}};
  }
};

using Result = std::pair<Shape, Values>;

/// One operator without options.
Result eval(B code, const std::vector<std::pair<Shape, std::vector<std::int32_t>>>& in, const Shape& shape) {
  Lab m;
  std::vector<std::int32_t> ids;
  for (const auto& [s, v] : in) ids.push_back(m.list(s, v));
  const auto r = m.result(shape);
  m.op(code, ids, {r});
  return m.read(r, shape);
}

}  // namespace

TEST_CASE("integers: rounding of divisions, signs, broadcasting") {
  const auto divided = [](B code) {
    return eval(code, {{{2, 3}, {7, -7, 6, -6, 7, -7}}, {{3}, {2, 2, -3}}}, {2, 3}).second;
  };
  CHECK(divided(B::DIV) == Values{3, -3, -2, -3, 3, 2});
  CHECK(divided(B::FLOOR_DIV) == Values{3, -4, -2, -3, 3, 2});
  CHECK(divided(B::FLOOR_MOD) == Values{1, 1, 0, 0, 1, -1});
  CHECK(eval(B::SUB, {{{2, 1}, {10, 20}}, {{3}, {1, 2, 3}}}, {2, 3}) == Result{{2, 3}, {9, 8, 7, 19, 18, 17}});
  CHECK(eval(B::MUL, {{{}, {3}}, {{2, 1}, {4, 5}}}, {2, 1}) == Result{{2, 1}, {12, 15}});
  CHECK(eval(B::MAXIMUM, {{{3}, {-1, 0, 5}}, {{1}, {1}}}, {3}).second == Values{1, 1, 5});
  CHECK(eval(B::NEG, {{{3}, {-1, 0, 5}}}, {3}).second == Values{1, 0, -5});
  CHECK(eval(B::ABS, {{{3}, {-1, 0, 5}}}, {3}).second == Values{1, 0, 5});
}

TEST_CASE("integers: joined, cut and spread") {
  CHECK(eval(B::CONCATENATION, {{{1, 3}, {1, 2, 3}}, {{1, 3}, {4, 5, 6}}}, {2, 3}) ==
        Result{{2, 3}, {1, 2, 3, 4, 5, 6}});
  {
    Lab m;
    const auto r = m.result({2, 3});
    m.op(B::CONCATENATION, {m.list({2, 1}, {1, 2}), m.list({2, 2}, {3, 4, 5, 6})}, {r}, O::ConcatenationOptions,
         fb::CreateConcatenationOptions(m.fbb, -1));
    CHECK(m.read(r, {2, 3}) == Result{{2, 3}, {1, 3, 4, 2, 5, 6}});
  }
  {
    Lab m;  // columns out, and two of them back as columns and a third
    const auto a = m.result({2}), b = m.result({2}), c = m.result({2}), r = m.result({2, 3});
    m.op(B::UNPACK, {m.list({2, 3}, {1, 2, 3, 4, 5, 6})}, {a, b, c}, O::UnpackOptions,
         fb::CreateUnpackOptions(m.fbb, 3, 1));
    m.op(B::PACK, {c, a, c}, {r}, O::PackOptions, fb::CreatePackOptions(m.fbb, 3, -1));
    CHECK(m.read(r, {2, 3}) == Result{{2, 3}, {3, 1, 3, 6, 4, 6}});
  }
  CHECK(eval(B::SLICE, {{{2, 3}, {1, 2, 3, 4, 5, 6}}, {{2}, {0, 2}}, {{2}, {-1, 1}}}, {2, 1}) ==
        Result{{2, 1}, {3, 6}});
  CHECK(eval(B::GATHER, {{{3}, {7, 8, 9}}, {{2, 1}, {-1, 0}}}, {2, 1}) == Result{{2, 1}, {9, 7}});
  CHECK(eval(B::FILL, {{{2}, {2, 3}}, {{}, {7}}}, {2, 3}) == Result{{2, 3}, {7, 7, 7, 7, 7, 7}});
  CHECK(eval(B::RANGE, {{{}, {0}}, {{}, {3}}, {{}, {1}}}, {3}) == Result{{3}, {0, 1, 2}});
}

TEST_CASE("integers: other shapes of the same values") {
  const std::vector<std::int32_t> v{1, 2, 3, 4, 5, 6};
  const Values f(v.begin(), v.end());
  CHECK(eval(B::RESHAPE, {{{6}, v}, {{2}, {2, -1}}}, {2, 3}) == Result{{2, 3}, f});
  CHECK(eval(B::RESHAPE, {{{6}, v}, {{2}, {2, 3}}}, {2, 3}) == Result{{2, 3}, f});
  CHECK(eval(B::EXPAND_DIMS, {{{2}, {1, 2}}, {{}, {-1}}}, {2, 1}) == Result{{2, 1}, {1, 2}});
  CHECK(eval(B::EXPAND_DIMS, {{{3}, {1, 2, 3}}, {{}, {0}}}, {1, 3}) == Result{{1, 3}, {1, 2, 3}});
  CHECK(eval(B::SQUEEZE, {{{1, 2, 1}, {1, 2}}}, {2, 1}) == Result{{2, 1}, {1, 2}});  // one of two, as the file says
  Lab m;
  const auto r = m.result({2, 3});
  const std::vector<std::int32_t> shape{-1, 3};
  const auto to = m.fbb.CreateVector(shape);
  m.op(B::RESHAPE, {m.list({6}, v)}, {r}, O::ReshapeOptions, fb::CreateReshapeOptions(m.fbb, to));
  CHECK(m.read(r, {2, 3}) == Result{{2, 3}, f});
}

TEST_CASE("integers: counts of elements, ranks, 64 bits") {
  for (const bool keep : {false, true})
    for (const B code : {B::SUM, B::REDUCE_PROD}) {
      Lab m;
      const Shape shape = keep ? Shape{1} : Shape{};
      const auto r = m.result(shape);
      m.op(code, {m.list({3}, {2, 3, 4}), m.list({1}, {0})}, {r}, O::ReducerOptions,
           fb::CreateReducerOptions(m.fbb, keep));
      CHECK(m.read(r, shape) == Result{shape, {code == B::SUM ? 9.0f : 24.0f}});
    }
  {
    Lab m;
    const auto r = m.result({});
    m.op(B::RANK, {m.activation("a", {4, 5, 6})}, {r});
    CHECK(m.read(r, {}) == Result{{}, {3}});
  }
  Lab m;
  const auto s = m.result({3}, T::INT64), r = m.result({3}, T::INT64);
  m.op(B::SHAPE, {m.activation("a", {4, 5, 6})}, {s});
  m.op(B::ADD,
       {s, m.tensor({.name = "k", .type = T::INT64, .shape = {}, .data = bytes_of(std::vector<std::int64_t>{-5})})},
       {r});
  CHECK(m.read(r, {3}) == Result{{3}, {-1, 0, 1}});
}

TEST_CASE("float constants behind QUANTIZE become int8: rounded, moved, clamped") {
  ModelBuilder m;
  const auto x = m.int8("x", {1, 5}, 0.5f, 3), q = m.int8("q", {5}, 0.5f, 3), y = m.int8("y", {1, 5}, 0.5f, 3);
  m.op(B::QUANTIZE, {m.constant("c", {5}, {0.2f, 0.25f, -0.25f, 100, -100})}, {q});
  m.op(B::ADD, {x, q}, {y});
  const Graph g = import_tflite(m.finish({x}, {y}), "t").graph;
  REQUIRE(g.nodes.size() == 1);
  const auto v = g.at(g.nodes[0].inputs.at(1)).as<std::int8_t>();
  CHECK(std::vector<std::int8_t>(v.begin(), v.end()) == std::vector<std::int8_t>{3, 4, 2, 127, -128});
}

TEST_CASE("integers that fit nothing are refused with the reason") {
  const auto refused = [](B code, const std::vector<std::pair<Shape, std::vector<std::int32_t>>>& in, const char* why) {
    CHECK_THROWS_WITH(eval(code, in, {3}), Catch::Contains(why));
  };
  refused(B::ADD, {{{2}, {1, 2}}, {{3}, {1, 2, 3}}}, "do not fit each other");
  refused(B::CONCATENATION, {{{1, 2}, {1, 2}}, {{2}, {1, 2}}}, "differ in rank");
  refused(B::CONCATENATION, {{{1, 2}, {1, 2}}, {{1, 1}, {1}}}, "joined shapes differ");
  refused(B::SLICE, {{{3}, {1, 2, 3}}, {{1}, {4}}, {{1}, {-1}}}, "leaves its input");
  refused(B::SLICE, {{{3}, {1, 2, 3}}, {{1}, {-1}}, {{1}, {1}}}, "leaves its input");
  refused(B::SLICE, {{{3}, {1, 2, 3}}, {{2}, {0, 0}}, {{1}, {1}}}, "do not fit the input");
  refused(B::GATHER, {{{3}, {1, 2, 3}}, {{1}, {3}}}, "outside its input");
  refused(B::GATHER, {{{3}, {1, 2, 3}}, {{1}, {-4}}}, "outside its input");
  refused(B::FILL, {{{1}, {3}}, {{2}, {1, 2}}}, "no single value");
  refused(B::FILL, {{{1}, {-3}}, {{}, {1}}}, "empty dimension");
  refused(B::FILL, {{{2}, {1 << 9, 1 << 9}}, {{}, {1}}}, "too large");
  refused(B::RANGE, {{{}, {0}}, {{}, {3}}, {{}, {0}}}, "impossible step");
  refused(B::RANGE, {{{}, {0}}, {{}, {3}}, {{}, {-1}}}, "impossible step");
  refused(B::RANGE, {{{2}, {0, 1}}, {{}, {3}}, {{}, {1}}}, "no single start");
  refused(B::RESHAPE, {{{3}, {1, 2, 3}}, {{1}, {0}}}, "impossible");
  refused(B::RESHAPE, {{{3}, {1, 2, 3}}, {{2}, {2, 2}}}, "does not fit its values");
  refused(B::NEG, {{{3}, {INT32_MIN, 0, 0}}}, "overflows");
  refused(B::SUB, {{{3}, {INT32_MIN, 0, 0}}, {{}, {1}}}, "overflows");
  refused(B::REDUCE_PROD, {{{3}, {1 << 16, 1 << 16, 1}}, {{1}, {0}}}, "overflows");
}
