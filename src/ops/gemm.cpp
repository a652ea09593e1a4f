#include "ops/gemm.h"

#include <algorithm>
#include <cmath>
#include <vector>

#if defined(__x86_64__) && defined(__GNUC__)
#define TINYC_X86_VARIANTS 1
#include <immintrin.h>
#endif

namespace tinyc {
namespace {

// Four floats where nothing else is known: the library's fma is exact too, if slow without hardware for it.
typedef float Four __attribute__((vector_size(16), aligned(4), may_alias));
inline Four fma_four(Four a, Four b, Four c) {
  return Four{std::fma(a[0], b[0], c[0]), std::fma(a[1], b[1], c[1]), std::fma(a[2], b[2], c[2]),
              std::fma(a[3], b[3], c[3])};
}

/// What a tile sums up, from its first row and column on, and where it goes.
struct Sum {
  std::int64_t k;
  Runs runs;
  Strided a;
  const float* b;
  std::int64_t b_row;
};
struct Result {
  float* c;
  std::int64_t row;
  Store store;
};

}  // namespace
}  // namespace tinyc

#define TINYC_TILES tiles_any
#define TINYC_TARGET
#define TINYC_LANES 4
#define TINYC_ROWS 4
#define TINYC_ALL(x) (Four{x, x, x, x})
#define TINYC_FMA(a, b, c) fma_four(a, b, c)
#include "ops/gemm_tiles.h"

#ifdef TINYC_X86_VARIANTS
#define TINYC_TILES tiles_avx2
#define TINYC_TARGET [[gnu::target("avx2,fma")]]
#define TINYC_LANES 8
#define TINYC_ROWS 4
#define TINYC_ALL(x) _mm256_set1_ps(x)
#define TINYC_FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
#include "ops/gemm_tiles.h"

#define TINYC_TILES tiles_avx512
#define TINYC_TARGET [[gnu::target("avx512f")]]
#define TINYC_LANES 16
#define TINYC_ROWS 8
#define TINYC_ALL(x) _mm512_set1_ps(x)
#define TINYC_FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#include "ops/gemm_tiles.h"
#endif

namespace tinyc {
namespace {

auto choose_product() {
#ifdef TINYC_X86_VARIANTS
  if (__builtin_cpu_supports("avx512f")) return tiles_avx512::product;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return tiles_avx2::product;
#endif
  return tiles_any::product;
}

}  // namespace

void gemm(Store store, std::int64_t m, std::int64_t n, std::int64_t k, Strided a, const float* b, std::int64_t b_row,
          float* c, std::int64_t c_row, Runs runs) {
  static const auto kChosen = choose_product();
  kChosen(m, n, {k, runs, a, b, b_row}, {c, c_row, store});
}

void transpose_into(std::int64_t rows, std::int64_t columns, const float* from, float* to) {
  constexpr std::int64_t kBlock = 16;
  for (std::int64_t r0 = 0; r0 < rows; r0 += kBlock)
    for (std::int64_t c = 0; c < columns; ++c)
      for (std::int64_t r = r0; r < std::min(rows, r0 + kBlock); ++r) to[c * rows + r] = from[r * columns + c];
}

}  // namespace tinyc
