// First-order pruning where the importances are known.
#include <algorithm>
#include <cstring>

#include "catch.h"
#include "tinyc/error.h"
#include "tinyc/pass.h"
#include "tinyc/text.h"

using namespace tinyc;

namespace {

Dataset samples(std::int64_t width, const std::vector<float>& x, const std::vector<float>& y = {}) {
  const auto array = [](std::vector<std::int64_t> shape, const std::vector<float>& v) {
    Array a;
    a.name = "x";
    a.shape = std::move(shape);
    a.data.resize(v.size() * sizeof(float));
    std::memcpy(a.data.data(), v.data(), a.data.size());
    return a;
  };
  Dataset d;
  const auto n = static_cast<std::int64_t>(x.size()) / width;
  d.inputs.push_back(array({n, width}, x));
  if (!y.empty()) d.labels = array({n}, y);
  return d;
}

PassOptions taylor(const Dataset& d) {
  PassOptions o;
  o.prune.criterion = PassOptions::Prune::Criterion::taylor;
  o.calibration = &d;
  return o;
}

/// All weights of fully connected layers, one after the other.
std::vector<float> weights(const Graph& g) {
  std::vector<float> all;
  for (const Node& n : g.nodes)
    if (kind(n.op) == OpKind::fully_connected)
      for (const float w : g.at(n.inputs[1]).as<float>()) all.push_back(w);
  return all;
}

/// The order in which prune_magnitude removes the weights.
std::vector<std::size_t> order(const Graph& g, PassOptions o) {
  std::vector<std::size_t> gone;
  const std::size_t n = weights(g).size();
  for (std::size_t k = 1; k < n; ++k) {
    Graph pruned = g;
    o.prune.fraction = static_cast<float>(k) / static_cast<float>(n);
    find_pass("prune_magnitude")->run(pruned, o);
    const auto w = weights(pruned);
    REQUIRE(static_cast<std::size_t>(std::ranges::count(w, 0.0f)) == k);
    for (std::size_t i = 0; i < n; ++i)
      if (w[i] == 0 && std::ranges::find(gone, i) == gone.end()) gone.push_back(i);
  }
  return gone;
}

const Graph kTwoLayers = parse(
    "%x = input f32[1,2] %h = fully_connected(%x, f32[2,2] [1, 2, 3, 0.5], _) act=relu "
    "%y = fully_connected(%h, f32[1,2] [0.1, 1], _) output %y");

}  // namespace

TEST_CASE("taylor: weights go in the order of gradient times weight, over all layers", "[taylor]") {
  // x = (1, 2), h = (5, 4): w1 w2 x = 0.1, 0.4, 3, 1; w2 h = 0.5, 4
  const Dataset d = samples(2, {1, 2});
  CHECK(order(kTwoLayers, taylor(d)) == std::vector<std::size_t>{0, 1, 4, 3, 2});
  // x = (1, -4), h = (0, 1): the first neuron sleeps, the smallest of its weights go first; 3, 2; 1
  const Dataset asleep = samples(2, {1, -4});
  CHECK(order(kTwoLayers, taylor(asleep)) == std::vector<std::size_t>{4, 0, 1, 5, 3});
  PassOptions magnitude = taylor(d);
  magnitude.prune.criterion = PassOptions::Prune::Criterion::magnitude;
  CHECK(order(kTwoLayers, magnitude) != order(kTwoLayers, taylor(d)));
}

