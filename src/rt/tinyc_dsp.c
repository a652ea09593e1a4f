/* What the kernels for the DSP extension share (Cortex-M4, M7, M33): products of four patches, widened to 16 bits, with
 * filters as they lie in flash.
 *
 * A widened patch quad holds, for each four values k .. k+3, eight words: values k and k+2 of the four patches as
 * 16-bit pairs, then values k+1 and k+3. This is the order in which SXTB16 spreads the bytes of a word, so that a word
 * of four weights needs two SXTB16 and no further shuffling. */
#include "tinyc_rt.h"

#if TINYC_DSP
uint32_t* tinyc_dsp_widen(uint32_t* to, const int8_t* from, unsigned words, int rows, int32_t stride);
void tinyc_dsp_filters(const tinyc_layer* l, const uint32_t* quad, const int8_t* w, unsigned k, int32_t c,
                       int32_t count, int8_t* out, const int32_t* step);
uint32_t* tinyc_dsp_spread(const tinyc_layer* l, int32_t c, const int8_t* w, unsigned k, uint32_t* panel);
void tinyc_dsp_panel(const uint32_t* quad, const uint32_t* panel, unsigned words, int32_t pairs, int8_t* out,
                     const int32_t* step);

/* A part of a patch in a quad: `rows` rows of `words` words of four values each, `stride` bytes apart; 6 instructions a
 * word. Returns the place behind it. */
uint32_t* tinyc_dsp_widen(uint32_t* to, const int8_t* from, unsigned words, int rows, int32_t stride) {
  for (; rows > 0; --rows, from += stride) {
    const int8_t *x = from, *const end = from + 4 * words;
    uint32_t even, odd;
    if (words & 1) {
      const uint32_t v = tinyc_dsp_load(x);
      x += 4;
      to[0] = tinyc_dsp_even(v);
      to[4] = tinyc_dsp_odd(v);
      to += 8;
    }
    if (words > 1)
      __asm__ volatile(
          "1: ldr %[odd], [%[x]], #4\n"
          "sxtb16 %[even], %[odd]\n"
          "sxtb16 %[odd], %[odd], ror #8\n"
          "str %[odd], [%[to], #16]\n"
          "str %[even], [%[to]], #32\n"
          "ldr %[odd], [%[x]], #4\n"
          "sxtb16 %[even], %[odd]\n"
          "sxtb16 %[odd], %[odd], ror #8\n"
          "str %[odd], [%[to], #16]\n"
          "str %[even], [%[to]], #32\n"
          "cmp %[x], %[end]\n"
          "bne 1b"
          : [to] "+r"(to), [x] "+r"(x), [even] "=&r"(even), [odd] "=&r"(odd)
          : [end] "r"(end)
          : "memory", "cc");
  }
  return to;
}

/* 13 instructions for 16 products: one word of weights, spread, with eight words of the quad. */
#define TINYC_DSP_STEP              \
  "ldr %[a], [%[w]], #4\n"          \
  "ldmia %[x]!, {r3, r4, r5, r6}\n" \
  "sxtb16 %[b], %[a]\n"             \
  "smlad %[s0], %[b], r3, %[s0]\n"  \
  "smlad %[s1], %[b], r4, %[s1]\n"  \
  "smlad %[s2], %[b], r5, %[s2]\n"  \
  "smlad %[s3], %[b], r6, %[s3]\n"  \
  "ldmia %[x]!, {r3, r4, r5, r6}\n" \
  "sxtb16 %[a], %[a], ror #8\n"     \
  "smlad %[s0], %[a], r3, %[s0]\n"  \
  "smlad %[s1], %[a], r4, %[s1]\n"  \
  "smlad %[s2], %[a], r5, %[s2]\n"  \
  "smlad %[s3], %[a], r6, %[s3]\n"

/* Products of `words` words of weights, a multiple of the number of steps, with a quad. */
#define TINYC_DSP_PRODUCTS(words, steps)                                                                     \
  if (words) {                                                                                               \
    const int8_t* const end = v + 4 * (words);                                                               \
    __asm__ volatile("1:\n" steps                                                                            \
                     "cmp %[w], %[end]\n"                                                                    \
                     "bne 1b"                                                                                \
                     : [s0] "+r"(a0), [s1] "+r"(a1), [s2] "+r"(a2), [s3] "+r"(a3), [x] "+r"(x), [w] "+r"(v), \
                       [a] "=&r"(a), [b] "=&r"(b)                                                            \
                     : [end] "r"(end)                                                                        \
                     : "r3", "r4", "r5", "r6", "cc", "memory");                                              \
  }

/* Where a filter's scale is: multipliers and shifts advance when each channel has its own. */
typedef struct {
  const int32_t* mult;
  const int8_t* shift;
} tinyc_dsp_scale;

