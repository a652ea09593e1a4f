// Weights with chosen statistics, and short forms of the calls under test.
#pragma once
#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "tinyc/codec.h"

namespace tinyc::test {

using Weights = std::vector<std::int8_t>;

/// n rounded normal values, a share of them set to zero.
inline Weights normal(std::size_t n, double sigma, double zeros, std::uint32_t seed) {
  std::mt19937 rng(seed);
  std::normal_distribution<double> value(0, sigma);
  std::uniform_real_distribution<double> coin(0, 1);
  Weights w(n);
  for (auto& x : w) {
    const double v = std::clamp(std::round(value(rng)), -127.0, 127.0);
    x = coin(rng) < zeros ? std::int8_t{0} : static_cast<std::int8_t>(v);
  }
  return w;
}

inline CodeTable table_of(const Weights& w) {
  const std::span<const std::int8_t> s = w;
  return build_table({&s, 1});
}

}  // namespace tinyc::test
