/* AVERAGE_POOL_2D: sum over the window / pixels in the picture, half away from zero.
 * n, in_h, in_w, in_c, out_h, out_w, k_*, stride_*, pad_*: geometry, every window overlaps the picture; act_min,
 * act_max. */
#include "tinyc_rt.h"

int tinyc_average_pool_2d(const tinyc_layer* l, uint8_t* arena);

/* Sum of one channel over `rows` lines of `width` bytes. */
static int32_t tinyc_average_sum(const int8_t* line, int rows, int row, int width, int step) {
  int32_t sum = 0;
  for (; rows > 0; --rows, line += row) {
    const int8_t *p = line, *const end = line + width;
    for (; p != end; p += step) sum += *p;
  }
  return sum;
}

/* The same of four channels, in one sweep: 2.75 instructions a value on Cortex-M4. */
TINYC_APART void tinyc_average_four(const int8_t* line, int rows, int row, int width, int step, int32_t* sum) {
  int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  for (; rows > 0; --rows, line += row) {
    const int8_t *p = line, *const end = line + width;
    for (; p != end; p += step) {
      s0 += p[0];
      s1 += p[1];
      s2 += p[2];
      s3 += p[3];
    }
  }
  sum[0] = s0;
  sum[1] = s1;
  sum[2] = s2;
  sum[3] = s3;
}

/* One window of which `rows` x `cols` pixels are in the picture. */
static void tinyc_average_window(const tinyc_layer* l, const int8_t* corner, int rows, int cols, int8_t* out) {
  const int step = (int)l->in_c, row = l->in_w * step, width = cols * step, lo = l->act_min, hi = l->act_max;
  const int32_t pixels = (int32_t)rows * cols, half = pixels / 2;
  int left, lanes, i;
  for (left = step; left > 0; left -= lanes, corner += lanes) {
    int32_t sum[4];
    lanes = TINYC_BY_FOUR && left >= 4 ? 4 : 1;
    if (lanes == 4)
      tinyc_average_four(corner, rows, row, width, step, sum);
    else
      sum[0] = tinyc_average_sum(corner, rows, row, width, step);
    for (i = 0; i < lanes; ++i) {
      const int32_t x = sum[i] + (sum[i] > 0 ? half : -half);
      const int short_division = sizeof(int) == 2 && pixels < 256; /* which is three times as fast on AVR */
      *out++ = (int8_t)tinyc_clamp_int(short_division ? (int)x / (int)pixels : (int)(x / pixels), lo, hi);
    }
  }
}

int tinyc_average_pool_2d(const tinyc_layer* l, uint8_t* arena) {
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
        tinyc_average_window(l, in + y0 * row + x0 * c_count, rows, cols, out);
      }
    }
  return TINYC_OK;
}
