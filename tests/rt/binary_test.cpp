// The int8 kernels of two operands, bit for bit against TFLite's formulas without the kernels' shortcuts.
#include "catch.h"
#include "oracle/elem_oracle.h"

using namespace tinyc;
using namespace oracle;

namespace {

struct Operands {
  Int8In a, b;
  Scale out;
};

std::int64_t add_like(int a, int b, const Operands& o, int sign, double ratio_a, double ratio_b, double ratio_out) {
  const auto x = scaled((std::int64_t{a} - o.a.q.zero_point) << 20, ratio_a);
  const auto y = scaled((std::int64_t{b} - o.b.q.zero_point) << 20, ratio_b);
  return scaled(x + sign * y, ratio_out) + o.out.zero_point;
}

std::int64_t add(int a, int b, const Operands& o) {
  const double twice = 2.0 * static_cast<double>(std::max(o.a.q.scale, o.b.q.scale));
  return add_like(a, b, o, 1, static_cast<double>(o.a.q.scale) / twice, static_cast<double>(o.b.q.scale) / twice,
                  twice / (1048576.0 * static_cast<double>(o.out.scale)));
}

// the ratios in float
std::int64_t sub(int a, int b, const Operands& o) {
  const float twice = 2.0f * std::max(o.a.q.scale, o.b.q.scale);
  const float ratio_a = o.a.q.scale / twice, ratio_b = o.b.q.scale / twice,
              ratio_out = twice / (1048576.0f * o.out.scale);
  return add_like(a, b, o, -1, static_cast<double>(ratio_a), static_cast<double>(ratio_b),
                  static_cast<double>(ratio_out));
}

std::int64_t mul(int a, int b, const Operands& o) {
  const double real =
      static_cast<double>(o.a.q.scale) * static_cast<double>(o.b.q.scale) / static_cast<double>(o.out.scale);
  return scaled(std::int64_t{a - o.a.q.zero_point} * (b - o.b.q.zero_point), real) + o.out.zero_point;
}

std::int64_t squared_difference(int a, int b, const Operands& o) {
  const double twice = 2.0 * static_cast<double>(std::max(o.a.q.scale, o.b.q.scale));
  const auto x = scaled(std::int64_t{a - o.a.q.zero_point} * 128, static_cast<double>(o.a.q.scale) / twice);
  const auto y = scaled(std::int64_t{b - o.b.q.zero_point} * 128, static_cast<double>(o.b.q.scale) / twice);
  return scaled((x - y) * (x - y), twice * twice / (16384.0 * static_cast<double>(o.out.scale))) + o.out.zero_point;
}

std::int64_t prelu(int a, int b, const Operands& o) {
  const double in = static_cast<double>(o.a.q.scale), out = static_cast<double>(o.out.scale);
  const std::int64_t x = a - o.a.q.zero_point;
  const auto y =
      x >= 0 ? scaled(x, in / out) : scaled(x * (b - o.b.q.zero_point), in * static_cast<double>(o.b.q.scale) / out);
  return y + o.out.zero_point;
}

// Shapes that broadcast to one shape of 1 ... 6 dimensions.
std::pair<Shape, Shape> shapes(Random& r) {
  const Shape full = r.shape(r.in(1, 6), 4);
  Shape a = full, b = full;
  if (r.in(0, 3) > 0)
    for (std::size_t d = 0; d < full.size(); ++d) {
      const int which = r.in(0, 3);
      if (which == 0) a[d] = 1;
      if (which == 1) b[d] = 1;
    }
  Shape& shorter = r.in(0, 1) ? a : b;
  if (r.in(0, 2) == 0) shorter.erase(shorter.begin(), shorter.begin() + r.in(0, static_cast<int>(full.size()) - 1));
  return {a, b};
}

using Reference = std::int64_t (*)(int, int, const Operands&);

void compare(const OpData& op, const Operands& o, Act act, Reference reference) {
  const auto [lo, hi] = act_bounds(act, o.out);
  const Int8s expected = broadcast(
      o.a.data, o.b.data, [&, low = lo, high = hi](int a, int b) { return clamped(reference(a, b, o), low, high); });
  CAPTURE(name_of(kind(op)), o.a.data.shape, o.b.data.shape, o.a.constant, o.b.constant, o.a.q.scale, o.b.q.scale,
          o.out.scale, o.a.q.zero_point, o.b.q.zero_point, o.out.zero_point);
  REQUIRE(run_int8(op, {o.a, o.b}, o.out) == expected);
}

template <class Op>
void random_rounds(std::uint64_t seed, Reference reference, const std::function<float(const Operands&)>& out_scale) {
  Random r(seed);
  for (int round = 0; round < 300; ++round) {
    const auto [a, b] = shapes(r);
    const int constant = r.in(0, 3);
    Operands o{
        {r.int8s(a), random_scale(r, -8, 1), constant == 0}, {r.int8s(b), random_scale(r, -8, 1), constant == 1}, {}};
    if (r.in(0, 3) == 0) o.b.q.scale = o.a.q.scale;
    o.out = random_scale(r, -2, 3);
    o.out.scale *= out_scale(o);
    Op op;
    op.act = static_cast<Act>(r.in(0, 3));
    compare(op, o, op.act, reference);
  }
}

float larger_scale(const Operands& o) { return std::max(o.a.q.scale, o.b.q.scale); }

// Every pair of int8 values as one 256 x 256 operation.
Operands every_pair(Scale a, Scale b, Scale out) {
  Operands o{{{{256, 256}, {}}, a}, {{{256, 256}, {}}, b}, out};
  for (int x = -128; x < 128; ++x)
    for (int y = -128; y < 128; ++y) {
      o.a.data.values.push_back(static_cast<std::int8_t>(x));
      o.b.data.values.push_back(static_cast<std::int8_t>(y));
    }
  return o;
}

}  // namespace

