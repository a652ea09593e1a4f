/* BATCH_MATMUL with a constant operand: n products of p[0] vectors of in_c values with out_c constant rows.
 * in0: n matrices; element i of vector v is at v + i * p[0] when p[1] != 1 (then gathered into scratch), else at v *
 * in_c + i. weights: [out_c][in_c], once (p[3] = 0) or for each of the n products (p[3] = 1; bias has n * out_c entries
 * then). out: vector v, row c at v * out_c + c, or at c * p[0] + v when p[2] = 1 (the constant is the left operand).
 * scratch: the reader's and block * in_c bytes when the weights are coded, then in_c bytes when p[1] != 1. */
#include "tinyc_rt.h"

/* One product with `count` rows, the first of them channel c. */
static void tinyc_batch_matmul_product(const tinyc_layer* l, const int8_t* in, const int8_t* w, int32_t set, int32_t c,
                                       int32_t count, int8_t* vector, int8_t* out) {
  const unsigned k = (unsigned)l->in_c;
  const int32_t vectors = l->p[0], step = l->p[2] ? vectors : 1;
  for (int32_t v = 0; v < vectors; ++v) {
    const int8_t* x = in + (uint32_t)v * k;
    if (l->p[1] != 1) {
      for (unsigned i = 0; i < k; ++i) vector[i] = in[v + (int32_t)i * vectors];
      x = vector;
    }
    tinyc_filters(l, x, w, k, (int)(set * l->out_c + c), (int)count, l->p[4] ? l->p[4] * tinyc_sum(x, k) : 0,
                  out + (l->p[2] ? c * vectors + v : v * l->out_c + c), (int)step);
  }
}

int tinyc_batch_matmul(const tinyc_layer* l, uint8_t* arena);
int tinyc_batch_matmul(const tinyc_layer* l, uint8_t* arena) {
  const uint32_t k = (uint32_t)l->in_c;
  const int32_t sets = l->p[3] ? l->n : 1, shared = l->p[3] ? 1 : l->n; /* products that use the same rows */
  const int8_t* in = (const int8_t*)(arena + l->in0);
  int8_t *out = (int8_t*)(arena + l->out), *decoded = (int8_t*)(arena + l->scratch);
  tinyc_reader reader;
  if (tinyc_is_coded(l)) decoded = tinyc_reader_init(&reader, l, arena, k, 1, 1);
  int8_t* vector = decoded + (tinyc_is_coded(l) ? (uint32_t)l->block * k : 0);
  for (int32_t set = 0; set < sets; ++set) {
    for (int32_t c = 0; c < l->out_c; c += l->block) {
      const int32_t count = l->out_c - c < l->block ? l->out_c - c : l->block;
      const int8_t* w = l->weights + (uint32_t)(set * l->out_c + c) * k;
      if (tinyc_is_coded(l)) {
        const int rc = tinyc_reader_next(&reader, l, decoded, (uint32_t)count * k);
        if (rc != TINYC_OK) return rc;
        w = decoded;
      }
      for (int32_t i = set; i < set + shared; ++i)
        tinyc_batch_matmul_product(l, in + (uint32_t)(i * l->p[0]) * k, w, set, c, count, vector,
                                   out + i * l->p[0] * l->out_c);
    }
  }
  return TINYC_OK;
}
