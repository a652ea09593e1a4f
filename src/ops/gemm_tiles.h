// The body of gemm_add for one vector length. gemm.cpp includes it once for each, with
//   TINYC_TILES    the namespace
//   TINYC_TARGET   the functions' attribute
//   TINYC_LANES    floats in a vector
//   TINYC_ROWS     rows of a tile with two vectors a row
//   TINYC_ALL(x)   x in every lane
//   TINYC_FMA(a, b, c)   a * b + c, rounded once, for vectors

namespace tinyc::TINYC_TILES {

constexpr std::int64_t kLanes = TINYC_LANES;
typedef float V __attribute__((vector_size(TINYC_LANES * 4), aligned(4), may_alias));

// One tile of several rows and vectors: the accumulators live in registers over the whole depth.
template <std::int64_t height, std::int64_t width>
TINYC_TARGET inline void tile(std::int64_t k, Strided a, const float* b, std::int64_t b_row, float* c,
                              std::int64_t c_row) {
  V sum[height][width];
#pragma GCC unroll 16
  for (std::int64_t i = 0; i < height; ++i)
#pragma GCC unroll 4
    for (std::int64_t j = 0; j < width; ++j) sum[i][j] = V{};
  for (std::int64_t d = 0; d < k; ++d) {
    V line[width];
#pragma GCC unroll 4
    for (std::int64_t j = 0; j < width; ++j) line[j] = *reinterpret_cast<const V*>(b + d * b_row + j * kLanes);
#pragma GCC unroll 16
    for (std::int64_t i = 0; i < height; ++i) {
      const V x = TINYC_ALL(a.data[i * a.row + d * a.col]);
#pragma GCC unroll 4
      for (std::int64_t j = 0; j < width; ++j) sum[i][j] = TINYC_FMA(x, line[j], sum[i][j]);
    }
  }
#pragma GCC unroll 16
  for (std::int64_t i = 0; i < height; ++i)  // one row after the other: rows of c may overlap
#pragma GCC unroll 4
    for (std::int64_t j = 0; j < width; ++j) {
      V* to = reinterpret_cast<V*>(c + i * c_row + j * kLanes);
      *to = *to + sum[i][j];
    }
}

// Tiles of height rows, then one of all rows that are left.
template <std::int64_t height, std::int64_t width>
TINYC_TARGET inline void rows(std::int64_t m, std::int64_t k, Strided a, const float* b, std::int64_t b_row, float* c,
                              std::int64_t c_row) {
  while (m >= height) {
    tile<height, width>(k, a, b, b_row, c, c_row);
    a.data += height * a.row;
    c += height * c_row;
    m -= height;
  }
  if constexpr (height > 1) {
    if (m == height - 1)
      tile<height - 1, width>(k, a, b, b_row, c, c_row);
    else if (m > 0)
      rows<height - 1, width>(m, k, a, b, b_row, c, c_row);
  }
}

// Columns that do not fill a vector: b's are copied beside zeros, c's are added one by one.
TINYC_TARGET inline void last_columns(std::int64_t m, std::int64_t n, std::int64_t k, Strided a, const float* b,
                                      std::int64_t b_row, float* c, std::int64_t c_row) {
  thread_local std::vector<float> padded;
  padded.assign(static_cast<std::size_t>(k * kLanes), 0.0f);
  for (std::int64_t d = 0; d < k; ++d) std::copy_n(b + d * b_row, n, padded.data() + d * kLanes);
  constexpr std::int64_t kMost = std::int64_t{2} * TINYC_ROWS;
  float part[kMost * kLanes];
  for (std::int64_t i = 0; i < m; i += kMost) {
    const std::int64_t count = std::min(kMost, m - i);
    std::fill_n(part, kMost * kLanes, 0.0f);
    rows<kMost, 1>(count, k, {a.data + i * a.row, a.row, a.col}, padded.data(), kLanes, part, kLanes);
    for (std::int64_t r = 0; r < count; ++r)
      for (std::int64_t j = 0; j < n; ++j) c[(i + r) * c_row + j] += part[r * kLanes + j];
  }
}

TINYC_TARGET void product(std::int64_t m, std::int64_t n, std::int64_t k, Strided a, const float* b, std::int64_t b_row,
                          float* c, std::int64_t c_row) {
  std::int64_t j = 0;
  for (; j + 2 * kLanes <= n; j += 2 * kLanes) rows<TINYC_ROWS, 2>(m, k, a, b + j, b_row, c + j, c_row);
  if (j + kLanes <= n) {
    rows<2 * TINYC_ROWS, 1>(m, k, a, b + j, b_row, c + j, c_row);
    j += kLanes;
  }
  if (j < n) last_columns(m, n - j, k, a, b + j, b_row, c + j, c_row);
}

}  // namespace tinyc::TINYC_TILES

#undef TINYC_TILES
#undef TINYC_TARGET
#undef TINYC_LANES
#undef TINYC_ROWS
#undef TINYC_ALL
#undef TINYC_FMA
