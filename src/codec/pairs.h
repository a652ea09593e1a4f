// Weights as pairs: a run of zeros (often empty), then a literal. What all codes of a table are made from.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "codec/table.h"

namespace tinyc {

/// Calls pair(run, literal) for each literal with the zeros before it, then tail(run) for zeros at the end, if any.
/// Runs are maximal up to kMaxRun; the zero after so many is a literal.
template <class P, class T>
void for_each_pair(std::span<const std::int8_t> weights, P&& pair, T&& tail) {
  std::uint32_t run = 0;
  for (const std::int8_t w : weights) {
    if (w == 0 && run < kMaxRun) {
      ++run;
    } else {
      pair(run, w);
      run = 0;
    }
  }
  if (run) tail(run);
}

/// How often each run and each literal occurs.
struct PairCounts {
  std::vector<std::uint64_t> runs;            ///< by length
  std::array<std::uint64_t, 256> literals{};  ///< by byte

  void add(std::span<const std::int8_t> weights) {
    const auto count_run = [&](std::uint32_t run) {
      if (run >= runs.size()) runs.resize(run + std::size_t{1});
      ++runs[run];
    };
    for_each_pair(
        weights,
        [&](std::uint32_t run, std::int8_t w) {
          count_run(run);
          ++literals[static_cast<std::uint8_t>(w)];
        },
        count_run);
  }
  bool empty() const { return runs.empty(); }
};

}  // namespace tinyc
