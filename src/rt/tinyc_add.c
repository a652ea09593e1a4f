/* ADD and SUB of two int8 operands, equal to the TFLite reference kernels bit for bit.
 * TFLite brings both operands to 2^-20 of twice the larger scale. For the operand of the larger scale ("wide") that is
 * a multiplication by exactly 2^19; only the other one ("narrow") is rounded. A subtrahend has a negative factor. p[0]
 * elements (tinyc_add); p[1] factor of the wide operand, +-2^20; p[2] factor of the narrow one, +-2^21 (+-2^22 where
 * both scales are equal); p[3] its multiplier, dil_h its right shift; p[4] multiplier of the sum, dil_w its right
 * shift, both shifts at least 1; k_h: 1 when operand B is the wide one. tinyc_add_broadcast: loops as in
 * tinyc_broadcast. Both may run in place of operand A. */
#include "tinyc_rt.h"

int tinyc_add(const tinyc_layer* l, uint8_t* arena);
int tinyc_add_broadcast(const tinyc_layer* l, uint8_t* arena);

/* Both roundings of a requantization of x: 2^31 for the product, half = 2^(e-1) for the shift that follows it. */
static inline int64_t tinyc_add_bias(int e) { return ((int64_t)1 << 31) + ((int64_t)1 << (e + 31)); }

/* x * m / 2^32 rounded, then / 2^e rounded half away from zero */
static inline int32_t tinyc_add_scale(int32_t x, int32_t m, int64_t bias, int e) {
  return ((int32_t)(((int64_t)x * m + bias) >> 32) + (x >> 31)) >> e;
}

int tinyc_add(const tinyc_layer* l, uint8_t* arena) {
  const int8_t *const a = (const int8_t*)(arena + l->in0), *const b = (const int8_t*)(arena + l->in1);
  const int8_t *wide = l->k_h ? b : a, *narrow = l->k_h ? a : b;
  int8_t *out = (int8_t*)(arena + l->out), *const end = out + l->p[0];
  const int32_t factor = l->p[1], base = -factor * (l->k_h ? l->in1_zp : l->in0_zp);
  const int32_t narrow_factor = l->p[2], narrow_base = -narrow_factor * (l->k_h ? l->in0_zp : l->in1_zp);
  const int32_t m = l->p[3], m_out = l->p[4];
  const int e = l->dil_h, e_out = l->dil_w;
  /* a tie of the negated product goes the other way */
  const int64_t bias = tinyc_add_bias(e) - (narrow_factor < 0 ? 1 : 0), bias_out = tinyc_add_bias(e_out);
  const int32_t zp = l->out_zp, lo = l->act_min, hi = l->act_max;
  while (out != end) {
    const int32_t x = tinyc_add_scale(*narrow++ * narrow_factor + narrow_base, m, bias, e);
    const int32_t sum = *wide++ * factor + base + 2 * x;
    *out++ = (int8_t)tinyc_clamp(tinyc_add_scale(sum, m_out, bias_out, e_out) + zp, lo, hi);
  }
  return TINYC_OK;
}

static void tinyc_add_row(const tinyc_layer* l, const int8_t* a, const int8_t* b, int8_t* out) {
  const int64_t bias = tinyc_add_bias(l->dil_h) - (l->p[2] < 0 ? 1 : 0), bias_out = tinyc_add_bias(l->dil_w);
  int32_t i;
  for (i = 0; i < l->in_c; ++i, a += l->stride_h, b += l->stride_w) {
    const int32_t va = *a - l->in0_zp, vb = tinyc_ld_b(l, b) - l->in1_zp;
    const int32_t x = tinyc_add_scale((l->k_h ? va : vb) * l->p[2], l->p[3], bias, l->dil_h);
    const int32_t sum = (l->k_h ? vb : va) * l->p[1] + 2 * x;
    const int32_t y = tinyc_add_scale(sum, l->p[4], bias_out, l->dil_w) + l->out_zp;
    out[i] = (int8_t)tinyc_clamp(y, l->act_min, l->act_max);
  }
}

int tinyc_add_broadcast(const tinyc_layer* l, uint8_t* arena) { return tinyc_broadcast(l, arena, tinyc_add_row); }
