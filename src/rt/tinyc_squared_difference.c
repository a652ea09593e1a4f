/* SQUARED_DIFFERENCE of two int8 operands, equal to the TFLite reference kernel bit for bit: both scaled by 2^7 and to
 * twice the larger scale (exactly 2^6 for the operand of the larger scale), difference, square, requantization. p[0]
 * elements (tinyc_squared_difference); p[1], p[2] multiplier and shift of the narrow operand; p[3], p[4] of the square;
 * k_h: 1 when operand B is the wide one. tinyc_squared_difference_broadcast: loops as in tinyc_broadcast.
 * Both may run in place of operand A. */
#include "tinyc_rt.h"

int tinyc_squared_difference(const tinyc_layer* l, uint8_t* arena);
int tinyc_squared_difference_broadcast(const tinyc_layer* l, uint8_t* arena);

static inline int8_t tinyc_squared_difference_one(const tinyc_layer* l, int32_t a, int32_t b) {
  const int32_t va = a - l->in0_zp, vb = b - l->in1_zp;
  const int32_t wide = (l->k_h ? vb : va) * 64, narrow = tinyc_requant((l->k_h ? va : vb) * 128, l->p[1], (int)l->p[2]);
  const int32_t y = tinyc_requant((wide - narrow) * (wide - narrow), l->p[3], (int)l->p[4]);
  return (int8_t)tinyc_output(y, l->out_zp, -128, 127);
}

int tinyc_squared_difference(const tinyc_layer* l, uint8_t* arena) {
  const tinyc_layer local = *l; /* writing the output cannot change it: its fields stay in registers */
  const int8_t *a = (const int8_t*)(arena + l->in0), *b = (const int8_t*)(arena + l->in1);
  int8_t *out = (int8_t*)(arena + l->out), *const end = out + l->p[0];
  while (out != end) *out++ = tinyc_squared_difference_one(&local, *a++, *b++);
  return TINYC_OK;
}

static void tinyc_squared_difference_row(const tinyc_layer* l, const int8_t* a, const int8_t* b, int8_t* out) {
  int32_t i;
  for (i = 0; i < l->in_c; ++i, a += l->stride_h, b += l->stride_w)
    out[i] = tinyc_squared_difference_one(l, *a, tinyc_ld_b(l, b));
}

int tinyc_squared_difference_broadcast(const tinyc_layer* l, uint8_t* arena) {
  return tinyc_broadcast(l, arena, tinyc_squared_difference_row);
}
