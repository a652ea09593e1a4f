// Every operator's backward step against finite differences, and the products they are made of.
#include "oracle/gradient.h"

#include <set>

#include "catch.h"
#include "ops/gemm.h"

using namespace tinyc;
using namespace oracle;

namespace {

constexpr double kSmooth = 5e-3;

/// Distinct values in [-2, 2], each with a place of its own, none near a multiple of 1/4: no step crosses a kink.
Floats apart(Random& r, const Shape& shape) {
  Floats x{shape, {}};
  std::set<int> used;
  const auto n = static_cast<std::size_t>(num_elements(shape));
  const auto unit = static_cast<std::int32_t>(1 + n / 32);  // 64 places for every 32 values
  while (x.values.size() < n) {
    const int at = r.in(0, 64 * unit - 1);
    if (at % 4 == 0 || !used.insert(at).second) continue;
    x.values.push_back((static_cast<float>(at) + 0.5f) / static_cast<float>(16 * unit) - 2);
  }
  return x;
}

/// Values in [0.5, 2].
Floats positive(Random& r, const Shape& shape) {
  Floats x = apart(r, shape);
  for (float& v : x.values) v = 0.5f + 0.75f * (v + 2) / 2;
  return x;
}

std::set<std::string>& checked() {
  static std::set<std::string> names;
  return names;
}

void check(const OpData& op, const std::vector<Floats>& in, std::size_t differentiable = 8, float step = 1.0f / 256) {
  checked().insert(traits(op).name);
  INFO(traits(op).name);
  CHECK(gradient_error(op, in, differentiable, step) < kSmooth);
}

template <class T>
OpData with(T op) {
  return op;
}

}  // namespace

TEST_CASE("gradients of weighted operators: shapes, strides, padding, dilation, groups", "[gradient]") {
  Random r(5);
  for (int i = 0; i < 40; ++i) {
    const auto act = i % 4 == 3 ? Act::relu : Act::none;
    const std::int32_t groups = r.in(1, 2), kh = r.in(1, 3), kw = r.in(1, 3), c = r.in(1, 3), oc = groups * r.in(1, 3);
    const Shape x{r.in(1, 2), r.in(4, 6), r.in(4, 6), groups * c};
    Conv2D o;
    o.stride = {r.in(1, 2), r.in(1, 3)};
    o.dilation = {kh > 2 ? 1 : r.in(1, 2), kw > 2 ? 1 : r.in(1, 2)};
    o.pad = {r.in(0, 1), r.in(0, 2), r.in(0, 2), r.in(0, 1)};
    if (i % 8 == 0) o = {};
    o.act = act;
    check(o, {random_floats(r, x), random_floats(r, {oc, kh, kw, c}), random_floats(r, {oc})}, 8, 1.0f / 1024);
    const std::int32_t multiplier = r.in(1, 2);
    DepthwiseConv2D d;
    d.stride = o.stride;
    d.dilation = o.dilation;
    d.pad = o.pad;
    d.act = act;
    check(
        d,
        {random_floats(r, x), random_floats(r, {1, kh, kw, x[3] * multiplier}), random_floats(r, {x[3] * multiplier})},
        8, 1.0f / 1024);
    TransposeConv t;
    t.stride = {r.in(1, 2), r.in(1, 2)};
    t.pad = {r.in(0, kh - 1), r.in(0, kh - 1), r.in(0, kw - 1), r.in(0, kw - 1)};
    t.act = act;
    check(t, {random_floats(r, {1, 3, 4, c}), random_floats(r, {oc, kh, kw, c}), random_floats(r, {oc})}, 8,
          1.0f / 1024);
    FullyConnected f;
    f.act = act;
    const std::int32_t in = r.in(1, 20), out = r.in(1, 35);
    check(f, {random_floats(r, {r.in(1, 4), in}), random_floats(r, {out, in}), random_floats(r, {out})}, 8,
          1.0f / 1024);
    BatchMatmul b;
    b.adj_x = i & 1;
    b.adj_y = i & 2;
    const std::int32_t m = r.in(1, 4), k = r.in(1, 5), n = r.in(1, 4);
    check(b, {random_floats(r, b.adj_x ? Shape{2, k, m} : Shape{2, m, k}),
              random_floats(r, b.adj_y ? Shape{1, n, k} : Shape{1, k, n})});
  }
}

