/* CONV_2D with Armv8.1-M vectors: the record of tinyc_conv_2d; every shift below zero. Three output pixels at a
 * time (tinyc_mve_sweep): 1/8 instruction for each product, and 6 for each output.
 * scratch: the reader's and block * window bytes when the weights are coded, then three windows unless p[1]. */
#include "tinyc_rt.h"

int tinyc_conv_2d(const tinyc_layer* l, uint8_t* arena);
int tinyc_conv_2d_mve(const tinyc_layer* l, uint8_t* arena);

#if TINYC_MVE
void tinyc_mve_sweep(const tinyc_layer* l, const int8_t* in, const int8_t* w, int32_t c, int32_t count, int8_t* windows,
                     int8_t* out);

int tinyc_conv_2d_mve(const tinyc_layer* l, uint8_t* arena) {
  const uint32_t k = (uint32_t)l->k_h * (uint32_t)l->k_w * (uint32_t)l->p[0];
  const int32_t filters = l->out_c / (l->in_c / l->p[0]); /* of one group */
  int8_t *decoded = (int8_t*)(arena + l->scratch), *windows;
  tinyc_reader reader;
  int32_t c, first;
  if (l->codec) decoded = tinyc_reader_init(&reader, l, arena, (uint32_t)l->p[0], k / (uint32_t)l->p[0], 1);
  windows = decoded + (l->codec ? (uint32_t)l->block * k : 0u);
  for (c = 0; c < l->out_c; c += l->block) {
    const int32_t end = l->out_c - c < l->block ? l->out_c : c + l->block;
    const int8_t* w = l->weights + (uint32_t)c * k;
    if (l->codec) {
      const int rc = tinyc_reader_next(&reader, l, decoded, (uint32_t)(end - c) * k);
      if (rc != TINYC_OK) return rc;
      w = decoded;
    }
    for (first = c; first < end;) {
      const int32_t group = first / filters, last = end < (group + 1) * filters ? end : (group + 1) * filters;
      tinyc_mve_sweep(l, (const int8_t*)(arena + l->in0) + group * l->p[0], w + (uint32_t)(first - c) * k, first,
                      last - first, windows, (int8_t*)(arena + l->out) + first);
      first = last;
    }
  }
  return TINYC_OK;
}
#else
int tinyc_conv_2d_mve(const tinyc_layer* l, uint8_t* arena) { return tinyc_conv_2d(l, arena); }
#endif
