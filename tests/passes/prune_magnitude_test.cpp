#include <cmath>
#include <limits>
#include <random>

#include "catch.h"
#include "tinyc/error.h"
#include "tinyc/pass.h"
#include "tinyc/text.h"

using namespace tinyc;

namespace {
using Floats = std::vector<float>;
using Kind = PassOptions::Prune::Kind;

PassOptions options(float fraction, Kind kind = Kind::unstructured, bool per_layer = false) {
  PassOptions o;
  o.prune.fraction = fraction;
  o.prune.kind = kind;
  o.prune.per_layer = per_layer;
  return o;
}

PassResult prune(Graph& g, const PassOptions& o) {
  const PassResult r = find_pass("prune_magnitude")->run(g, o);
  verify(g);
  return r;
}

/// Fully connected layers of one row each, side by side.
Graph layers(const std::vector<Floats>& weights) {
  Graph g;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const auto n = static_cast<std::int32_t>(weights[i].size());
    const auto name = std::to_string(i);
    const TensorId x = g.add({"x" + name, DType::f32, {1, n}, nullptr, {}, {}, {}});
    const TensorId w = g.add(make_const("w" + name, {1, n}, weights[i]));
    const TensorId y = g.add({"y" + name, DType::f32, {1, 1}, nullptr, {}, {}, {}});
    g.inputs.push_back(x);
    g.outputs.push_back(y);
    g.nodes.push_back({FullyConnected{}, {x, w, kNoTensor}, {y}, "y" + name, static_cast<std::int32_t>(i)});
  }
  verify(g);
  return g;
}

Floats weights(const Graph& g, std::size_t layer) {
  const auto w = g.at(g.nodes[layer].inputs[1]).as<float>();
  return {w.begin(), w.end()};
}

Floats pruned(const Floats& w, const PassOptions& o) {
  Graph g = layers({w});
  prune(g, o);
  return weights(g, 0);
}

std::size_t zeros(const Floats& w) { return static_cast<std::size_t>(std::count(w.begin(), w.end(), 0.0f)); }
}  // namespace

TEST_CASE("no layer loses more than its limit") {
  // without a limit the balance between layers takes two thirds of the first
  const std::vector<Floats> w{{1e-3f, 2e-3f, 3e-3f, 10, 4e-3f, 5e-3f}, {5, 5, 5, 5, 5, 5}};
  PassOptions o = options(0.5f);
  Graph free = layers(w);
  prune(free, o);
  CHECK(zeros(weights(free, 0)) == 5);
  o.prune.layer_limit = 0.5f;
  Graph limited = layers(w);
  prune(limited, o);
  CHECK(weights(limited, 0) == Floats{0, 0, 0, 10, 4e-3f, 5e-3f});
  CHECK(zeros(weights(limited, 1)) == 3);
  o.prune.layer_limit = 0.4f;
  CHECK_THROWS_AS(prune(limited, o), Error);
}

TEST_CASE("the smallest magnitudes go, whatever their sign") {
  CHECK(pruned({1, -8, 3, -4, 5, -6, 7, -2}, options(0.5f)) == Floats{0, -8, 0, 0, 5, -6, 7, 0});
  CHECK(pruned({1, -8, 3, -4}, options(0.25f)) == Floats{0, -8, 3, -4});
}

TEST_CASE("equal magnitudes go in order of their index") {
  CHECK(pruned({2, -2, 2, -2, 1}, options(0.6f)) == Floats{0, 0, 2, -2, 0});
}

TEST_CASE("zeros that are there already count") {
  CHECK(pruned({0, 5, 0, 1, 2, 3}, options(0.5f)) == Floats{0, 5, 0, 0, 2, 3});
  Graph g = layers({{0, 5, 0, 1}});
  const Graph before = g;
  CHECK_FALSE(prune(g, options(0.5f)).changed);
  CHECK(g == before);
}

TEST_CASE("importance by hand over two layers") {
  // 9/25, 16/16 and 1/4, 1/3, 1/2, 1/1: the three least are 1/4, 1/3 and 9/25
  Graph g = layers({{3, 4}, {1, 1, 1, 1}});
  const PassResult r = prune(g, options(0.5f));
  CHECK(weights(g, 0) == Floats{0, 4});
  CHECK(weights(g, 1) == Floats{0, 0, 1, 1});
  CHECK(r.changed);
  CHECK(r.notes == std::vector<std::string>{"3 of 6 prunable weights zero (50.0 %)", "y0: 1 of 2 weights zero (50.0 %)",
                                            "y1: 2 of 4 weights zero (50.0 %)"});
}

TEST_CASE("the scale of a layer does not matter") {
  std::mt19937 rng(1);
  std::normal_distribution<float> d;
  Floats a(400), b(300);
  for (float& x : a) x = d(rng);
  for (float& x : b) x = d(rng);
  Floats scaled = b;
  for (float& x : scaled) x *= 1024;
  Graph one = layers({a, b}), other = layers({a, scaled});
  prune(one, options(0.7f));
  prune(other, options(0.7f));
  CHECK(weights(one, 0) == weights(other, 0));
  CHECK(zeros(weights(one, 1)) == zeros(weights(other, 1)));
  CHECK(zeros(weights(one, 0)) + zeros(weights(one, 1)) == 490);
}

