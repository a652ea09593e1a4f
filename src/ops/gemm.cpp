#include "ops/gemm.h"

#include <algorithm>
#include <vector>

// The same source is compiled for several vector lengths and chosen at load time. Products and sums stay separate
// (-ffp-contract=off) and no sum runs across lanes, so all variants give the same bits.
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__)
#define TINYC_X86_VARIANTS 1
#endif

namespace tinyc {
namespace {

template <int W>
struct Lanes {
  typedef float type __attribute__((vector_size(W * 4), aligned(4), may_alias));
};

// One tile of MR rows and NV vectors of W columns: the accumulators live in registers over the whole depth.
template <int W, int MR, int NV>
[[gnu::always_inline]] inline void tile(std::int64_t k, Strided a, const float* b, std::int64_t b_row, float* c,
                                        std::int64_t c_row) {
  using V = typename Lanes<W>::type;
  V sum[MR][NV];
#pragma GCC unroll 16
  for (int i = 0; i < MR; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) sum[i][j] = V{};
  for (std::int64_t d = 0; d < k; ++d) {
    V line[NV];
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) line[j] = *reinterpret_cast<const V*>(b + d * b_row + j * W);
#pragma GCC unroll 16
    for (int i = 0; i < MR; ++i) {
      const float x = a.data[i * a.row + d * a.col];
#pragma GCC unroll 4
      for (int j = 0; j < NV; ++j) sum[i][j] += x * line[j];
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < MR; ++i)  // one row after the other: rows of c may overlap
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) {
      V* to = reinterpret_cast<V*>(c + i * c_row + j * W);
      *to = *to + sum[i][j];
    }
}

template <int W, int MR, int NV>
[[gnu::always_inline]] inline void rows_of_tiles(std::int64_t m, std::int64_t k, Strided a, const float* b,
                                                 std::int64_t b_row, float* c, std::int64_t c_row) {
  std::int64_t i = 0;
  for (; i + MR <= m; i += MR) tile<W, MR, NV>(k, {a.data + i * a.row, a.row, a.col}, b, b_row, c + i * c_row, c_row);
  if constexpr (MR > 1) {
    const Strided rest{a.data + i * a.row, a.row, a.col};
    rows_of_tiles<W, MR / 2, NV>(m - i, k, rest, b, b_row, c + i * c_row, c_row);
  }
}

// Columns that do not fill a vector: b's are copied beside zeros, c's are added one by one.
template <int W, int MR>
[[gnu::always_inline]] inline void last_columns(std::int64_t m, std::int64_t n, std::int64_t k, Strided a,
                                                const float* b, std::int64_t b_row, float* c, std::int64_t c_row) {
  thread_local std::vector<float> padded;
  padded.assign(static_cast<std::size_t>(k * W), 0.0f);
  for (std::int64_t d = 0; d < k; ++d) std::copy_n(b + d * b_row, n, padded.data() + d * W);
  float part[MR * W];
  for (std::int64_t i = 0; i < m; i += MR) {
    const std::int64_t rows = std::min<std::int64_t>(MR, m - i);
    std::fill_n(part, MR * W, 0.0f);
    rows_of_tiles<W, MR, 1>(rows, k, {a.data + i * a.row, a.row, a.col}, padded.data(), W, part, W);
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t j = 0; j < n; ++j) c[(i + r) * c_row + j] += part[r * W + j];
  }
}

template <int W, int MR>
[[gnu::always_inline]] inline void product(std::int64_t m, std::int64_t n, std::int64_t k, Strided a, const float* b,
                                           std::int64_t b_row, float* c, std::int64_t c_row) {
  std::int64_t j = 0;
  for (; j + 2 * W <= n; j += 2 * W) rows_of_tiles<W, MR, 2>(m, k, a, b + j, b_row, c + j, c_row);
  if (j + W <= n) {
    rows_of_tiles<W, 2 * MR, 1>(m, k, a, b + j, b_row, c + j, c_row);
    j += W;
  }
  if (j < n) last_columns<W, MR>(m, n - j, k, a, b + j, b_row, c + j, c_row);
}

using Product = void (*)(std::int64_t, std::int64_t, std::int64_t, Strided, const float*, std::int64_t, float*,
                         std::int64_t);

void product_any(std::int64_t m, std::int64_t n, std::int64_t k, Strided a, const float* b, std::int64_t b_row,
                 float* c, std::int64_t c_row) {
  product<4, 4>(m, n, k, a, b, b_row, c, c_row);
}

#ifdef TINYC_X86_VARIANTS
[[gnu::target("avx2")]] void product_avx2(std::int64_t m, std::int64_t n, std::int64_t k, Strided a, const float* b,
                                          std::int64_t b_row, float* c, std::int64_t c_row) {
  product<8, 4>(m, n, k, a, b, b_row, c, c_row);
}
[[gnu::target("avx512f")]] void product_avx512(std::int64_t m, std::int64_t n, std::int64_t k, Strided a,
                                               const float* b, std::int64_t b_row, float* c, std::int64_t c_row) {
  product<16, 8>(m, n, k, a, b, b_row, c, c_row);
}
Product choose_product() {
  if (__builtin_cpu_supports("avx512f")) return product_avx512;
  if (__builtin_cpu_supports("avx2")) return product_avx2;
  return product_any;
}
#else
Product choose_product() { return product_any; }
#endif

}  // namespace

void gemm_add(std::int64_t m, std::int64_t n, std::int64_t k, Strided a, const float* b, std::int64_t b_row, float* c,
              std::int64_t c_row) {
  static const Product chosen = choose_product();
  chosen(m, n, k, a, b, b_row, c, c_row);
}

void transpose_into(std::int64_t rows, std::int64_t columns, const float* from, float* to) {
  constexpr std::int64_t kBlock = 16;
  for (std::int64_t r0 = 0; r0 < rows; r0 += kBlock)
    for (std::int64_t c = 0; c < columns; ++c)
      for (std::int64_t r = r0; r < std::min(rows, r0 + kBlock); ++r) to[c * rows + r] = from[r * columns + c];
}

}  // namespace tinyc