TEST_CASE("gradients of element-by-element operators", "[gradient]") {
  Random r(6);
  const Shape s{2, 3, 5};
  for (const OpData& op :
       {with(Logistic{}), with(Tanh{}), with(Relu{}), with(Relu6{}), with(ReluN1To1{}), with(LeakyRelu{0.2f}),
        with(Elu{}), with(HardSwish{}), with(Abs{}), with(Neg{}), with(Square{}), with(Exp{}), with(Gelu{false}),
        with(Gelu{true}), with(Sin{}), with(Cos{}), with(Quantize{}), with(Dequantize{})})
    check(op, {apart(r, s)});
  for (const OpData& op : {with(Sqrt{}), with(Rsqrt{}), with(Log{})}) check(op, {positive(r, s)}, 8, 1.0f / 512);
  for (const OpData& op : {with(HardSwish{}), with(Relu6{})}) {
    Floats wide = apart(r, s);
    for (float& v : wide.values) v = v * 3 + 1;
    check(op, {wide});
  }
  for (const OpData& op : {with(Add{}), with(Add{Act::relu}), with(Sub{}), with(Mul{}), with(Mul{Act::relu6}),
                           with(Maximum{}), with(Minimum{}), with(SquaredDifference{})}) {
    check(op, {apart(r, {2, 3, 4}), apart(r, {2, 3, 4})});
    check(op, {apart(r, {2, 3, 4}), apart(r, {4})});
    check(op, {apart(r, {3, 1}), apart(r, {2, 1, 4})});
  }
  check(Prelu{}, {apart(r, {1, 2, 3, 4}), apart(r, {1, 1, 4})});
  for (const OpData& op : {with(Floor{}), with(Ceil{}), with(Round{})}) check(op, {apart(r, s)});
}

TEST_CASE("gradients of pools, reductions and normalizations", "[gradient]") {
  Random r(7);
  for (int i = 0; i < 20; ++i) {
    const Pair kernel{r.in(1, 3), r.in(1, 3)}, stride{r.in(1, 3), r.in(1, 2)};
    const Pads pad{r.in(0, kernel.h - 1), r.in(0, kernel.h - 1), r.in(0, kernel.w - 1), r.in(0, kernel.w - 1)};
    const Floats x = apart(r, {r.in(1, 2), r.in(3, 5), r.in(3, 5), r.in(1, 2)});
    check(AveragePool2D{kernel, stride, pad, Act::none}, {x});
    check(AveragePool2D{kernel, stride, pad, Act::relu}, {random_floats(r, x.shape)}, 8, 1.0f / 4096);
    check(MaxPool2D{kernel, stride, pad, Act::none}, {x});
    check(MaxPool2D{kernel, stride, pad, Act::relu}, {x});
  }
  for (const Ints& axes : {Ints{1, 2}, Ints{-1}, Ints{0, 2}, Ints{}}) {
    const Floats x = apart(r, {2, 3, 4});
    check(Mean{axes, true}, {x});
    check(Sum{axes, false}, {x});
    check(ReduceMax{axes, false}, {x});
    check(ReduceMin{axes, true}, {x});
  }
  check(Softmax{1.0f}, {random_floats(r, {3, 5})});
  check(Softmax{2.5f}, {random_floats(r, {2, 2, 3})});
  check(L2Normalization{}, {random_floats(r, {4, 5})});
}