TEST_CASE("int8 add equals its reference", "[add]") { random_rounds<Add>(1, add, larger_scale); }

TEST_CASE("int8 sub equals its reference", "[sub]") { random_rounds<Sub>(2, sub, larger_scale); }

TEST_CASE("int8 mul equals its reference", "[mul]") {
  random_rounds<Mul>(3, mul, [](const Operands& o) { return o.a.q.scale * o.b.q.scale * 8; });
}

TEST_CASE("int8 add and sub equal their references for every pair of values", "[add][sub]") {
  Random r(4);
  for (int round = 0; round < 6; ++round) {
    Operands o = every_pair(random_scale(r, -4, 0), random_scale(r, -4, 0), random_scale(r, -4, 1));
    if (round == 0) o.b.q.scale = o.a.q.scale;
    if (round == 1) o.b.q.scale = o.a.q.scale * 0.75f;  // a short multiplier: products that are ties
    if (round == 2) o.a.q.scale = o.b.q.scale * 0.375f;
    compare(Add{}, o, Act::none, add);
    compare(Sub{}, o, Act::none, sub);
  }
}

TEST_CASE("int8 mul with multipliers of one and more", "[mul]") {
  for (const float out : {0.25f, 0.03f, 0.0001f, 1e-7f}) {
    const Operands o = every_pair({0.5f, 3}, {0.5f, -7}, {out, 1});
    compare(Mul{}, o, Act::none, mul);
  }
}

TEST_CASE("int8 squared difference equals its reference", "[squared_difference]") {
  Random r(5);
  for (int round = 0; round < 300; ++round) {
    const auto [a, b] = shapes(r);
    const int constant = r.in(0, 3);
    Operands o{
        {r.int8s(a), random_scale(r, -6, 0), constant == 0}, {r.int8s(b), random_scale(r, -6, 0), constant == 1}, {}};
    o.out = random_scale(r, 0, 8);
    o.out.scale *= larger_scale(o) * larger_scale(o);
    compare(SquaredDifference{}, o, Act::none, squared_difference);
  }
}

TEST_CASE("int8 prelu equals its reference", "[prelu]") {
  Random r(6);
  for (int round = 0; round < 300; ++round) {
    Shape in = r.shape(r.in(1, 5), 5), alpha = in;
    for (auto& d : alpha)
      if (r.in(0, 1)) d = 1;
    if (r.in(0, 1)) alpha.erase(alpha.begin(), alpha.end() - 1);
    const bool constant = r.in(0, 4) > 0;
    const Operands o{{r.int8s(in), random_scale(r, -6, 0)},
                     {r.int8s(alpha), random_scale(r, -9, -3), constant},
                     random_scale(r, -6, 0)};
    compare(Prelu{}, o, Act::none, prelu);
  }
  REQUIRE(lower_rejects(Prelu{}, {{{{2}, {1, 2}}, {}, true}, {{{2}, {1, 2}}}}, {}));
}

