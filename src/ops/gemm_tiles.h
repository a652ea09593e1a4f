// The body of gemm for one vector length. gemm.cpp includes it once for each, with
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
TINYC_TARGET inline void tile(const Sum& s, const Result& to) {
  V sum[height][width];
#pragma GCC unroll 16
  for (std::int64_t i = 0; i < height; ++i)
#pragma GCC unroll 4
    for (std::int64_t j = 0; j < width; ++j) sum[i][j] = V{};
  const float *a = s.a.data, *b = s.b;
  const std::int64_t k = s.k, a_row = s.a.row, a_col = s.a.col, b_row = s.b_row;
  for (std::int64_t run = 0; run < s.runs.count; ++run, a += s.runs.a, b += s.runs.b)
    for (std::int64_t d = 0; d < k; ++d) {
      V line[width];
#pragma GCC unroll 4
      for (std::int64_t j = 0; j < width; ++j) line[j] = *reinterpret_cast<const V*>(b + d * b_row + j * kLanes);
#pragma GCC unroll 16
      for (std::int64_t i = 0; i < height; ++i) {
        const V x = TINYC_ALL(a[i * a_row + d * a_col]);
#pragma GCC unroll 4
        for (std::int64_t j = 0; j < width; ++j) sum[i][j] = TINYC_FMA(x, line[j], sum[i][j]);
      }
    }
  const bool add = to.store == Store::add;
#pragma GCC unroll 16
  for (std::int64_t i = 0; i < height; ++i)  // one row after the other: rows of c may overlap
#pragma GCC unroll 4
    for (std::int64_t j = 0; j < width; ++j) {
      V* c = reinterpret_cast<V*>(to.c + i * to.row + j * kLanes);
      *c = add ? *c + sum[i][j] : sum[i][j];
    }
}

// Tiles of height rows, then one of all rows that are left.
template <std::int64_t height, std::int64_t width>
TINYC_TARGET inline void rows(std::int64_t m, Sum s, Result to) {
  while (m >= height) {
    tile<height, width>(s, to);
    s.a.data += height * s.a.row;
    to.c += height * to.row;
    m -= height;
  }
  if constexpr (height > 1) {
    if (m == height - 1)
      tile<height - 1, width>(s, to);
    else if (m > 0)
      rows<height - 1, width>(m, s, to);
  }
}

// Columns that do not fill a vector: b's are copied beside zeros, c's are stored one by one.
TINYC_TARGET inline void last_columns(std::int64_t m, std::int64_t n, Sum s, const Result& to) {
  thread_local std::vector<float> padded;
  padded.assign(static_cast<std::size_t>(s.runs.count * s.k * kLanes), 0.0f);
  float* line = padded.data();
  for (std::int64_t run = 0; run < s.runs.count; ++run)
    for (std::int64_t d = 0; d < s.k; ++d, line += kLanes) std::copy_n(s.b + run * s.runs.b + d * s.b_row, n, line);
  s.b = padded.data();
  s.b_row = kLanes;
  s.runs.b = s.k * kLanes;
  constexpr std::int64_t kMost = std::int64_t{2} * TINYC_ROWS;
  float part[kMost * kLanes] = {};
  const bool add = to.store == Store::add;
  for (std::int64_t i = 0; i < m; i += kMost, s.a.data += kMost * s.a.row) {
    const std::int64_t count = std::min(kMost, m - i);
    rows<kMost, 1>(count, s, {part, kLanes, Store::set});
    for (std::int64_t r = 0; r < count; ++r)
      for (std::int64_t j = 0; j < n; ++j) {
        float& c = to.c[(i + r) * to.row + j];
        c = add ? c + part[r * kLanes + j] : part[r * kLanes + j];
      }
  }
}

TINYC_TARGET void product(std::int64_t m, std::int64_t n, Sum s, Result to) {
  for (; n >= 2 * kLanes; n -= 2 * kLanes, s.b += 2 * kLanes, to.c += 2 * kLanes) rows<TINYC_ROWS, 2>(m, s, to);
  if (n >= kLanes) {
    rows<2 * TINYC_ROWS, 1>(m, s, to);
    n -= kLanes, s.b += kLanes, to.c += kLanes;
  }
  if (n > 0) last_columns(m, n, s, to);
}

}  // namespace tinyc::TINYC_TILES

#undef TINYC_TILES
#undef TINYC_TARGET
#undef TINYC_LANES
#undef TINYC_ROWS
#undef TINYC_ALL
#undef TINYC_FMA
