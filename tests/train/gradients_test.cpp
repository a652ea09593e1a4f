#include "tinyc/gradients.h"

#include "train/samples.h"

using namespace tinyc;

namespace {

using Gradients = std::vector<std::vector<std::vector<float>>>;  // by mini-batch and parameter

Gradients gradients(const Graph& g, const Dataset& d, const GradientOptions& o = {}) {
  Gradients all;
  batch_gradients(g, d, o, [&](std::span<const Parameter> p, std::span<const std::vector<float>> gradient) {
    REQUIRE(p.size() == gradient.size());
    all.emplace_back(gradient.begin(), gradient.end());
  });
  return all;
}

Dataset samples(std::int64_t width, const std::vector<float>& x, const std::vector<float>& y = {}) {
  Dataset d;
  const auto n = static_cast<std::int64_t>(x.size()) / width;
  d.inputs.push_back(array_of({n, width}, x));
  if (!y.empty()) d.labels = array_of({n}, y);
  return d;
}

// logits are the inputs: at temperature 2, x = (0, 2 ln 3) has the probabilities 1/4 and 3/4
const Graph kClasses = parse(
    "%x = input f32[1,2] %l = fully_connected(%x, f32[2,2] [1, 0, 0, 1], f32[2] [0, 0]) %y = softmax(%l) output %y");
const float kLog3 = 2 * 1.0986123f;

}  // namespace

TEST_CASE("gradients of labels by hand, alone and shared by a mini-batch", "[gradients]") {
  const Dataset d = samples(2, {0, kLog3, 0, kLog3}, {0, 1});
  const Gradients one = gradients(kClasses, d);
  REQUIRE(one.size() == 2);
  CHECK(one[0][1][0] == Approx(-0.75));
  CHECK(one[0][1][1] == Approx(0.75));
  CHECK(one[1][1][0] == Approx(0.25));
  CHECK(one[1][1][1] == Approx(-0.25));
  CHECK(one[0][0][0] == 0);
  CHECK(one[0][0][1] == Approx(-0.75 * kLog3));
  CHECK(one[0][0][3] == Approx(0.75 * kLog3));
  const Gradients both = gradients(kClasses, d, {.batch = 2});
  REQUIRE(both.size() == 1);
  CHECK(both[0][1][0] == Approx(-0.25));
  CHECK(both[0][0][3] == Approx(0.25 * kLog3));
}

TEST_CASE("logits without softmax and one logistic score take labels too", "[gradients]") {
  const Graph logits =
      parse("%x = input f32[1,2] %y = fully_connected(%x, f32[3,2] [0, 0, 0, 1, 0, 0], f32[3] [0, 0, 0]) output %y");
  // probabilities 1/5, 3/5, 1/5
  CHECK(gradients(logits, samples(2, {0, kLog3}, {1}))[0][1][1] == Approx(-0.4));
  const Graph score =
      parse("%x = input f32[1,1] %l = fully_connected(%x, f32[1,1] [1], f32[1] [0]) %y = logistic(%l) output %y");
  CHECK(gradients(score, samples(1, {kLog3}, {1}))[0][1][0] == Approx(-0.25));
  CHECK(gradients(score, samples(1, {kLog3}, {0}))[0][1][0] == Approx(0.75));
}

TEST_CASE("without labels classes are drawn from the model's own answer: the expected Fisher information",
          "[gradients]") {
  std::vector<float> x, y;
  for (int i = 0; i < 4000; ++i) x.insert(x.end(), {0, kLog3}), y.push_back(0);
  const auto of_first = [&](const Dataset& d, const GradientOptions& o) {
    double mean = 0, square = 0;
    for (const auto& g : gradients(kClasses, d, o)) {
      CHECK((g[1][0] == Approx(-0.75) || g[1][0] == Approx(0.25)));
      mean += static_cast<double>(g[1][0]) / 4000;
      square += static_cast<double>(g[1][0]) * static_cast<double>(g[1][0]) / 4000;
    }
    CHECK(mean == Approx(0).margin(0.03));
    CHECK(square == Approx(0.25 * 0.75).margin(0.02));
    return mean;
  };
  const GradientOptions o{.samples = 4000, .labels = false};
  const double first = of_first(samples(2, x), o);
  CHECK(of_first(samples(2, x, y), o) == first);  // labels are not looked at
  CHECK(of_first(samples(2, x), {.samples = 4000, .seed = 2}) != first);
}

TEST_CASE("outputs that are no classes are projected at random, in their standard deviations", "[gradients]") {
  const Graph g = parse("%x = input f32[1,1] %y = fully_connected(%x, f32[1,1] [10], f32[1] [0]) output %y");
  std::vector<float> x;
  for (int i = 0; i < 4000; ++i) x.push_back(i % 2 ? 3.0f : -3.0f);
  double square = 0;
  for (const auto& gradient : gradients(g, samples(1, x), {.samples = 4000}))
    square += static_cast<double>(gradient[0][0]) * static_cast<double>(gradient[0][0]) / 4000;
  CHECK(square == Approx(0.01).margin(0.001));  // x^2 over the variance of 10 x
}

TEST_CASE("gradients take samples evenly, and are the same for any number of threads", "[gradients]") {
  const Graph sum = parse("%x = input f32[1,1] %y = fully_connected(%x, f32[2,1] [0, 0], f32[2] [0, 0]) output %y");
  std::vector<float> x, y;
  for (int i = 0; i < 10; ++i) x.push_back(static_cast<float>(i)), y.push_back(0);
  // logits are 0, so the gradient is half the sample
  const Gradients few = gradients(sum, samples(1, x, y), {.samples = 3});
  REQUIRE(few.size() == 3);
  for (int i = 0; i < 3; ++i) CHECK(few[static_cast<std::size_t>(i)][0][1] == Approx(0.5 * (10 * i / 3)));

  const Dataset d = xor_task(50);
  const Graph g = two_layers(12, 2, true);
  std::vector<Gradients> results;
  for (const int threads : {1, 2, 5}) {
    set_thread_count(threads);
    results.push_back(gradients(g, d, {.samples = 50, .batch = 4, .labels = threads == 0}));
  }
  set_thread_count(0);
  CHECK(results[0].size() == 13);
  CHECK(results[0] == results[1]);
  CHECK(results[0] == results[2]);
}

TEST_CASE("labels that are no classes of the output are refused", "[gradients]") {
  CHECK_THROWS_WITH(gradients(kClasses, samples(2, {0, 1}, {2})), Catch::Contains("is no class from 0 to 1"));
  CHECK_NOTHROW(gradients(kClasses, samples(2, {0, 1}, {2}), {.labels = false}));
  CHECK_THROWS_AS(gradients(kClasses, samples(2, {})), Error);
}
