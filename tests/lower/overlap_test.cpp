// The poison test of overlaps: random layers of every kernel that permits one run with their output at exactly the
// permitted distance from an operand, where each byte that is overwritten too early poisons the result, and one byte
// nearer, where that must be seen.
#include "catch.h"
#include "oracle/weighted_oracle.h"
#include "tinyc/executor.h"

namespace tinyc {
namespace {

using oracle::Random;

/// The first layer alone, its values wherever the test wants them.
class Bench {
 public:
  Bench(const Graph& g, Random& r, tinyc::Family target, bool fast = false) : program_(lower(g, {target, fast})) {
    program_.layers.resize(1);
    program_.inputs = {layer().in0};
    program_.outputs = {layer().out};
    for (const ValueId id : {layer().in0, layer().in1})
      inputs_.push_back(id < 0 ? oracle::Int8s{} : r.int8s({static_cast<std::int32_t>(value(id).bytes)}));
  }

  Layer& layer() { return program_.layers[0]; }
  Value& value(ValueId id) { return program_.values[static_cast<std::size_t>(id)]; }
  Overlaps overlaps() { return layer().kernel->overlaps ? layer().kernel->overlaps(program_, layer()) : Overlaps{}; }

  void new_inputs(Random& r) {
    for (auto& in : inputs_) in = r.int8s(in.shape.empty() ? Shape{0} : in.shape);
  }

  /// The output with its first byte `distance` bytes behind that of in0, or of in1 (`second`); all else is apart.
  std::vector<std::uint8_t> run(std::int64_t distance, bool second, std::uint8_t fill) {
    Layer& l = layer();
    const std::uint32_t room = 2 * value(l.out).bytes + 2 * value(second ? l.in1 : l.in0).bytes + 64;
    const ValueId under = second ? l.in1 : l.in0, beside = second ? l.in0 : l.in1;
    std::uint32_t next = 2 * room;
    value(under).offset = room;
    value(l.out).offset = static_cast<std::uint32_t>(room + distance);
    if (beside >= 0 && beside != under) {
      value(beside).offset = next;
      next += value(beside).bytes + 3u;
    }
    tinyc_layer& r = l.record;
    r.scratch = next / 16 * 16 + 16;
    program_.arena_bytes = r.scratch + l.scratch_bytes;
    r.in0 = value(l.in0).offset;
    r.in1 = l.in1 < 0 ? 0 : value(l.in1).offset;
    r.out = value(l.out).offset;
    const ProgramExecutor e(program_);
    auto s = e.make_state();
    std::fill_n(s.arena, program_.arena_bytes, fill);
    for (std::size_t k = 0; k < 2; ++k)
      if (!inputs_[k].values.empty())
        std::memcpy(s.arena + (k ? r.in1 : r.in0), inputs_[k].values.data(), inputs_[k].values.size());
    e.run(s);
    return {s.arena + r.out, s.arena + r.out + value(l.out).bytes};
  }

  /// True when the output is what it is with everything apart. Bytes that a part of an output leaves alone are not
  /// looked at.
  bool right(std::int64_t distance, bool second) {
    const std::int64_t far = value(layer().out).bytes + 16;
    const auto want = run(-far, second, 0), other = run(-far, second, 0xA5), got = run(distance, second, 0);
    for (std::size_t i = 0; i < want.size(); ++i)
      if (want[i] == other[i] && got[i] != want[i]) return false;
    return true;
  }

