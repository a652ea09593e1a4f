/* MUL of two int8 operands with one rounding: x = (a - in0_zp) * (b - in1_zp), (x * p[1] / 2^15 + p[2]) >> p[4], with
 * p[3] more where x is negative; clamped. The compiler emits it only where it equals tinyc_mul for all 65,536 pairs of
 * operands (src/ops/affine_fit.cpp). p[0] elements (tinyc_mul_affine); 0 <= p[1] < 2^28, no partial sum leaves int32;
 * 16 <= p[4] <= 30. tinyc_mul_affine_broadcast: loops as in tinyc_broadcast. Both may run in place of operand A. */
#include "tinyc_rt.h"

int tinyc_mul_affine(const tinyc_layer* l, uint8_t* arena);
int tinyc_mul_affine_broadcast(const tinyc_layer* l, uint8_t* arena);

typedef struct {
  int32_t constant, below; /* below: more for negative products */
  int zero_a, zero_b, shift;
#if defined(__AVR__) || \
    (defined(__thumb__) && !defined(__thumb2__)) /* no upper half of a long product: two short ones */
  int16_t high, low;
#else
  int32_t factor;
#endif
} tinyc_product;

static inline tinyc_product tinyc_mul_constants(const tinyc_layer* l) {
  tinyc_product f;
  f.constant = l->p[2];
  f.below = l->p[3];
  f.zero_a = l->in0_zp;
  f.zero_b = l->in1_zp;
  f.shift = (int)l->p[4];
#if defined(__AVR__) || (defined(__thumb__) && !defined(__thumb2__))
  f.high = (int16_t)(l->p[1] >> 15);
  f.low = (int16_t)(l->p[1] & 32767);
#else
  f.zero_b *= 1 << 14;
  f.factor = l->p[1] * 8;
#endif
  return f;
}

static inline int tinyc_mul_scaled(tinyc_product f, int a, int b) {
#if defined(__AVR__) || (defined(__thumb__) && !defined(__thumb2__))
  const int32_t x = (int32_t)(a - f.zero_a) * (b - f.zero_b), scaled = x * f.high + ((x * f.low) >> 15);
#else
  const int32_t x = (a - f.zero_a) * (b * (1 << 14) - f.zero_b), scaled = (int32_t)(((int64_t)x * f.factor) >> 32);
#endif
  return tinyc_high_shift(f.constant + scaled + ((x >> 31) & f.below), f.shift);
}

int tinyc_mul_affine(const tinyc_layer* l, uint8_t* arena) {
  const int8_t *a = (const int8_t*)(arena + l->in0), *b = (const int8_t*)(arena + l->in1);
  int8_t* out = (int8_t*)(arena + l->out);
  const tinyc_product f = tinyc_mul_constants(l);
  const int lo = l->act_min, hi = l->act_max;
  int32_t left = l->p[0];
  if (TINYC_BY_FOUR && hi - lo == 255) /* Cortex-M4: 11.5 instructions an output */
    for (; left >= 4; left -= 4, a += 4, b += 4, out += 4) {
      out[0] = tinyc_int8(tinyc_mul_scaled(f, a[0], b[0]));
      out[1] = tinyc_int8(tinyc_mul_scaled(f, a[1], b[1]));
      out[2] = tinyc_int8(tinyc_mul_scaled(f, a[2], b[2]));
      out[3] = tinyc_int8(tinyc_mul_scaled(f, a[3], b[3]));
    }
  for (; left > 0; --left) *out++ = (int8_t)tinyc_clamp_int(tinyc_mul_scaled(f, *a++, *b++), lo, hi);
  return TINYC_OK;
}

static void tinyc_mul_affine_row(const tinyc_layer* l, const int8_t* a, const int8_t* b, int8_t* out) {
  const tinyc_product f = tinyc_mul_constants(l);
  const int lo = l->act_min, hi = l->act_max, step_a = l->stride_h, step_b = l->stride_w;
  int8_t* const end = out + l->in_c;
  for (; out != end; a += step_a, b += step_b)
    *out++ = (int8_t)tinyc_clamp_int(tinyc_mul_scaled(f, *a, (int)tinyc_ld_b(l, b)), lo, hi);
}

int tinyc_mul_affine_broadcast(const tinyc_layer* l, uint8_t* arena) {
  return tinyc_broadcast(l, arena, tinyc_mul_affine_row);
}
