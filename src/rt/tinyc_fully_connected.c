/* FULLY_CONNECTED. in0 [n][in_c], weights [out_c][in_c], out [n][out_c]. scratch: the reader's and block * in_c bytes
 * when the weights are coded. */
#include "tinyc_rt.h"

TINYC_INLINE int tinyc_fully_connected_run(const tinyc_layer* l, uint8_t* arena, int32_t weight_zp) {
  const unsigned k = (unsigned)l->in_c;
  int8_t* decoded = (int8_t*)(arena + l->scratch);
  tinyc_reader reader;
  if (tinyc_is_coded(l)) decoded = tinyc_reader_init(&reader, l, arena, k, 1, 1);
  for (int32_t c = 0; c < l->out_c; c += l->block) {
    const int32_t count = l->out_c - c < l->block ? l->out_c - c : l->block;
    const int8_t *w = l->weights + (uint32_t)c * k, *x = (const int8_t*)(arena + l->in0);
    int8_t* out = (int8_t*)(arena + l->out) + c;
    if (tinyc_is_coded(l)) {
      const int rc = tinyc_reader_next(&reader, l, decoded, (uint32_t)count * k);
      if (rc != TINYC_OK) return rc;
      w = decoded;
    }
    for (int32_t n = 0; n < l->n; ++n, x += k, out += l->out_c)
      tinyc_filters(l, x, w, k, (int)c, (int)count, weight_zp ? weight_zp * tinyc_sum(x, k) : 0, out, 1);
  }
  return TINYC_OK;
}

int tinyc_fully_connected(const tinyc_layer* l, uint8_t* arena);
int tinyc_fully_connected(const tinyc_layer* l, uint8_t* arena) { return tinyc_fully_connected_run(l, arena, 0); }

/* Weights with a zero point (models that were uint8). */
int tinyc_fully_connected_wzp(const tinyc_layer* l, uint8_t* arena);
int tinyc_fully_connected_wzp(const tinyc_layer* l, uint8_t* arena) {
  return tinyc_fully_connected_run(l, arena, l->p[4]);
}
