/* MAX_POOL_2D: the largest value of each window.
 * n, in_h, in_w, in_c, out_h, out_w, k_*, stride_*, pad_*: geometry, every window overlaps the picture; act_min,
 * act_max. */
#include "tinyc_rt.h"

int tinyc_max_pool_2d(const tinyc_layer* l, uint8_t* arena);

int tinyc_max_pool_2d(const tinyc_layer* l, uint8_t* arena) {
  const int8_t* in = (const int8_t*)(arena + l->in0);
  int8_t* out = (int8_t*)(arena + l->out);
  const int32_t c_count = l->in_c, row = c_count * l->in_w, lo = l->act_min, hi = l->act_max;
  int32_t n, y, x, c;
  for (n = 0; n < l->n; ++n, in += row * l->in_h)
    for (y = 0; y < l->out_h; ++y) {
      const int32_t top = y * l->stride_h - l->pad_t, y0 = top < 0 ? 0 : top;
      const int32_t rows = (top + l->k_h < l->in_h ? top + l->k_h : l->in_h) - y0;
      for (x = 0; x < l->out_w; ++x) {
        const int32_t left = x * l->stride_w - l->pad_l, x0 = left < 0 ? 0 : left;
        const int32_t cols = (left + l->k_w < l->in_w ? left + l->k_w : l->in_w) - x0;
        const int8_t* corner = in + y0 * row + x0 * c_count;
        for (c = 0; c < c_count; ++c, ++corner) {
          int32_t best = -128;
          const int8_t* line = corner;
          int32_t j;
          for (j = 0; j < rows; ++j, line += row) {
            const int8_t *p = line, *const end = line + cols * c_count;
            for (; p != end; p += c_count) best = *p > best ? *p : best;
          }
          *out++ = (int8_t)tinyc_clamp(best, lo, hi);
        }
      }
    }
  return TINYC_OK;
}