TEST_CASE("taylor: labels count where there are some, and training samples before those of calibration", "[taylor]") {
  // logits are (x0 w, x1 w'), both samples of class 0: the gradient is (p0 - 1) x0 and p1 x1
  const Graph g = parse(
      "%x = input f32[1,2] %l = fully_connected(%x, f32[2,2] [1, 0.001, 0.001, 1], _) %y = softmax(%l) output %y");
  const Dataset none = samples(2, {0, 0}), seen = samples(2, {3, 1}, {0});
  PassOptions o = taylor(none);
  o.prune.fraction = 0.75f;
  o.training.data = &seen;
  Graph pruned = g;
  find_pass("prune_magnitude")->run(pruned, o);
  CHECK(weights(pruned) == std::vector<float>{1, 0, 0, 0});
  const Dataset wrong = samples(2, {3, 1}, {7});
  o.training.data = &wrong;
  CHECK_THROWS_WITH(find_pass("prune_magnitude")->run(pruned, o), Catch::Contains("is no class"));
  o.training.options.labels = false;
  CHECK_NOTHROW(find_pass("prune_magnitude")->run(pruned, o));
}

TEST_CASE("taylor: a channel counts by the sum over all that read it", "[taylor]") {
  // both layers read channel 1 with large weights, but their sum does not see it; channel 0 is small and seen
  const Graph g = parse(
      "%x = input f32[1,2] %h = fully_connected(%x, f32[2,2] [0.5, 0, 0, 4], _) "
      "%a = fully_connected(%h, f32[1,2] [0.5, 3], _) %b = fully_connected(%h, f32[1,2] [0.5, -3], _) "
      "%y = add(%a, %b) output %y");
  const Dataset d = samples(2, {1, 1, -1, 2, 2, -1});
  PassOptions o = taylor(d);
  o.prune_channels.fraction = 0.4f;
  Graph pruned = g;
  CHECK(find_pass("prune_channels")->run(pruned, o).changed);
  CHECK(pruned.at(pruned.nodes[0].outputs[0]).shape == Shape{1, 1});
  CHECK(pruned.at(pruned.nodes[0].inputs[1]).as<float>()[0] == 0.5f);
  o.prune.criterion = PassOptions::Prune::Criterion::magnitude;
  Graph other = g;
  find_pass("prune_channels")->run(other, o);
  CHECK(other.at(other.nodes[0].inputs[1]).as<float>()[1] == 4.0f);
}

TEST_CASE("taylor: weights that two layers share count once", "[taylor]") {
  // channel 0 is read twice by one constant: (2 * 1.5)^2 and not (4 * 1.5)^2, against 4^2 of channel 1
  Graph g = parse(
      "%x = input f32[1,2] %w = const f32[1,2] [1.5, 0] %h = fully_connected(%x, f32[2,2] [1, 0, 0, 1], _) "
      "%a = fully_connected(%h, %w, _) %b = fully_connected(%h, %w, _) %c = fully_connected(%h, f32[1,2] [0, 4], _) "
      "%s = add(%a, %b) %y = add(%s, %c) output %y");
  const Dataset d = samples(2, {1, 1});
  PassOptions o = taylor(d);
  o.prune_channels.fraction = 0.4f;
  find_pass("prune_channels")->run(g, o);
  CHECK(g.at(g.nodes[0].inputs[1]).as<float>()[0] == 0.0f);
}

TEST_CASE("taylor: what has no samples is refused with the way out", "[taylor]") {
  const Dataset d = samples(2, {1, 2});
  for (const char* pass : {"prune_magnitude", "prune_channels"}) {
    PassOptions o = taylor(d);
    o.prune.fraction = o.prune_channels.fraction = 0.5f;
    o.made_up_samples = true;
    Graph g = kTwoLayers;
    CHECK_THROWS_WITH(find_pass(pass)->run(g, o), Catch::Contains("first-order pruning needs samples"));
    o.calibration = nullptr;
    CHECK_THROWS_WITH(find_pass(pass)->run(g, o), Catch::Contains("first-order pruning needs samples"));
    CHECK(g == kTwoLayers);
    o.made_up_samples = false;
    const Dataset large = samples(2, {3e38f, 3e38f});
    o.calibration = &large;
    CHECK_THROWS_WITH(find_pass(pass)->run(g, o), Catch::Contains("gradient of the loss is NaN or infinite"));
  }
}
