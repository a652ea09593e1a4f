// Optimal length-limited prefix codes.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace tinyc {

/// Code lengths in [1, limit] that minimize sum(freq * length), for freq > 0 everywhere, 2 <= freq.size() <= 2^limit.
/// Package-merge (Larmore and Hirschberg 1990); equal weights are taken in index order, so the result is deterministic.
std::vector<std::uint8_t> code_lengths(std::span<const std::uint64_t> freq, int limit);

}  // namespace tinyc
