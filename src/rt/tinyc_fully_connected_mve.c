/* FULLY_CONNECTED with Armv8.1-M vectors: the record of tinyc_fully_connected; every shift below zero. Four filters at
 * a time (tinyc_mve_row): 10/64 instructions for each product. scratch: the reader's and block * in_c bytes when the
 * weights are coded. */
#include "tinyc_rt.h"

int tinyc_fully_connected(const tinyc_layer* l, uint8_t* arena);
int tinyc_fully_connected_mve(const tinyc_layer* l, uint8_t* arena);

#if TINYC_MVE
void tinyc_mve_row(const tinyc_layer* l, const int8_t* x, const int8_t* w, unsigned k, int32_t c, int32_t count,
                   int8_t* out);

int tinyc_fully_connected_mve(const tinyc_layer* l, uint8_t* arena) {
  const unsigned k = (unsigned)l->in_c;
  int8_t* decoded = (int8_t*)(arena + l->scratch);
  tinyc_reader reader;
  int32_t c, n;
  if (tinyc_is_coded(l)) decoded = tinyc_reader_init(&reader, l, arena, k, 1, 1);
  for (c = 0; c < l->out_c; c += l->block) {
    const int32_t count = l->out_c - c < l->block ? l->out_c - c : l->block;
    const int8_t *w = l->weights + (uint32_t)c * k, *x = (const int8_t*)(arena + l->in0);
    int8_t* out = (int8_t*)(arena + l->out) + c;
    if (tinyc_is_coded(l)) {
      const int rc = tinyc_reader_next(&reader, l, decoded, (uint32_t)count * k);
      if (rc != TINYC_OK) return rc;
      w = decoded;
    }
    for (n = 0; n < l->n; ++n, x += k, out += l->out_c) tinyc_mve_row(l, x, w, k, c, count, out);
  }
  return TINYC_OK;
}
#else
int tinyc_fully_connected_mve(const tinyc_layer* l, uint8_t* arena) { return tinyc_fully_connected(l, arena); }
#endif
