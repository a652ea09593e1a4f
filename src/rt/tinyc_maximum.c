/* MAXIMUM and MINIMUM of two int8 operands of one scale; min(a, b) = ~max(~a, ~b).
 * p[0] elements (tinyc_maximum); p[1] 0 for the maximum, -1 for the minimum.
 * tinyc_maximum_broadcast: loops as in tinyc_broadcast. Both may run in place of operand A. */
#include "tinyc_rt.h"

int tinyc_maximum(const tinyc_layer* l, uint8_t* arena);
int tinyc_maximum_broadcast(const tinyc_layer* l, uint8_t* arena);

static inline int8_t tinyc_maximum_one(int32_t a, int32_t b, int32_t flip) {
  a ^= flip;
  b ^= flip;
  return (int8_t)((a > b ? a : b) ^ flip);
}

int tinyc_maximum(const tinyc_layer* l, uint8_t* arena) {
  const int8_t *a = (const int8_t*)(arena + l->in0), *b = (const int8_t*)(arena + l->in1);
  int8_t *out = (int8_t*)(arena + l->out), *const end = out + l->p[0];
  const int32_t flip = l->p[1];
  while (out != end) *out++ = tinyc_maximum_one(*a++, *b++, flip);
  return TINYC_OK;
}

static void tinyc_maximum_row(const tinyc_layer* l, const int8_t* a, const int8_t* b, int8_t* out) {
  int32_t i;
  for (i = 0; i < l->in_c; ++i, a += l->stride_h, b += l->stride_w)
    out[i] = tinyc_maximum_one(*a, tinyc_ld_b(l, b), l->p[1]);
}

int tinyc_maximum_broadcast(const tinyc_layer* l, uint8_t* arena) {
  return tinyc_broadcast(l, arena, tinyc_maximum_row);
}
