// eliminate_dead_channels on random networks: whatever it removes, outputs stay.
#include <functional>

#include "outputs.h"
#include "tinyc/dataset.h"
#include "tinyc/pass.h"
#include "tinyc/text.h"

using namespace tinyc;

namespace {

// Builds a network of convolutions, depthwise layers, sums, concatenations, pools and a dense head, whose weights have
// whole rows and columns of zeros.
class RandomNet {
 public:
  explicit RandomNet(unsigned seed) : random_(seed) {
    Tensor in;
    in.name = "in";
    in.shape = {1, 6, 7, 2};
    std::vector<TensorId> pool{graph_.add(in)};
    graph_.inputs = pool;
    for (int i = 0; i < 7; ++i) pool.push_back(step(pool));
    TensorId x = pool.back();
    if (one_in(2))
      x = apply(Reshape{{1, static_cast<std::int32_t>(num_elements(graph_.at(x).shape))}}, {x});
    else
      x = apply(Mean{{1, 2}, one_in(2)}, {x});
    const auto features = graph_.at(x).shape.back();
    graph_.outputs = {apply(FullyConnected{}, {x, weights({3, features}, 1, 0), vector(3)})};
    verify(graph_);
  }
  Graph take() { return std::move(graph_); }

 private:
  std::int32_t below(std::int32_t n) { return static_cast<std::int32_t>(random_() % static_cast<unsigned>(n)); }
  bool one_in(std::int32_t n) { return below(n) == 0; }
  float real() { return static_cast<float>(below(2001) - 1000) / 500.0f; }

  // Element [..., o, ..., i]: zero where the row or the column was drawn as dead.
  TensorId weights(const Shape& s, std::size_t in_axis, std::size_t out_axis) {
    std::vector<float> v(static_cast<std::size_t>(num_elements(s)));
    std::vector<std::uint8_t> dead_in, dead_out;
    for (std::int32_t c = 0; c < s[in_axis]; ++c) dead_in.push_back(in_axis != out_axis && one_in(4));
    for (std::int32_t c = 0; c < s[out_axis]; ++c) dead_out.push_back(one_in(3));
    const auto coordinate = [&](std::size_t i, std::size_t axis) {
      for (std::size_t d = s.size(); --d > axis;) i /= static_cast<std::size_t>(s[d]);
      return i % static_cast<std::size_t>(s[axis]);
    };
    for (std::size_t i = 0; i < v.size(); ++i) {
      v[i] = real();
      if (dead_in[coordinate(i, in_axis)] || dead_out[coordinate(i, out_axis)]) v[i] = one_in(2) ? 0.0f : v[i] * 1e-25f;
    }
    return graph_.add(make_const("w" + std::to_string(graph_.tensors.size()), s, v));
  }
  TensorId vector(std::int32_t n) {
    std::vector<float> v(static_cast<std::size_t>(n));
    for (float& x : v) x = one_in(3) ? 0.0f : real();
    return graph_.add(make_const("b" + std::to_string(graph_.tensors.size()), {n}, v));
  }
  TensorId apply(OpData op, std::vector<TensorId> in) {
    Tensor out;
    out.name = "t" + std::to_string(graph_.tensors.size());
    const TensorId id = graph_.add(out);
    graph_.nodes.push_back({std::move(op), std::move(in), {id}, out.name, -1});
    infer_shapes(graph_, graph_.nodes.back());
    return id;
  }
  Act act() { return static_cast<Act>(below(3)); }

