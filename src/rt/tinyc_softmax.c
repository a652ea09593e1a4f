/* SOFTMAX over the last axis, equal to the TFLite reference kernel bit for bit.
 * p[0] rows; p[1] elements of a row; table: p[2] exponentials in Q0.31 by the difference to the row's maximum;
 * differences beyond it count nothing. Output scale 1/256, zero point -128. May run in place. */
#include "tinyc_rt.h"

int tinyc_softmax(const tinyc_layer* l, uint8_t* arena);

/* 1 / (1 + a) in Q0.31 for a in [0, 1): Newton's division of 2 by the denominator in Q2.29 */
static int32_t tinyc_softmax_reciprocal(int32_t a) {
  const int32_t half_denominator = (a >> 1) + ((int32_t)1 << 30);
  int32_t x = 1515870810 + tinyc_mulhi(half_denominator, -1010580540), i; /* 48/17 - 32/17 d */
  for (i = 0; i < 3; ++i) x += tinyc_mulhi(x, ((int32_t)1 << 29) - tinyc_mulhi(half_denominator, x)) * 4;
  return x >= (int32_t)1 << 30 ? INT32_MAX : x * 2;
}

int tinyc_softmax(const tinyc_layer* l, uint8_t* arena) {
  const int8_t* in = (const int8_t*)(arena + l->in0);
  int8_t* out = (int8_t*)(arena + l->out);
  const int32_t depth = l->p[1], entries = l->p[2];
  int32_t rows, c;
  for (rows = l->p[0]; rows > 0; --rows, in += depth, out += depth) {
    uint32_t sum = 0; /* Q12.19 */
    int32_t top = in[0], scale;
    int shift = 35; /* 31 - 8 bits, and the integer bits of the sum */
    for (c = 1; c < depth; ++c) top = in[c] > top ? in[c] : top;
    for (c = 0; c < depth; ++c)
      if (top - in[c] < entries) sum += (uint32_t)tinyc_rshift(tinyc_ld32(l->table + (top - in[c])), 12);
    for (; sum < (uint32_t)1 << 31; sum <<= 1) --shift;
    scale = tinyc_softmax_reciprocal((int32_t)(sum & INT32_MAX));
    for (c = 0; c < depth; ++c) {
      const int32_t d = top - in[c];
      int32_t y = -128;
      if (d < entries && shift <= 31) y += tinyc_rshift(tinyc_mulhi(scale, tinyc_ld32(l->table + d)), shift);
      out[c] = (int8_t)(y > 127 ? 127 : y);
    }
  }
  return TINYC_OK;
}