 private:
  Program program_;
  std::vector<oracle::Int8s> inputs_;
};

Graph weighted(Random& r, const OpData& op, const Shape& x, const Shape& w, std::int32_t axis, bool sparse = false) {
  oracle::WeightedCase c;
  c.op = op;
  c.x = r.int8s(x);
  c.w = r.int8s(w);
  for (auto& v : c.w.values)
    if (sparse && r.in(0, 19)) v = 0;
  c.axis = axis;
  c.in = {0.5f, r.in(-20, 20)};
  c.out = {0.5f * static_cast<float>(1 + w.back()), 0};
  c.coded = !sparse && r.in(0, 3) == 0;
  return oracle::graph_of(c);
}

Shape picture(Random& r) { return {r.in(1, 2), r.in(3, 9), r.in(3, 9), r.in(1, 9)}; }

template <bool sparse = false>
Graph conv(Random& r) {
  Conv2D o;
  o.stride = {r.in(1, 3), r.in(1, 3)};
  o.dilation = {r.in(1, 2), r.in(1, 2)};
  const Shape x = picture(r);
  const std::int32_t k_h = r.in(0, 2) ? r.in(1, 3) : 1, k_w = r.in(0, 2) ? r.in(1, 3) : 1;
  o.pad = {r.in(0, 1) * k_h, r.in(0, 2), r.in(0, 1) * k_w, r.in(0, 2)};
  if (k_h == 1 && k_w == 1 && r.in(0, 1)) o.pad = {};
  if (k_h > 1 || k_w > 1) o.pad.bottom = std::max(o.pad.bottom, 2), o.pad.right = std::max(o.pad.right, 2);
  return weighted(r, o, x, {r.in(1, 13), k_h, k_w, x[3]}, 0, sparse);
}

Graph depthwise(Random& r) {
  DepthwiseConv2D o;
  o.stride = {r.in(1, 3), r.in(1, 3)};
  o.dilation = {r.in(1, 2), r.in(1, 2)};
  o.pad = {r.in(0, 3), 2, r.in(0, 3), 2};
  const Shape x = picture(r);
  if (r.in(0, 2)) return weighted(r, o, x, {1, r.in(1, 3), r.in(1, 3), x[3] * r.in(1, 3)}, 3);
  o = {};
  o.pad = {1, 1, 1, 1};
  return weighted(r, o, x, {1, 3, 3, x[3]}, 3);
}

template <bool sparse = false>
Graph matrix(Random& r) {
  FullyConnected o;
  o.keep_dims = true;
  const Shape x{r.in(1, 6), r.in(1, 20)};
  return weighted(r, o, x, {r.in(1, 20), x[1]}, 0, sparse);
}

template <class P>
Graph pool(Random& r) {
  P o;
  o.kernel = {r.in(1, 3), r.in(1, 3)};
  o.stride = {r.in(1, 3), r.in(1, 3)};
  o.pad = {o.kernel.h - 1, 0, 0, o.kernel.w - 1};
  return oracle::int8_graph(o, {{r.int8s(picture(r))}}, {});
}

template <class Op>
Graph binary(Random& r) {
  const Shape a = picture(r);
  Shape b = a;
  if (r.in(0, 1)) b[static_cast<std::size_t>(r.in(0, 3))] = 1;
  oracle::Scale out{};
  if constexpr (!std::is_same_v<Op, Maximum> && !std::is_same_v<Op, Prelu>) out.scale = 1.5f;
  return oracle::int8_graph(Op{}, {{r.int8s(a)}, {r.int8s(b)}}, out);
}

template <class Op>
Graph unary(Random& r, oracle::Scale out = {}) {
  return oracle::int8_graph(Op{}, {{r.int8s({r.in(1, 5), r.in(2, 9)}), {0.1f}}}, out);
}

template <class Op>
Graph reduction(Random& r) {
  Op o;
  for (std::int32_t a = 0; a < 4; ++a)
    if (r.in(0, 1)) o.axes.push_back(a);
  if (o.axes.empty()) o.axes = {r.in(0, 3)};
  return oracle::int8_graph(o, {{r.int8s(picture(r))}}, {});
}

Graph move(Random& r) {
  const Shape s = picture(r);
  if (r.in(0, 1)) {
    Transpose o;
    o.perm = {0, 1, 2, 3};
    for (std::size_t i = 3; i > 0; --i) std::swap(o.perm[i], o.perm[static_cast<std::size_t>(r.in(0, 3)) % (i + 1)]);
    return oracle::int8_graph(o, {{r.int8s(s)}}, {});
  }
  Concatenation o;
  o.axis = r.in(1, 3);
  return oracle::int8_graph(o, {{r.int8s(s)}, {r.int8s(s)}}, {});
}

struct Layers {
  const char* name;
  Graph (*make)(Random&);
  enum class Nearer : std::uint8_t {
    breaks,            ///< one byte nearer must show, also where the output may lie exactly over the operand
    breaks_from_afar,  ///< where the least distance is not 0
    may_work           ///< the distance is more than necessary
  } nearer;
  bool fast = false;  ///< lowered for speed
};

using enum Layers::Nearer;
const Layers kLayers[] = {
    {"conv_2d", conv<>, breaks_from_afar},
    {"conv_2d by lists", conv<true>, may_work, true},  // a whole row of windows is gathered before a pixel is written
    {"depthwise_conv_2d", depthwise, breaks_from_afar},
    {"fully_connected", matrix<>, breaks_from_afar},
    {"fully_connected by lists", matrix<true>, may_work, true},  // most inputs meet no weight
    {"average_pool_2d", pool<AveragePool2D>, breaks_from_afar},
    {"max_pool_2d", pool<MaxPool2D>, breaks_from_afar},
    {"add", binary<Add>, breaks},
    {"sub", binary<Sub>, breaks},
    {"mul", binary<Mul>, breaks},
    {"maximum", binary<Maximum>, breaks},
    {"squared_difference", binary<SquaredDifference>, breaks},
    {"prelu", binary<Prelu>, breaks},
    {"tanh", [](Random& r) { return unary<Tanh>(r, {1.0f / 128, 0}); }, breaks},
    {"softmax", [](Random& r) { return unary<Softmax>(r, {1.0f / 256, -128}); }, breaks},
    {"l2_normalization", [](Random& r) { return unary<L2Normalization>(r, {1.0f / 128, 0}); }, breaks},
    {"quantize", [](Random& r) { return unary<Quantize>(r, {0.2f, 3}); }, breaks},
    {"mean", reduction<Mean>, breaks_from_afar},
    {"reduce_max", reduction<ReduceMax>, breaks_from_afar},
    {"copies", move, may_work},  // runs of bytes may not even touch their own copies
};

TEST_CASE("outputs at the permitted distance are right, and one byte nearer they are not") {
  for (const Layers& family : kLayers) {
    Random r(31);
    int permitted = 0, nearer = 0, seen = 0, backwards = 0, exact = 0, lists = 0;
    for (int i = 0; i < 400; ++i) {
      // on the host most kernels of a family run as portable ones, which may come nearer: only these must break
      const tinyc::Family target = i % 2 ? static_cast<tinyc::Family>(1 + i / 2 % 3) : tinyc::Family::portable;
      Bench bench(family.make(r), r, target, family.fast);
      const Overlaps o = bench.overlaps();
      lists += bench.layer().kernel->list;
      for (const bool second : {false, true}) {
        if (second && (bench.layer().in1 < 0 || bench.layer().in1 == bench.layer().in0)) continue;
        const Overlap may = second ? o.in1 : o.in0;
        CAPTURE(family.name, i, second, may.below, may.above, bench.layer().kernel->symbol);
        const auto check = [&](std::int64_t distance, std::int64_t too_near, bool tight) {
          ++permitted;
          REQUIRE(bench.right(distance, second));
          if (!tight || target != tinyc::Family::portable) return;
          ++nearer;
          bool wrong = false;  // a product with a zero, or a clamp, may hide it
          for (int k = 0; k < 8 && !wrong; ++k) {
            wrong = !bench.right(too_near, second);
            if (!wrong) bench.new_inputs(r);
          }
          seen += wrong;
        };
        const auto out = static_cast<std::int64_t>(bench.value(bench.layer().out).bytes);
        if (may.below >= 0) {
          check(-may.below, 1 - std::int64_t{may.below}, may.below > 0 || family.nearer == breaks);
          REQUIRE(bench.right(-may.below - r.in(1, 9), second));
          REQUIRE(may.below <= out + static_cast<std::int64_t>(bench.value(bench.layer().in0).bytes));
        }
        if (may.exact) {
          ++exact;
          REQUIRE(bench.right(0, second));
        }
        if (may.above > 0) {
          ++backwards;
          check(may.above, may.above - 1, may.above > 1);
          REQUIRE(bench.right(may.above + r.in(1, 9), second));
        }
      }
    }
    if (family.fast) CHECK(lists >= 50);
    INFO(family.name << ": " << permitted << " layers, " << nearer << " with a distance, " << seen << " broken nearer");
    CHECK(permitted >= 40);
    if (family.make == depthwise) {
      CHECK(backwards >= 40);
      CHECK(exact >= 10);
    }
    if (family.nearer != may_work) CHECK(seen * 100 >= nearer * 90);
  }
}

}  // namespace
}  // namespace tinyc
