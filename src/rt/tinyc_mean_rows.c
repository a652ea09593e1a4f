/* MEAN and SUM over the rows and columns of a picture that comes in bands of rows: p[0] to p[2] of tinyc_mean. scratch:
 * in_c sums, kept from the first band to the last. */
#include "tinyc_rt.h"

int tinyc_sum_rows(const tinyc_layer* l, uint8_t* arena);
int tinyc_mean_rows(const tinyc_layer* l, uint8_t* arena);

int tinyc_mean_rows(const tinyc_layer* l, uint8_t* arena) {
  const int32_t* const sums = (const int32_t*)(const void*)(arena + l->scratch);
  int8_t* const out = (int8_t*)(arena + l->out);
  int32_t c;
  if (!tinyc_sum_rows(l, arena)) return TINYC_OK;
  for (c = 0; c < l->in_c; ++c)
    out[c] = (int8_t)tinyc_output(tinyc_requant(sums[c] - l->p[2], l->p[0], (int)l->p[1]), l->out_zp, -128, 127);
  return TINYC_OK;
}
