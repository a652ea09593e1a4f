// Rounding that pays for bits: what it minimizes, and the curvature that it weighs errors with.
#include <cmath>
#include <cstring>
#include <random>

#include "outputs.h"
#include "tinyc/codec.h"
#include "tinyc/curvature.h"
#include "tinyc/parallel.h"
#include "tinyc/pass.h"
#include "tinyc/text.h"

using namespace tinyc;

namespace {

std::vector<float> uniform(unsigned seed, std::size_t n) {
  std::mt19937 random(seed);
  std::vector<float> v(n);
  for (float& x : v) x = static_cast<float>(static_cast<std::int32_t>(random() % 2001) - 1000) / 500;
  return v;
}

InputMoments moments(std::size_t size) {
  InputMoments m;
  m.size = size;
  m.rows = 1e6;
  m.mean = m.reference_mean = std::vector<double>(size, 0.0);
  m.covariance.resize(size * size);
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t j = 0; j < size; ++j)
      m.covariance[i * size + j] = std::pow(0.7, std::fabs(static_cast<double>(i) - static_cast<double>(j)));
  m.cross = m.covariance;
  return m;
}

struct Cost {
  double error = 0, bits = 0;
  double at(double price) const { return error + price * bits; }
};

/// What price_filters minimizes, with the order-0 entropy of the levels for bits.
Cost cost_of(const InputMoments& m, std::span<const float> was, const GridFilters& f,
             std::span<const double> curvature) {
  Cost c;
  std::vector<std::int8_t> levels;
  for (std::size_t k = 0; k < curvature.size(); ++k)
    for (std::size_t i = 0; i < m.size; ++i) {
      const std::size_t at = k * m.size + i;
      levels.push_back(static_cast<std::int8_t>(std::lround(f.values[at] / f.scales[k])));
      for (std::size_t j = 0; j < m.size; ++j)
        c.error += 0.5 * curvature[k] * static_cast<double>(was[at] - f.values[at]) * m.covariance[i * m.size + j] *
                   static_cast<double>(was[k * m.size + j] - f.values[k * m.size + j]);
    }
  c.bits = entropy_bits(levels) * static_cast<double>(levels.size());
  return c;
}

Dataset samples(std::int64_t rows, std::int64_t columns, const std::vector<float>& values) {
  Array a;
  a.name = "x";
  a.shape = {rows, columns};
  a.data.resize(values.size() * sizeof(float));
  std::memcpy(a.data.data(), values.data(), a.data.size());
  Dataset d;
  d.inputs.push_back(std::move(a));
  return d;
}

}  // namespace

TEST_CASE("price_filters: dearer bits are fewer, and no price does better with another price's filters",
          "[bit_price]") {
  constexpr std::size_t kSize = 18, kFilters = 24;
  const InputMoments m = moments(kSize);
  auto w = uniform(5, kFilters * kSize);
  for (float& v : w) v *= std::fabs(v);  // many small ones, few large ones
  std::vector<double> curvature(kFilters);
  for (std::size_t c = 0; c < kFilters; ++c) curvature[c] = c % 2 ? 4.0 : 1.0;
  const std::vector<double> prices{1e-6, 1e-3, 1e-2, 1e-1};
  std::vector<Cost> costs;
  for (const double price : prices)
    costs.push_back(cost_of(m, w, price_filters({&m, 1}, w, 127, curvature, price), curvature));
  for (std::size_t i = 0; i < prices.size(); ++i)
    for (std::size_t j = 0; j < prices.size(); ++j) {
      if (j > i) CHECK(costs[j].bits < 0.8 * costs[i].bits);
      CHECK(costs[i].at(prices[i]) <= 1.02 * costs[j].at(prices[i]));
    }
  // the nearest levels on the same number of steps, for which no bit was spared
  GridFilters nearest{std::vector<float>(w.size()), {}};
  for (std::size_t c = 0; c < kFilters; ++c) {
    float most = 0;
    for (std::size_t i = 0; i < kSize; ++i) most = std::max(most, std::fabs(w[c * kSize + i]));
    nearest.scales.push_back(most / 7);
    for (std::size_t i = 0; i < kSize; ++i)
      nearest.values[c * kSize + i] = std::round(w[c * kSize + i] * 7 / most) * most / 7;
  }
  const Cost plain = cost_of(m, w, nearest, curvature);
  CHECK(costs[2].at(prices[2]) < 0.9 * plain.at(prices[2]));
}