TEST_CASE("the fraction is met exactly, per layer too") {
  std::mt19937 rng(2);
  std::normal_distribution<float> d;
  std::vector<Floats> all(3);
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t k = 0; k < 100 + 37 * i; ++k) all[i].push_back(d(rng) * static_cast<float>(1 + i));
  for (const float f : {0.01f, 0.33f, 0.5f, 0.9f, 0.99f}) {
    Graph global = layers(all), each = layers(all);
    prune(global, options(f));
    prune(each, options(f, Kind::unstructured, true));
    std::size_t sum = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      sum += zeros(weights(global, i));
      CHECK(zeros(weights(each, i)) ==
            static_cast<std::size_t>(std::lround(double{f} * static_cast<double>(all[i].size()))));
    }
    CHECK(sum == static_cast<std::size_t>(std::lround(double{f} * (100 + 137 + 174))));
  }
}

TEST_CASE("blocks of four along the innermost axis, the last one shorter") {
  // mean energies: 4, 9.5, 1 | the rest of two
  const Floats w{2, 2, 2, 2, 1, 6, 1, 0, 1, 1};
  CHECK(pruned(w, options(0.2f, Kind::block4)) == Floats{2, 2, 2, 2, 1, 6, 1, 0, 0, 0});
  CHECK(pruned(w, options(0.6f, Kind::block4)) == Floats{0, 0, 0, 0, 1, 6, 1, 0, 0, 0});
  CHECK(pruned(w, options(0.5f, Kind::block4)) == Floats{2, 2, 2, 2, 1, 6, 1, 0, 0, 0});  // the next would be too many
}

TEST_CASE("N of every M, a shorter rest keeps its share rounded up") {
  PassOptions o = options(0.5f, Kind::n_m);
  CHECK(pruned({1, 2, 3, 4, 8, 7, 6, 5}, o) == Floats{0, 0, 3, 4, 8, 7, 0, 0});
  CHECK(pruned({1, 1, 1, 1, 3, 1, 2}, o) == Floats{0, 0, 1, 1, 3, 0, 2});  // two of the last three stay
  o.prune.n = 1, o.prune.m = 4;
  CHECK(pruned({1, -9, 3, 4, 0, 0, 0, 0}, o) == Floats{0, -9, 0, 0, 0, 0, 0, 0});
  o.prune.n = 4;
  CHECK(pruned({1, -9, 3, 4}, o) == Floats{1, -9, 3, 4});
}

TEST_CASE("only weights of convolutions and fully connected layers are pruned") {
  Graph g = parse(R"(graph "g" float
%x = input f32[1,4,4,2]
%w = random(1) f32[4,3,3,2]
%b = random(2) f32[4]
%c = conv_2d(%x, %w, %b) : f32[1,2,2,4]
%dw = random(3) f32[1,2,2,4]
%db = random(4) f32[4]
%d = depthwise_conv_2d(%c, %dw, %db) : f32[1,1,1,4]
%k = random(5) f32[1,1,1,4]
%m = mul(%d, %k) : f32[1,1,1,4]
%fw = random(6) f32[3,4]
%f = fully_connected(%m, %fw, _) : f32[1,3]
output %f
)");
  const Graph before = g;
  prune(g, options(0.5f));
  std::size_t gone = 0;
  for (std::size_t i = 0; i < g.tensors.size(); ++i) {
    const Tensor &t = g.tensors[i], &old = before.tensors[i];
    if (t.name == "w" || t.name == "fw") {
      const auto w = t.as<float>();
      gone += zeros({w.begin(), w.end()});
      CHECK_FALSE(t == old);
    } else {
      CHECK(t == old);
    }
  }
  CHECK(gone == (72 + 12) / 2);
}

TEST_CASE("shared weights are pruned once, weights with another use not at all") {
  Graph g = layers({{1, 2, 3, 4}, {5, 6, 7, 8}});
  g.nodes[1].inputs[1] = g.nodes[0].inputs[1];
  remove_unused(g);
  const PassResult r = prune(g, options(0.5f));
  CHECK(r.notes[0] == "2 of 4 prunable weights zero (50.0 %)");
  Graph also_output = layers({{1, 2, 3, 4}});
  also_output.outputs.push_back(also_output.nodes[0].inputs[1]);
  CHECK_FALSE(find_pass("prune_magnitude")->run(also_output, options(0.5f)).changed);
}

TEST_CASE("a weight that is no number stays, and the others keep their order") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Floats w = pruned({4, nan, 1, 3}, options(0.5f));
  CHECK(w[0] == 4);
  CHECK(std::isnan(w[1]));
  CHECK(w[2] == 0);
  CHECK(w[3] == 0);
}

TEST_CASE("fraction 0 changes nothing; fractions and patterns out of range are usage errors") {
  Graph g = layers({{1, 2, 3, 4}});
  const Graph before = g;
  CHECK_FALSE(prune(g, options(0)).changed);
  CHECK(g == before);
  const auto is_usage = [](const Error& e) { return e.kind() == ErrorKind::usage; };
  for (const float f : {-0.1f, 1.0f, 2.0f, std::numeric_limits<float>::quiet_NaN()})
    CHECK_THROWS_MATCHES(prune(g, options(f)), Error, Catch::Matchers::Predicate<Error>(is_usage));
  PassOptions o = options(0.5f, Kind::n_m);
  o.prune.n = 5;
  CHECK_THROWS_MATCHES(prune(g, o), Error, Catch::Matchers::Predicate<Error>(is_usage));
  o.prune.n = 0;
  CHECK_THROWS_MATCHES(prune(g, o), Error, Catch::Matchers::Predicate<Error>(is_usage));
  CHECK(g == before);
}