TEST_CASE("gradients of operators that move elements", "[gradient]") {
  Random r(8);
  check(Reshape{{4, 6}}, {apart(r, {2, 3, 4})});
  check(Transpose{{2, 0, 1}}, {apart(r, {2, 3, 4})});
  check(Pad{{0, 1, 2}, {1, 0, 1}, 3.5f}, {apart(r, {2, 3, 2})});
  check(MirrorPad{{1, 2}, {2, 1}, true}, {apart(r, {3, 4})});
  check(MirrorPad{{1, 2}, {2, 1}, false}, {apart(r, {3, 4})});
  check(StridedSlice{{1, 0}, {2, 3}, {1, 2}}, {apart(r, {3, 6})});
  check(Concatenation{1, Act::none}, {apart(r, {2, 3}), apart(r, {2, 2})});
  check(Concatenation{0, Act::relu}, {apart(r, {2, 3}), apart(r, {1, 3})});
  check(SpaceToDepth{2}, {apart(r, {1, 4, 2, 3})});
  check(DepthToSpace{2}, {apart(r, {1, 2, 2, 8})});
  check(Gather{1, 0, {2, 0, 2}}, {apart(r, {2, 3, 2})});
  check(Gather{0, 0, {}}, {apart(r, {4, 2}), Floats{{3}, {3, 0, 3}}}, 1);
  for (const bool align : {false, true})
    for (const bool half : {false, true}) {
      if (align && half) continue;
      check(ResizeBilinear{{5, 3}, align, half}, {apart(r, {1, 3, 2, 2})});
      check(ResizeNearestNeighbor{{5, 3}, align, half}, {apart(r, {1, 3, 2, 2})});
    }
}

TEST_CASE("every operator's gradient is checked, or it has none", "[gradient]") {
  if (checked().empty()) return;  // run alone
  for (std::size_t k = 0; k < kOpCount; ++k) {
    const OpTraits& row = traits(static_cast<OpKind>(k));
    INFO(row.name);
    CHECK((checked().count(row.name) == 1 || row.backward == &stop_gradient));
  }
}

TEST_CASE("a wrong gradient is found", "[gradient]") {
  // relu where the true function is leaky: what the check compares must differ
  Random r(9);
  const Floats x = apart(r, {4, 5});
  auto gradient = backward(LeakyRelu{0.2f}, {x});
  const auto relu = backward(Relu{}, {x});
  CHECK(gradient[0].values != relu[0].values);
  CHECK(gradient_error(Abs{}, {Floats{{1}, {0.001f}}}) > 0.5);  // a kink inside the step
}

