// Element loops of float forward and backward steps, compiled for several vector lengths. No sum runs across lanes, so
// all of them give the same bits.
#pragma once
#include <cstdint>

namespace tinyc {

/// y[i] += a[i] * b[i].
void multiply_add(std::int64_t n, const float* a, const float* b, float* y);
/// y[i] += x[i].
void add_to(std::int64_t n, const float* x, float* y);
/// y[c] += sum over rows of x[row][c], rows in order.
void add_column_sums(std::int64_t rows, std::int64_t columns, const float* x, float* y);
/// y[r][c] = clamp(y[r][c] + bias[c], lo, hi); `bias` may be null.
void add_bias_and_clamp(std::int64_t rows, std::int64_t columns, const float* bias, float lo, float hi, float* y);
/// to[i] = g[i] where lo < y[i] < hi, else 0: the gradient of a clamp by its output.
void mask_clamped(std::int64_t n, const float* y, float lo, float hi, const float* g, float* to);
/// y[i] becomes fake_quantize(y[i], scale, zero_point) (executor.h): what is left of it as an int8 activation.
void fake_quantize_all(std::int64_t n, float scale, std::int32_t zero_point, float* y);

}  // namespace tinyc
