/* CONV_2D with Armv8.1-M vectors: the record of tinyc_conv_2d; every shift below zero. Three output pixels at a
 * time (tinyc_mve_sweep): 1/8 instruction for each product, and 6 for each output.
 * scratch: the reader's and block * window bytes when the weights are coded, then three windows unless p[1]. */
#include "tinyc_rt.h"

int tinyc_conv_2d(const tinyc_layer* l, uint8_t* arena);
int tinyc_conv_2d_mve(const tinyc_layer* l, uint8_t* arena);

#if TINYC_MVE
void tinyc_mve_sweep(const tinyc_layer* l, uint8_t* arena, const int8_t* w, int32_t c, int32_t count, int8_t* windows);

int tinyc_conv_2d_mve(const tinyc_layer* l, uint8_t* arena) {
  const uint32_t k = (uint32_t)l->k_h * (uint32_t)l->k_w * (uint32_t)l->p[0];
  int8_t* decoded = (int8_t*)(arena + l->scratch);
  const int8_t* w = l->weights;
  tinyc_reader reader;
  int32_t c = 0, end = tinyc_is_coded(l) ? 0 : l->out_c; /* weights are there up to filter `end` */
  if (tinyc_is_coded(l)) decoded = tinyc_reader_init(&reader, l, arena, (uint32_t)l->p[0], k / (uint32_t)l->p[0], 1);
  while (c < l->out_c) {
    const int32_t filters = l->out_c / (l->in_c / l->p[0]), group = c / filters; /* filters of a group */
    int32_t count;
    if (c == end) {
      end = l->out_c - c < l->block ? l->out_c : c + l->block;
      if (tinyc_reader_next(&reader, l, decoded, (uint32_t)(end - c) * k) != TINYC_OK) return TINYC_E_STREAM;
      w = decoded;
    }
    count = (end < (group + 1) * filters ? end : (group + 1) * filters) - c;
    tinyc_mve_sweep(l, arena, w, c, count, decoded + (tinyc_is_coded(l) ? (uint32_t)l->block * k : 0));
    w += (uint32_t)count * k;
    c += count;
  }
  return TINYC_OK;
}
#else
int tinyc_conv_2d_mve(const tinyc_layer* l, uint8_t* arena) { return tinyc_conv_2d(l, arena); }
#endif
