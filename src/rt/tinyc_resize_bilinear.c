/* RESIZE_BILINEAR int8 with 10 fraction bits: n pictures in_h x in_w x in_c -> out_h x out_w x in_c.
 *   p[0], p[1] input rows and columns for each output row and column, times 1024
 *   p[2], p[3] position of the first output row and column, times 1024 */
#include "tinyc_rt.h"

typedef struct {
  int32_t low, high, far; /* neighbours, and the distance from `low` in 1/1024 */
} tinyc_resize_spot;

static tinyc_resize_spot tinyc_resize_at(int32_t at, int32_t size) {
  tinyc_resize_spot s;
  /* `/` truncates: a position before the first pixel becomes that pixel, as a position behind the last becomes the last
   */
  s.low = tinyc_clamp(at / 1024, 0, size - 1);
  s.high = tinyc_clamp((at + 1023) / 1024, 0, size - 1);
  s.far = s.low == s.high ? 0 : at - 1024 * s.low;
  return s;
}

int tinyc_resize_bilinear(const tinyc_layer* l, uint8_t* arena) {
  const int32_t c = l->in_c, row = c * l->in_w;
  const int8_t* picture = (const int8_t*)(arena + l->in0);
  int8_t* out = (int8_t*)(arena + l->out);
  int32_t n, y, x, k;
  for (n = 0; n < l->n; ++n, picture += row * l->in_h) {
    for (y = 0; y < l->out_h; ++y) {
      const tinyc_resize_spot v = tinyc_resize_at(y * l->p[0] + l->p[2], l->in_h);
      const int8_t *low = picture + v.low * row, *high = picture + v.high * row;
      for (x = 0; x < l->out_w; ++x) {
        const tinyc_resize_spot u = tinyc_resize_at(x * l->p[1] + l->p[3], l->in_w);
        const int8_t *ll = low + u.low * c, *lh = low + u.high * c, *hl = high + u.low * c, *hh = high + u.high * c;
        const int32_t w_ll = (1024 - v.far) * (1024 - u.far), w_lh = (1024 - v.far) * u.far;
        const int32_t w_hl = v.far * (1024 - u.far), w_hh = v.far * u.far;
        for (k = 0; k < c; ++k) {
          const int32_t sum = ll[k] * w_ll + lh[k] * w_lh + hl[k] * w_hl + hh[k] * w_hh;
          *out++ = (int8_t)((sum + (sum > 0 ? 524288 : -524288)) / 1048576);
        }
      }
    }
  }
  return TINYC_OK;
}