TEST_CASE("batched operators give the same for several samples as one by one", "[gradient]") {
  Random r(10);
  Conv2D conv;
  conv.pad = {1, 1, 1, 1};
  conv.act = Act::relu;
  DepthwiseConv2D depthwise;
  depthwise.pad = conv.pad;
  struct Case {
    OpData op;
    Shape x, w;
    std::int32_t out;
  };
  for (const Case& c : {Case{conv, {1, 4, 5, 3}, {6, 3, 3, 3}, 6}, Case{depthwise, {1, 4, 5, 3}, {1, 3, 3, 3}, 3},
                        Case{FullyConnected{}, {1, 12}, {7, 12}, 7}}) {
    constexpr std::int64_t samples = 3;
    REQUIRE(traits(c.op).batched);
    const Floats w = random_floats(r, c.w), b = random_floats(r, {c.out});
    std::vector<Floats> xs, ys;
    std::vector<float> all;
    for (int s = 0; s < samples; ++s) {
      xs.push_back(random_floats(r, c.x));
      all.insert(all.end(), xs.back().values.begin(), xs.back().values.end());
      ys.push_back(run_float(c.op, {xs.back(), w, b})[0]);
    }
    std::vector<float> out(ys[0].values.size() * samples), scratch, gx(all.size()), gw(w.values.size()),
        gb(b.values.size());
    const std::vector<FloatIn> in{{all.data(), &c.x}, {w.values.data(), &c.w}, {b.values.data(), &b.shape}};
    const FloatOut to{out.data(), &ys[0].shape};
    traits(c.op).forward({c.op, in, {&to, 1}, scratch, samples});
    for (int s = 0; s < samples; ++s)
      CHECK(std::equal(ys[static_cast<std::size_t>(s)].values.begin(), ys[static_cast<std::size_t>(s)].values.end(),
                       out.begin() + s * static_cast<std::ptrdiff_t>(ys[0].values.size())));
    std::vector<float> seed(out.size(), 1.0f), gx1(gx.size()), gw1(gw.size()), gb1(gb.size());
    const auto run = [&](std::int64_t first, std::int64_t count, float* dx, float* dw, float* db) {
      const auto n = static_cast<std::ptrdiff_t>(ys[0].values.size()),
                 m = static_cast<std::ptrdiff_t>(xs[0].values.size());
      const std::vector<FloatIn> inputs{{all.data() + first * m, &c.x}, in[1], in[2]};
      const FloatIn made{out.data() + first * n, &ys[0].shape};
      const float* g = seed.data() + first * n;
      std::vector<float*> grads{dx + first * m, dw, db};
      traits(c.op).backward({c.op, inputs, {&made, 1}, {&g, 1}, grads, scratch, count});
    };
    run(0, samples, gx.data(), gw.data(), gb.data());
    for (int s = 0; s < samples; ++s) run(s, 1, gx1.data(), gw1.data(), gb1.data());
    CHECK(gx == gx1);
    for (std::size_t i = 0; i < gw.size(); ++i) CHECK(gw[i] == Approx(gw1[i]).margin(1e-4));
    CHECK(gb == gb1);
  }
}

TEST_CASE("gemm equals a plain sum for all shapes, strides, runs and overlapping rows", "[gemm]") {
  Random r(11);
  for (int i = 0; i < 300; ++i) {
    const std::int64_t m = r.in(1, 20), n = r.in(1, 70), k = r.in(1, 20),
                       overlap = i % 3 ? 0 : r.in(0, static_cast<std::int32_t>(n) - 1);
    const std::int64_t b_row = n + r.in(0, 3), c_row = n - overlap + (overlap ? 0 : r.in(0, 3));
    const bool swapped = i % 2;
    const Strided layout{nullptr, swapped ? 1 : k + 1, swapped ? m + 2 : 1};
    const Runs runs{r.in(1, 3), r.in(0, 9), r.in(0, 9)};
    const Store store = overlap || r.in(0, 1) ? Store::add : Store::set;
    const auto a = random_floats(r, {static_cast<std::int32_t>((m + 2) * (k + 2) + 2 * runs.a)}).values;
    const auto b = random_floats(r, {static_cast<std::int32_t>(k * b_row + 2 * runs.b)}).values;
    auto c = random_floats(r, {static_cast<std::int32_t>(m * c_row + n + 5)}).values;
    auto expected = c;
    for (std::int64_t x = 0; x < m; ++x)
      for (std::int64_t y = 0; y < n; ++y) {
        float sum = 0;
        for (std::int64_t run = 0; run < runs.count; ++run)
          for (std::int64_t z = 0; z < k; ++z)
            sum = std::fma(a[static_cast<std::size_t>(run * runs.a + x * layout.row + z * layout.col)],
                           b[static_cast<std::size_t>(run * runs.b + z * b_row + y)], sum);
        float& to = expected[static_cast<std::size_t>(x * c_row + y)];
        to = store == Store::add ? to + sum : sum;
      }
    gemm(store, m, n, k, {a.data(), layout.row, layout.col}, b.data(), b_row, c.data(), c_row, runs);
    if (!overlap) CHECK(c == expected);  // to the bit: the order of sums is fixed
    for (std::size_t j = 0; j < c.size(); ++j) CHECK(c[j] == Approx(expected[j]).margin(1e-4));
  }
}
