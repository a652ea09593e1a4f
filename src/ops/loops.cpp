#include "ops/loops.h"

#include "tinyc/executor.h"

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__)
#define TINYC_VARIANTS [[gnu::target_clones("avx512f", "avx2", "default"), gnu::optimize("O3")]]
#else
#define TINYC_VARIANTS
#endif

namespace tinyc {

TINYC_VARIANTS void multiply_add(std::int64_t n, const float* __restrict a, const float* __restrict b,
                                 float* __restrict y) {
  for (std::int64_t i = 0; i < n; ++i) y[i] += a[i] * b[i];
}

TINYC_VARIANTS void add_to(std::int64_t n, const float* __restrict x, float* __restrict y) {
  for (std::int64_t i = 0; i < n; ++i) y[i] += x[i];
}

TINYC_VARIANTS void add_column_sums(std::int64_t rows, std::int64_t columns, const float* __restrict x,
                                    float* __restrict y) {
  for (std::int64_t r = 0; r < rows; ++r)
    for (std::int64_t c = 0; c < columns; ++c) y[c] += x[r * columns + c];
}

TINYC_VARIANTS void add_bias_and_clamp(std::int64_t rows, std::int64_t columns, const float* __restrict bias, float lo,
                                       float hi, float* __restrict y) {
  for (std::int64_t r = 0; r < rows; ++r, y += columns) {
    if (bias)
      for (std::int64_t c = 0; c < columns; ++c) y[c] += bias[c];
    for (std::int64_t c = 0; c < columns; ++c) {
      const float v = y[c] < lo ? lo : y[c];
      y[c] = v > hi ? hi : v;
    }
  }
}

TINYC_VARIANTS void mask_clamped(std::int64_t n, const float* __restrict y, float lo, float hi,
                                 const float* __restrict g, float* __restrict to) {
  for (std::int64_t i = 0; i < n; ++i) to[i] = y[i] > lo && y[i] < hi ? g[i] : 0.0f;
}

TINYC_VARIANTS void fake_quantize_all(std::int64_t n, float scale, std::int32_t zero_point, float* __restrict y) {
  for (std::int64_t i = 0; i < n; ++i) y[i] = fake_quantize(y[i], scale, zero_point);
}

}  // namespace tinyc