/* The four outputs of a filter from twice their sums, and on to the next filter's scale. */
TINYC_INLINE void tinyc_dsp_finish(const tinyc_layer* l, tinyc_dsp_scale* s, int32_t a0, int32_t a1, int32_t a2,
                                   int32_t a3, int8_t* out, int32_t s1, int32_t s2, int32_t s3) {
  const int32_t m = *s->mult;
  const int e = -*s->shift;
  const int32_t round = tinyc_dsp_round(l->out_zp, e);
  s->mult -= l->p[5] >> 1;
  s->shift += l->p[5] & 1;
  a3 = tinyc_dsp_requant(a3, m, round, e);
  a2 = tinyc_dsp_requant(a2, m, round, e);
  a1 = tinyc_dsp_requant(a1, m, round, e);
  a0 = tinyc_dsp_requant(a0, m, round, e);
  if (l->act_min > -128 || l->act_max < 127) {
    a0 = tinyc_clamp(a0, l->act_min, l->act_max);
    a1 = tinyc_clamp(a1, l->act_min, l->act_max);
    a2 = tinyc_clamp(a2, l->act_min, l->act_max);
    a3 = tinyc_clamp(a3, l->act_min, l->act_max);
  }
  out[s3] = (int8_t)a3; /* a pixel that is not there has step 0: the first pixel's output replaces it */
  out[s2] = (int8_t)a2;
  out[s1] = (int8_t)a1;
  out[0] = (int8_t)a0;
}

/* `count` filters of k weights, the first for channel c, on a quad; the four outputs of a filter lie at out,
 * out + step[0], out + step[1] and out + step[2]. The last word of a filter whose size is no multiple of 4 begins
 * before the last whole word ends: what the quad holds there for weights seen before is zero. */
void tinyc_dsp_filters(const tinyc_layer* l, const uint32_t* quad, const int8_t* w, unsigned k, int32_t c,
                       int32_t count, int8_t* out, const int32_t* step) {
  const int32_t s1 = step[0], s2 = step[1], s3 = step[2], *bias = l->bias + c;
  tinyc_dsp_scale scale = {l->mult + (c & (l->p[5] >> 1)), l->shift + (c & -(l->p[5] & 1))};
  for (; count > 0; --count, w += k, ++out) {
    int32_t a0 = *bias++, a1 = a0, a2 = a0, a3 = a0;
    const uint32_t* x = quad;
    const int8_t* v = w;
    uint32_t a, b;
    TINYC_DSP_PRODUCTS(k >> 4 << 2, TINYC_DSP_STEP TINYC_DSP_STEP TINYC_DSP_STEP TINYC_DSP_STEP)
    TINYC_DSP_PRODUCTS(k >> 2 & 3u, TINYC_DSP_STEP)
    if (k & 3) {
      v = w + k - 4;
      TINYC_DSP_PRODUCTS(1, TINYC_DSP_STEP)
    }
    tinyc_dsp_finish(l, &scale, tinyc_dsp_twice(a0), tinyc_dsp_twice(a1), tinyc_dsp_twice(a2), tinyc_dsp_twice(a3), out,
                     s1, s2, s3);
  }
}

/* The part of a panel for channels c and c + 1, whose filters of k weights are at w: twice the biases; for each four
 * weights the words even(first), even(second), odd(first), odd(second) of doubled weights, so that SMMULR rounds their
 * sums as they are; then multiplier, rounding constant and shift of both. The last word is that of tinyc_dsp_filters.
 * Returns the place behind it. */
uint32_t* tinyc_dsp_spread(const tinyc_layer* l, int32_t c, const int8_t* w, unsigned k, uint32_t* panel) {
  unsigned i;
  *panel++ = (uint32_t)l->bias[c] << 1;
  *panel++ = (uint32_t)l->bias[c + 1] << 1;
  for (i = 0; i < k; i += 4, panel += 4) {
    const int8_t* const v = i + 4 <= k ? w + i : w + k - 4;
    const uint32_t first = tinyc_dsp_load(v), second = tinyc_dsp_load(v + k);
    panel[0] = tinyc_dsp_double(tinyc_dsp_even(first));
    panel[1] = tinyc_dsp_double(tinyc_dsp_even(second));
    panel[2] = tinyc_dsp_double(tinyc_dsp_odd(first));
    panel[3] = tinyc_dsp_double(tinyc_dsp_odd(second));
  }
  for (i = 0; i < 2; ++i, ++c, panel += 3) {
    const int e = -l->shift[c & -(l->p[5] & 1)];
    panel[0] = (uint32_t)l->mult[c & (l->p[5] >> 1)];
    panel[1] = (uint32_t)tinyc_dsp_round(l->out_zp, e);
    panel[2] = (uint32_t)e;
  }
  return panel;
}

/* Two values of each patch with two of each filter: 12 instructions for 16 products. A load behind a load takes one
 * cycle, LDRD always three. */
