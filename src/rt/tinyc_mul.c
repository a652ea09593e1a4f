/* MUL of two int8 operands: requantize((a - a_zp) * (b - b_zp)), equal to the TFLite reference kernel bit for bit.
 * p[0] elements (tinyc_mul); p[1] multiplier; p[2] left shift, at most 13; p[3] right shift.
 * tinyc_mul_broadcast: loops as in tinyc_broadcast. Both may run in place of operand A. */
#include "tinyc_rt.h"

int tinyc_mul(const tinyc_layer* l, uint8_t* arena);
int tinyc_mul_broadcast(const tinyc_layer* l, uint8_t* arena);

static inline int8_t tinyc_mul_one(const tinyc_layer* l, int32_t a, int32_t b) {
  /* doubled, so that the product's upper word is the rounded one */
  const int32_t x = (a - l->in0_zp) * (b - l->in1_zp) * ((int32_t)2 << l->p[2]);
  const int32_t high = (int32_t)(((int64_t)x * l->p[1] + ((int64_t)1 << 31)) >> 32);
  return (int8_t)tinyc_clamp(tinyc_rshift(high, (int)l->p[3]) + l->out_zp, l->act_min, l->act_max);
}

int tinyc_mul(const tinyc_layer* l, uint8_t* arena) {
  const tinyc_layer local = *l; /* writing the output cannot change it: its fields stay in registers */
  const int8_t *a = (const int8_t*)(arena + l->in0), *b = (const int8_t*)(arena + l->in1);
  int8_t *out = (int8_t*)(arena + l->out), *const end = out + l->p[0];
  while (out != end) *out++ = tinyc_mul_one(&local, *a++, *b++);
  return TINYC_OK;
}

static void tinyc_mul_row(const tinyc_layer* l, const int8_t* a, const int8_t* b, int8_t* out) {
  int32_t i;
  for (i = 0; i < l->in_c; ++i, a += l->stride_h, b += l->stride_w) out[i] = tinyc_mul_one(l, *a, tinyc_ld_b(l, b));
}

int tinyc_mul_broadcast(const tinyc_layer* l, uint8_t* arena) { return tinyc_broadcast(l, arena, tinyc_mul_row); }