TEST_CASE("int8 maximum and minimum", "[maximum][minimum]") {
  Random r(7);
  for (int round = 0; round < 200; ++round) {
    const auto [a, b] = shapes(r);
    const int constant = r.in(0, 3);
    const Scale q = random_scale(r, -6, 0);
    const Int8In x{r.int8s(a), q, constant == 0}, y{r.int8s(b), q, constant == 1};
    const auto pick = [&](bool largest) {
      return broadcast(x.data, y.data, [=](int u, int v) {
        return static_cast<std::int8_t>(largest ? std::max(u, v) : std::min(u, v));
      });
    };
    REQUIRE(run_int8(Maximum{}, {x, y}, q) == pick(true));
    REQUIRE(run_int8(Minimum{}, {x, y}, q) == pick(false));
    REQUIRE(lower_rejects(Maximum{}, {x, y}, {q.scale * 2, q.zero_point}));
    REQUIRE(lower_rejects(Minimum{}, {x, y}, {q.scale, q.zero_point ^ 1}));
  }
}

TEST_CASE("two constant operands and impossible scales are refused", "[add]") {
  const Int8s x{{2}, {1, 2}};
  REQUIRE(lower_rejects(Add{}, {{x, {}, true}, {x, {}, true}}, {}));
  REQUIRE(lower_rejects(Add{}, {{x, {1.0f, 0}}, {x, {1.0f, 0}}}, {1e-7f, 0}));
}

namespace {

std::string kernel(const OpData& op, const Operands& o) {
  return lower(int8_graph(op, {o.a, o.b}, o.out)).layers.at(0).kernel->symbol;
}

}  // namespace

TEST_CASE("a plain addition links the small kernel", "[add]") {
  const Operands same{
      {{{2, 3}, {1, 2, 3, 4, 5, 6}}, {0.11f, 3}}, {{{2, 3}, {1, 2, 3, 4, 5, 6}}, {0.07f, -5}}, {0.19f, 2}};
  const Operands row{same.a, {{{3}, {1, 2, 3}}, {0.07f, -5}}, same.out};
  REQUIRE(kernel(Add{}, same) == "tinyc_add_affine");
  REQUIRE(kernel(Add{}, row) == "tinyc_add_affine_broadcast");
  REQUIRE(kernel(Sub{}, same) == "tinyc_add_affine");
  REQUIRE(kernel(Mul{}, same) == "tinyc_mul_affine");
  REQUIRE(kernel(Mul{}, row) == "tinyc_mul_affine_broadcast");
  REQUIRE(lower(int8_graph(Add{}, {same.a, same.a}, {})).arena_bytes == 14);  // operands at 0 and 8, the sum in place
}

TEST_CASE("factors a little too large send ties away from zero", "[add]") {
  const Operands o = every_pair({0.5f, 3}, {0.5f, -7}, {1.0f, 2});
  REQUIRE(kernel(Add{}, o) == "tinyc_add_affine");
  compare(Add{}, o, Act::none, add);
}

TEST_CASE("where one rounding cannot give the reference's outputs, the reference's own arithmetic stays",
          "[add][mul]") {
  // a step of an operand is hundreds of steps of the output
  Operands sum = every_pair({0.5f, 3}, {0.3f, -7}, {0.001f, 2});
  REQUIRE(kernel(Add{}, sum) == "tinyc_add");
  compare(Add{}, sum, Act::none, add);
  compare(Sub{Act::relu}, sum, Act::relu, sub);
  // one unit of the product is more than one of the output
  Operands product = every_pair({0.5f, 3}, {0.5f, -7}, {0.2f, 2});
  REQUIRE(kernel(Mul{}, product) == "tinyc_mul");
  compare(Mul{Act::relu6}, product, Act::relu6, mul);
  for (Operands* o : {&sum, &product}) {
    o->a.data = {{16, 1}, {-128, -77, -40, -5, -4, -1, 0, 1, 2, 3, 4, 5, 50, 99, 126, 127}};
    o->b.data = {{16}, {127, -77, 41, -4, -4, 1, 0, 127, -128, -7, -6, -8, -50, 99, -127, 126}};
  }
  REQUIRE(kernel(Add{}, sum) == "tinyc_add_broadcast");
  REQUIRE(kernel(Mul{}, product) == "tinyc_mul_broadcast");
  compare(Add{}, sum, Act::none, add);
  compare(Mul{}, product, Act::none, mul);
}

TEST_CASE("a value broadcast against itself under another shape is not overwritten", "[add]") {
  Graph g = int8_graph(Reshape{{2, 1}}, {{{{1, 2}, {0, 0}}, {0.5f, 0}}}, {0.5f, 0});
  Tensor sum = g.at(g.outputs[0]);
  Node n{Add{}, {g.inputs[0], g.outputs[0]}, {g.add(sum)}, "sum", 1};
  infer_shapes(g, n);
  g.outputs = n.outputs;
  g.nodes.push_back(n);
  verify(g);
  REQUIRE(run_int8(g, {{{{1, 2}, {3, 10}}, {}}}).values == std::vector<std::int8_t>{6, 13, 13, 20});
}