TEST_CASE("price_filters: what matters more gets finer steps, zeros stay, and a bit can be too dear", "[bit_price]") {
  const InputMoments m = moments(9);
  constexpr std::size_t kFilters = 32;
  auto w = uniform(6, 9 * kFilters);
  std::vector<double> curvature(kFilters, 1.0);
  std::fill_n(curvature.begin(), kFilters / 2, 64.0);
  w[4] = w[9 * kFilters - 1] = 0;
  const GridFilters f = price_filters({&m, 1}, w, 127, curvature, 1e-2);
  double fine = 0, coarse = 0;
  for (std::size_t c = 0; c < kFilters; ++c)
    (c < kFilters / 2 ? fine : coarse) += std::log2(static_cast<double>(f.scales[c]));
  CHECK(fine / 16 < coarse / 16 - 1.5);  // the root of 64 would be three octaves
  CHECK(f.values[4] == 0.0f);
  CHECK(f.values[9 * kFilters - 1] == 0.0f);
  for (const float v : price_filters({&m, 1}, w, 127, curvature, 1e3).values) CHECK(v == 0.0f);
}

TEST_CASE("output_curvature is the variance of a class's score for the last layer, and goes back through others",
          "[bit_price]") {
  const Graph g = parse(R"(
    %x = input f32[1,3]
    %h = fully_connected(%x, he(1) f32[4,3], zeros f32[4]) act=relu
    %z = fully_connected(%h, he(2) f32[3,4], zeros f32[3])
    %y = softmax(%z)
    output %y
  )");
  constexpr std::size_t kSamples = 3000;
  const Dataset d = samples(kSamples, 3, uniform(7, 3 * kSamples));
  const auto curvature = output_curvature(g, d, kSamples, 1);
  REQUIRE(curvature.size() == g.nodes.size());
  CHECK(curvature[2].empty());
  // by hand: F = diag(p) - p p' of the softened classes, then through the second layer's weights and the relu
  const auto w1 = g.at(g.nodes[0].inputs[1]).as<float>(), w2 = g.at(g.nodes[1].inputs[1]).as<float>();
  std::vector<double> last(3), first(4);
  std::vector<float> x(3);
  for (std::size_t s = 0; s < kSamples; ++s) {
    d.sample(0, s, x);
    double h[4], z[3], p[3], sum = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      h[i] = 0;
      for (std::size_t k = 0; k < 3; ++k) h[i] += static_cast<double>(w1[i * 3 + k] * x[k]);
      h[i] = std::max(h[i], 0.0);
    }
    for (std::size_t c = 0; c < 3; ++c) {
      z[c] = 0;
      for (std::size_t i = 0; i < 4; ++i) z[c] += static_cast<double>(w2[c * 4 + i]) * h[i];
      sum += p[c] = std::exp(z[c] / 2);
    }
    for (double& v : p) v /= sum;
    for (std::size_t a = 0; a < 3; ++a) {
      last[a] += p[a] * (1 - p[a]) / kSamples;
      for (std::size_t b = 0; b < 3; ++b)
        for (std::size_t i = 0; i < 4; ++i)
          if (h[i] > 0)
            first[i] +=
                ((a == b ? p[a] : 0.0) - p[a] * p[b]) * static_cast<double>(w2[a * 4 + i] * w2[b * 4 + i]) / kSamples;
    }
  }
  for (std::size_t c = 0; c < 3; ++c) CHECK(curvature[1][c] == Approx(last[c]).epsilon(0.05));
  for (std::size_t i = 0; i < 4; ++i) CHECK(curvature[0][i] == Approx(first[i]).epsilon(0.1));
  const int threads = thread_count();
  set_thread_count(threads == 1 ? 3 : 1);
  CHECK(output_curvature(g, d, kSamples, 1) == curvature);
  set_thread_count(threads);
}

TEST_CASE("output_curvature counts real outputs in their own standard deviations", "[bit_price]") {
  const Graph g = parse(R"(
    %x = input f32[1,2]
    %y = fully_connected(%x, he(3) f32[2,2], zeros f32[2])
    output %y
  )");
  const Dataset d = samples(2000, 2, uniform(8, 4000));
  const auto y = run_float(g, d, 2000)[0];
  double mean = 0, squares = 0;
  for (const float v : y) mean += static_cast<double>(v) / 4000, squares += static_cast<double>(v * v) / 4000;
  const auto curvature = output_curvature(g, d, 2000, 1);
  for (const double c : curvature[0]) CHECK(c == Approx(1 / (squares - mean * mean)).epsilon(0.1));
}