  TensorId step(const std::vector<TensorId>& pool) {
    const TensorId x =
        pool[pool.size() - 1 -
             static_cast<std::size_t>(below(std::min<std::int32_t>(2, static_cast<std::int32_t>(pool.size()))))];
    const Shape s = graph_.at(x).shape;
    const std::int32_t c = s[3];
    // another tensor of the same picture size (and channels), else x itself
    const auto partner = [&](bool same_channels) {
      for (const TensorId p : pool) {
        const Shape& q = graph_.at(p).shape;
        if (p != x && p != graph_.inputs[0] && q[1] == s[1] && q[2] == s[2] && (!same_channels || q[3] == c)) return p;
      }
      return x;
    };
    switch (below(9)) {
      case 0:
        return apply(DepthwiseConv2D{{1, 1}, {1, 1}, {1, 1, 1, 1}, act()}, {x, weights({1, 3, 3, c}, 3, 3), vector(c)});
      case 1:
        return apply(DepthwiseConv2D{{1, 1}, {1, 1}, {}, act()}, {x, weights({1, 1, 1, 2 * c}, 3, 3), vector(2 * c)});
      case 2: return apply(Add{act()}, {x, partner(true)});
      case 3: return apply(Concatenation{3, Act::none}, {partner(false), x});
      case 4: return s[1] < 3 ? x : apply(AveragePool2D{{2, 2}, {1, 1}, {0, 1, 1, 0}, Act::none}, {x});
      case 5: return s[1] < 3 ? x : apply(Relu{}, {apply(MaxPool2D{{2, 2}, {2, 2}, {}, Act::none}, {x})});
      case 6: {
        const std::int32_t n = 3 + below(4);
        return apply(Conv2D{{1, 1}, {1, 1}, {1, 1, 1, 1}, act()}, {x, weights({n, 3, 3, c}, 3, 0), vector(n)});
      }
      case 7: return apply(Prelu{}, {x, vector(c)});
      default: {
        const std::int32_t n = 3 + below(4);
        std::vector<TensorId> in{x, weights({n, 1, 1, c}, 3, 0)};
        if (!one_in(4)) in.push_back(vector(n));
        return apply(Conv2D{{1, 1}, {1, 1}, {}, act()}, in);
      }
    }
  }

  Graph graph_;
  std::mt19937 random_;
};

std::size_t channels(const Graph& g) {
  std::size_t total = 0;
  for (const Node& n : g.nodes) total += static_cast<std::size_t>(g.at(n.outputs[0]).shape.back());
  return total;
}

// False when all outputs are the same for every input: such a network shows nothing.
bool depends_on_inputs(const Graph& g) {
  const auto out = outputs_on_random_inputs(g, 1, 2);
  return out[0] != out[1] && std::ranges::any_of(out[0], [](float v) { return v != 0; });
}

}  // namespace

TEST_CASE("random float networks keep their outputs without dead channels") {
  std::size_t before = 0, after = 0, compared = 0;
  for (unsigned seed = 0; seed < 400; ++seed) {
    const Graph original = RandomNet(seed).take();
    if (!depends_on_inputs(original)) continue;
    INFO("seed " << seed);
    Graph g = original;
    find_pass("eliminate_dead_channels")->run(g, {});
    REQUIRE_NOTHROW(verify(g));
    check_same_outputs(original, g, seed);
    before += channels(original);
    after += channels(g);
    ++compared;
  }
  CHECK(compared > 150);
  CHECK(after < before * 9 / 10);
}

TEST_CASE("random int8 networks keep every output integer without dead channels") {
  std::size_t before = 0, after = 0, compared = 0;
  for (unsigned seed = 1000; seed < 1300; ++seed) {
    Graph original = RandomNet(seed).take();
    const Dataset samples = synthetic_dataset(original, 4, seed);
    PassOptions options;
    options.calibration = &samples;
    find_pass("calibrate")->run(original, options);
    find_pass("quantize_int8")->run(original, options);
    verify(original);
    if (!depends_on_inputs(original)) continue;
    INFO("seed " << seed);
    Graph g = original;
    find_pass("eliminate_dead_channels")->run(g, {});
    REQUIRE_NOTHROW(verify(g));
    check_same_outputs(original, g, seed);
    before += channels(original);
    after += channels(g);
    ++compared;
  }
  CHECK(compared > 100);
  CHECK(after < before * 9 / 10);
}

TEST_CASE("weights below 1e-20 count as zero, absolutely and against the layer's largest",
          "[eliminate_dead_channels]") {
  const auto removed = [](const std::string& largest, const std::string& smallest) {
    Graph g = parse(
        "%x = input f32[1,2]\n%a = fully_connected(%x, f32[2,2] [1, 2, 3, 4])\n%y = fully_connected(%a, f32[1,2] [" +
        largest + ", " + smallest + "])\noutput %y\n");
    find_pass("eliminate_dead_channels")->run(g, {});
    return g.at(g.nodes.at(0).outputs.at(0)).shape == Shape{1, 1};
  };
  for (const char* largest : {"1", "1000"}) {
    CHECK(removed(largest, "0.5e-20"));
    CHECK(removed(largest, "-0.5e-20"));
    CHECK_FALSE(removed(largest, "2e-20"));
    CHECK_FALSE(removed(largest, "-2e-20"));
  }
  CHECK(removed("1e-10", "0.5e-30"));
  CHECK_FALSE(removed("1e-10", "2e-30"));
  CHECK(removed("-1e-10", "0.5e-30"));
  CHECK_FALSE(removed("-1e-10", "-2e-30"));
}