#define TINYC_DSP_PAIR       \
  "ldrd r12, lr, [r1], #8\n" \
  "ldr r2, [r0], #4\n"       \
  "ldr r3, [r0], #4\n"       \
  "smlad r4, r12, r2, r4\n"  \
  "smlad r5, r12, r3, r5\n"  \
  "smlad r8, lr, r2, r8\n"   \
  "smlad r9, lr, r3, r9\n"   \
  "ldrd r2, r3, [r0], #8\n"  \
  "smlad r6, r12, r2, r6\n"  \
  "smlad r7, r12, r3, r7\n"  \
  "smlad r10, lr, r2, r10\n" \
  "smlad r11, lr, r3, r11\n"
#define TINYC_DSP_WORD TINYC_DSP_PAIR TINYC_DSP_PAIR
/* tinyc_dsp_requant of v. */
#define TINYC_DSP_REQUANT(v, m, round, e) \
  "smmulr " v ", " v ", " m               \
  "\n"                                    \
  "add " v ", " v ", " v                  \
  ", asr #31\n"                           \
  "add " v ", " v ", " round              \
  "\n"                                    \
  "asr " v ", " v ", " e                  \
  "\n"                                    \
  "ssat " v ", #8, " v "\n"

/* `pairs` pairs of filters of a panel, `words` words a filter, on a quad; outputs as in tinyc_dsp_filters. Eight sums,
 * two pointers and four operands take all registers there are: written whole, because a compiler would spill. In the
 * frame: the weights' end, quad, bytes of a pair's weights, step[0 .. 2], pairs left, out, end of the loop of single
 * words. 72 instructions for eight outputs besides the products. */
__attribute__((naked)) void tinyc_dsp_panel(const uint32_t* quad __attribute__((unused)),
                                            const uint32_t* panel __attribute__((unused)),
                                            unsigned words __attribute__((unused)),
                                            int32_t pairs __attribute__((unused)), int8_t* out __attribute__((unused)),
                                            const int32_t* step __attribute__((unused))) {
  __asm__ volatile(
      "push {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"
      "ldrd r4, r5, [sp, #36]\n"
      "ldmia r5, {r6, r7, r8}\n"
      "lsls r2, r2, #4\n"
      "sub sp, #36\n"
      "strd r0, r2, [sp, #4]\n"
      "strd r6, r7, [sp, #12]\n"
      "strd r8, r3, [sp, #20]\n"
      "str r4, [sp, #28]\n"
      "1: ldrd r4, r8, [r1], #8\n"
      "ldrd r0, r2, [sp, #4]\n"
      "ands r3, r2, #48\n"
      "add r2, r1, r2\n"
      "str r2, [sp]\n"
      "mov r5, r4\n"
      "mov r6, r4\n"
      "mov r7, r4\n"
      "mov r9, r8\n"
      "mov r10, r8\n"
      "mov r11, r8\n"
      "beq 3f\n"
      "add r3, r1, r3\n"
      "str r3, [sp, #32]\n"
      "2:\n" TINYC_DSP_WORD
      "ldr r2, [sp, #32]\n"
      "cmp r1, r2\n"
      "bne 2b\n"
      "3: ldr r2, [sp]\n"
      "cmp r1, r2\n"
      "beq 5f\n"
      "4:\n" TINYC_DSP_WORD TINYC_DSP_WORD TINYC_DSP_WORD TINYC_DSP_WORD
      "ldr r2, [sp]\n"
      "cmp r1, r2\n"
      "bne 4b\n"
      "5: ldr r0, [sp, #28]\n"
      "ldmia r1!, {r2, r3, r12}\n"
      TINYC_DSP_REQUANT("r4", "r2", "r3", "r12") TINYC_DSP_REQUANT("r5", "r2", "r3", "r12")
      TINYC_DSP_REQUANT("r6", "r2", "r3", "r12") TINYC_DSP_REQUANT("r7", "r2", "r3", "r12")
      "ldrd r2, r3, [sp, #12]\n"
      "ldr r12, [sp, #20]\n"
      "strb r7, [r0, r12]\n" /* a pixel that is not there has step 0: the first pixel's output replaces it */
      "strb r6, [r0, r3]\n"
      "strb r5, [r0, r2]\n"
      "strb r4, [r0], #1\n"
      "ldmia r1!, {r4, r5, r6}\n"
      TINYC_DSP_REQUANT("r8", "r4", "r5", "r6") TINYC_DSP_REQUANT("r9", "r4", "r5", "r6")
      TINYC_DSP_REQUANT("r10", "r4", "r5", "r6") TINYC_DSP_REQUANT("r11", "r4", "r5", "r6")
      "strb r11, [r0, r12]\n"
      "strb r10, [r0, r3]\n"
      "strb r9, [r0, r2]\n"
      "strb r8, [r0], #1\n"
      "str r0, [sp, #28]\n"
      "ldr r2, [sp, #24]\n"
      "subs r2, #1\n"
      "str r2, [sp, #24]\n"
      "bne 1b\n"
      "add sp, #36\n"
      "pop {r4, r5, r6, r7, r8, r9, r10, r11, pc}\n");
}
#endif
