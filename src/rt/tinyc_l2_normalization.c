/* L2_NORMALIZATION: rows of p[1] values, p[0] of them, divided by their length; output scale 1 / 128, zero point 0. */
#include "tinyc_rt.h"

int tinyc_l2_normalization(const tinyc_layer* l, uint8_t* arena);

/* v * 2^e, saturated */
static int32_t tinyc_l2_up(int32_t v, int e) {
  const int32_t top = (int32_t)(0x7fffffff >> e);
  return v > top ? 0x7fffffff : v < -top - 1 ? -0x7fffffff - 1 : (int32_t)((uint32_t)v << e);
}

/* 1 / sqrt(v) as multiplier and (negative) shift: five Newton steps in Q3.28, as in TFLite's reference */
static int32_t tinyc_l2_inverse_sqrt(int32_t v, int* shift) {
  const int32_t three_halves = ((int32_t)1 << 28) + ((int32_t)1 << 27), half_sqrt_2 = 1518500250;
  int32_t x = (int32_t)1 << 28, half;
  int right = 11, i;
  *shift = 0;
  if (v <= 1) return 0x7fffffff;
  for (; v >= (int32_t)1 << 29; v /= 4) ++right;
  for (; v < (int32_t)1 << 27; v *= 4) --right;
  half = tinyc_rshift(v >> 1, 1);
  for (i = 0; i < 5; ++i) {
    const int32_t cube = tinyc_l2_up(tinyc_mulhi(tinyc_mulhi(x, x), x), 6);
    x = tinyc_l2_up(tinyc_mulhi(three_halves, x) - tinyc_mulhi(half, cube), 3);
  }
  x = tinyc_mulhi(x, half_sqrt_2);
  if (right < 0) {
    x = (int32_t)((uint32_t)x << -right);
    right = 0;
  }
  *shift = -right;
  return x;
}

int tinyc_l2_normalization(const tinyc_layer* l, uint8_t* arena) {
  const int8_t* x = (const int8_t*)(arena + l->in0);
  int8_t* out = (int8_t*)(arena + l->out);
  const int32_t depth = l->p[1];
  int32_t r, c;
  for (r = l->p[0]; r > 0; --r, x += depth, out += depth) {
    int32_t sum = 0, m;
    int shift;
    for (c = 0; c < depth; ++c) sum += (x[c] - l->in0_zp) * (x[c] - l->in0_zp);
    m = tinyc_l2_inverse_sqrt(sum, &shift);
    for (c = 0; c < depth; ++c) out[c] = (int8_t)tinyc_clamp(tinyc_requant(x[c] - l->in0_zp, m, shift + 7), -128, 127);
  }
  return TINYC_OK;
}
