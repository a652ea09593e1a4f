// Random numbers that are the same with every standard library: SplitMix64 (Steele et al. 2014).
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

namespace tinyc {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  /// A stream of its own for (seed, a, b).
  Random(std::uint64_t seed, std::uint64_t a, std::uint64_t b) : state_(seed) {
    state_ = next() ^ (a * 0x9e3779b97f4a7c15u);
    state_ = next() ^ (b * 0xd1b54a32d192ed03u);
  }
  std::uint64_t next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// Uniform in [0, 1).
  float uniform() { return static_cast<float>(next() >> 40) * 0x1p-24f; }
  /// Uniform in [0, n).
  std::uint64_t below(std::uint64_t n) { return next() % n; }
  /// Uniform in [-n, n].
  std::int32_t within(std::int32_t n) {
    return static_cast<std::int32_t>(below(2 * static_cast<std::uint64_t>(n) + 1)) - n;
  }
  /// Approximately normal with mean 0 and variance 1 (a sum of twelve): no library function, so the same bits anywhere.
  float normal() {
    float sum = -6;
    for (int i = 0; i < 12; ++i) sum += uniform();
    return sum;
  }
  template <class T>
  void shuffle(std::vector<T>& v) {
    for (std::size_t i = v.size(); i > 1; --i) std::swap(v[i - 1], v[below(i)]);
  }

 private:
  std::uint64_t state_;
};

}  // namespace tinyc
