/* AVERAGE_POOL_2D over the whole picture, which comes in bands of rows: the record of tinyc_average_pool_2d with one
 * output pixel. scratch: in_c sums, kept from the first band to the last. */
#include "tinyc_rt.h"

int tinyc_sum_rows(const tinyc_layer* l, uint8_t* arena);
int tinyc_average_pool_2d_rows(const tinyc_layer* l, uint8_t* arena);

int tinyc_average_pool_2d_rows(const tinyc_layer* l, uint8_t* arena) {
  const int32_t pixels = (int32_t)l->k_h * l->k_w, half = pixels / 2;
  const int32_t* const sums = (const int32_t*)(const void*)(arena + l->scratch);
  int8_t* const out = (int8_t*)(arena + l->out);
  int32_t c;
  if (!tinyc_sum_rows(l, arena)) return TINYC_OK;
  for (c = 0; c < l->in_c; ++c)
    out[c] = (int8_t)tinyc_clamp((sums[c] + (sums[c] > 0 ? half : -half)) / pixels, l->act_min, l->act_max);
  return TINYC_OK;
}
