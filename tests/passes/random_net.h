// Random networks whose channels are tied in many ways.
#pragma once
#include <random>

#include "outputs.h"

namespace tinyc {

/// Builds a network of convolutions, depthwise layers, sums, concatenations, pools and a dense head. `dead`: weights
/// have whole rows and columns of zeros. The other kinds have more operators: `zero_stays` those that map zero to zero,
/// `any` others too; `dead_any` is both.
class RandomNet {
 public:
  enum class Kind : std::uint8_t { dead, dead_any, zero_stays, any };
  explicit RandomNet(unsigned seed, Kind kind = Kind::dead) : random_(seed), kind_(kind) {
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
      if (kind_ != Kind::dead && kind_ != Kind::dead_any) continue;
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
    switch (below(kind_ == Kind::dead ? 9 : kind_ == Kind::zero_stays ? 13 : 15)) {
      case 9: return apply(Mul{act()}, {x, vector(c)});
      case 10: return s[1] > 8 ? x : apply(Pad{{0, 0, 1, 0}, {0, 1, 0, 0}, 0.0f}, {x});
      case 11: {
        const std::int32_t n = 3 + below(4);
        return s[1] > 8
                   ? x
                   : apply(TransposeConv{{2, 1}, {0, 0, 1, 1}, act()}, {x, weights({n, 2, 3, c}, 3, 0), vector(n)});
      }
      case 12: return apply(Mul{}, {x, apply(Mean{{1, 2}, true}, {x})});
      case 13: return apply(Logistic{}, {x});
      case 14: return apply(Add{}, {x, vector(c)});
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
  Kind kind_;
};

/// False when all outputs are the same for every input: such a network shows nothing.
inline bool depends_on_inputs(const Graph& g) {
  const auto out = outputs_on_random_inputs(g, 1, 2);
  return out[0] != out[1] && std::ranges::any_of(out[0], [](float v) { return v != 0; });
}

}  // namespace tinyc
