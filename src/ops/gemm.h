// Float matrix products for forward and backward steps.
#pragma once
#include <cstdint>

namespace tinyc {

/// A matrix by pointer and the distances, in elements, between rows and between columns.
struct Strided {
  const float* data;
  std::int64_t row, col;
};

/// A depth that comes in several runs: how many, and from one to the next the elements in a and in b.
struct Runs {
  std::int64_t count = 1, a = 0, b = 0;
};
enum class Store : std::uint8_t { add, set };

/// c[i][j] += (set: =) sum over k of a[i][k] * b[k][j], for each run, for an m x n product of depth k. Rows of b are
/// dense and `b_row` apart, rows of c dense and `c_row` apart; rows of c may overlap (c_row < n), they are then added
/// one after the other. The order of the sum over runs and k is fixed, vectors run along j only, and every multiply-add
/// is fused (rounded once), so the result is the same on every machine whatever its vector length.
void gemm(Store store, std::int64_t m, std::int64_t n, std::int64_t k, Strided a, const float* b, std::int64_t b_row,
          float* c, std::int64_t c_row, Runs runs = {});

/// to[c][r] = from[r][c] of a dense rows x columns matrix.
void transpose_into(std::int64_t rows, std::int64_t columns, const float* from, float* to);

}  // namespace tinyc
