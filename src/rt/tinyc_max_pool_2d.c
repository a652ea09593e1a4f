/* MAX_POOL_2D: the largest value of each window.
 * n, in_h, in_w, in_c, out_h, out_w, k_*, stride_*, pad_*: geometry, every window overlaps the picture; act_min,
 * act_max. */
#include "tinyc_rt.h"

int tinyc_max_pool_2d(const tinyc_layer* l, uint8_t* arena);

/* One window of which `rows` x `cols` pixels are in the picture; four channels a sweep. */
TINYC_APART void tinyc_max_window(const tinyc_layer* l, const int8_t* corner, int rows, int cols, int8_t* out) {
  const int step = (int)l->in_c, row = l->in_w * step, width = cols * step, lo = l->act_min, hi = l->act_max;
  int left, i;
  for (left = step; TINYC_BY_FOUR && left >= 4; left -= 4, corner += 4, out += 4) {
    const int8_t *line = corner, *p, *stop;
    int b0 = lo, b1 = lo, b2 = lo, b3 = lo;
    for (i = rows; i > 0; --i, line += row)
      for (p = line, stop = p + width; p != stop; p += step) {
        b0 = p[0] > b0 ? p[0] : b0;
        b1 = p[1] > b1 ? p[1] : b1;
        b2 = p[2] > b2 ? p[2] : b2;
        b3 = p[3] > b3 ? p[3] : b3;
      }
    out[0] = (int8_t)(b0 < hi ? b0 : hi);
    out[1] = (int8_t)(b1 < hi ? b1 : hi);
    out[2] = (int8_t)(b2 < hi ? b2 : hi);
    out[3] = (int8_t)(b3 < hi ? b3 : hi);
  }
  for (; left > 0; --left, ++corner) {
    const int8_t *line = corner, *p, *stop;
    int best = lo;
    for (i = rows; i > 0; --i, line += row)
      for (p = line, stop = p + width; p != stop; p += step) best = *p > best ? *p : best;
    *out++ = (int8_t)(best < hi ? best : hi);
  }
}

int tinyc_max_pool_2d(const tinyc_layer* l, uint8_t* arena) {
  const int8_t* in = (const int8_t*)(arena + l->in0);
  int8_t* out = (int8_t*)(arena + l->out);
  const int32_t c_count = l->in_c, row = c_count * l->in_w;
  int32_t n, y, x;
  for (n = 0; n < l->n; ++n, in += row * l->in_h)
    for (y = 0; y < l->out_h; ++y) {
      const int32_t top = y * l->stride_h - l->pad_t, y0 = top < 0 ? 0 : top;
      const int rows = (int)((top + l->k_h < l->in_h ? top + l->k_h : l->in_h) - y0);
      for (x = 0; x < l->out_w; ++x, out += c_count) {
        const int32_t left = x * l->stride_w - l->pad_l, x0 = left < 0 ? 0 : left;
        const int cols = (int)((left + l->k_w < l->in_w ? left + l->k_w : l->in_w) - x0);
        tinyc_max_window(l, in + y0 * row + x0 * c_count, rows, cols, out);
      }
    }
  return TINYC_OK;
}
