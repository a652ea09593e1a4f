/* One row of values with several filters, for the DSP extension: fully connected layers, and the last pixels of
 * convolutions. Two filters at a time; a widened row holds pairs of 16-bit numbers: 19 instructions for 16 products
 * (one LDM of eight values; for each filter LDRD, and for each four weights two SXTB16 and two SMLAD); else it is
 * spread each time: 23. */
#include "tinyc_rt.h"

#if TINYC_DSP
void tinyc_dsp_row(const tinyc_layer* l, const uint32_t* row, int wide, const int8_t* first, unsigned k, int32_t c,
                   int32_t count, int8_t* out);

/* Values as pairs in r3 to r6: k and k+2, k+1 and k+3, k+4 and k+6, k+5 and k+7. */
#define TINYC_DSP_ROW_WIDE "ldmia %[x]!, {r3, r4, r5, r6}\n"
#define TINYC_DSP_ROW_NARROW  \
  "ldrd r3, r5, [%[x]], #8\n" \
  "sxtb16 r4, r3, ror #8\n"   \
  "sxtb16 r3, r3\n"           \
  "sxtb16 r6, r5, ror #8\n"   \
  "sxtb16 r5, r5\n"
/* Four weights in t with two pairs of values. */
#define TINYC_DSP_ROW_WEIGHTS(sum, t, even, odd) \
  "sxtb16 %[u], " t                              \
  "\n"                                           \
  "sxtb16 " t ", " t                             \
  ", ror #8\n"                                   \
  "smlad " sum ", %[u], " even ", " sum          \
  "\n"                                           \
  "smlad " sum ", " t ", " odd ", " sum "\n"
#define TINYC_DSP_ROW_FILTER(sum, w)                                              \
  "ldrd %[t], %[v], [" w "], #8\n" TINYC_DSP_ROW_WEIGHTS(sum, "%[t]", "r3", "r4") \
      TINYC_DSP_ROW_WEIGHTS(sum, "%[v]", "r5", "r6")
#define TINYC_DSP_ROW_EIGHT(x) x TINYC_DSP_ROW_FILTER("%[s0]", "%[w]") TINYC_DSP_ROW_FILTER("%[s1]", "%[w1]")
#define TINYC_DSP_ROW_LOOP(bytes, steps)                                                                    \
  if (bytes) {                                                                                              \
    const int8_t* const end = w + (bytes);                                                                  \
    __asm__ volatile("1:\n" steps                                                                           \
                     "ldr %[u], %[end]\n"                                                                   \
                     "cmp %[w], %[u]\n"                                                                     \
                     "bne 1b"                                                                               \
                     : [s0] "+r"(s0), [s1] "+r"(s1), [x] "+r"(x), [w] "+r"(w), [w1] "+r"(w1), [t] "=&r"(t), \
                       [v] "=&r"(v), [u] "=&r"(u)                                                           \
                     : [end] "m"(end)                                                                       \
                     : "memory", "cc", "r3", "r4", "r5", "r6");                                             \
  }
#define TINYC_DSP_ROW_FOUR(x) \
  TINYC_DSP_ROW_EIGHT(x)      \
  TINYC_DSP_ROW_EIGHT(x) TINYC_DSP_ROW_EIGHT(x) TINYC_DSP_ROW_EIGHT(x)
#define TINYC_DSP_ROW_PRODUCTS(x)                     \
  TINYC_DSP_ROW_LOOP(k & ~31u, TINYC_DSP_ROW_FOUR(x)) \
  TINYC_DSP_ROW_LOOP(k & 24u, TINYC_DSP_ROW_EIGHT(x))

/* Where a channel's scale is: multipliers and shifts advance when each channel has its own. */
typedef struct {
  const int32_t* mult;
  const int8_t* shift;
} tinyc_dsp_row_scale;
static inline int32_t tinyc_dsp_row_finish(const tinyc_layer* l, tinyc_dsp_row_scale* s, int32_t sum) {
  const int e = -*s->shift;
  const int32_t v = tinyc_dsp_requant(tinyc_dsp_twice(sum), *s->mult, tinyc_dsp_round(l->out_zp, e), e);
  s->mult -= l->p[5] >> 1;
  s->shift += l->p[5] & 1;
  return v;
}

/* `count` filters of k weights, a multiple of 4, the first for channel c, on one row, widened or not. */
void tinyc_dsp_row(const tinyc_layer* l, const uint32_t* row, int wide, const int8_t* first, unsigned k, int32_t c,
                   int32_t count, int8_t* out) {
  const int clamped = l->act_min > -128 || l->act_max < 127;
  const int plain = l->p[5] == 0 && !clamped && !(count & 1);
  const int32_t* bias = l->bias + c;
  tinyc_dsp_row_scale scale = {l->mult + (c & (l->p[5] >> 1)), l->shift + (c & -(l->p[5] & 1))};
  const int32_t m = *scale.mult; /* of all channels when plain */
  const int e = -*scale.shift;
  const int32_t round = tinyc_dsp_round(l->out_zp, e);
  for (; count > 0; count -= 2, out += 2, first += 2 * (size_t)k) {
    const int8_t *w = first, *w1 = plain || count > 1 ? w + k : w; /* an odd last filter is its own neighbour */
    const uint32_t* x = row;
    int32_t s0 = *bias++, s1 = plain ? *bias++ : count > 1 ? *bias++ : 0;
    uint32_t t, u, v;
    if (wide) {
      TINYC_DSP_ROW_PRODUCTS(TINYC_DSP_ROW_WIDE)
    } else {
      TINYC_DSP_ROW_PRODUCTS(TINYC_DSP_ROW_NARROW)
    }
    if (k & 4) {
      const uint32_t even = wide ? x[0] : tinyc_dsp_even(x[0]), odd = wide ? x[1] : tinyc_dsp_odd(x[0]);
      t = tinyc_dsp_load(w);
      v = tinyc_dsp_load(w1);
      s0 = tinyc_dsp_smlad(tinyc_dsp_odd(t), odd, tinyc_dsp_smlad(tinyc_dsp_even(t), even, s0));
      s1 = tinyc_dsp_smlad(tinyc_dsp_odd(v), odd, tinyc_dsp_smlad(tinyc_dsp_even(v), even, s1));
    }
    if (plain) {
      out[0] = (int8_t)tinyc_dsp_requant(tinyc_dsp_twice(s0), m, round, e);
      out[1] = (int8_t)tinyc_dsp_requant(tinyc_dsp_twice(s1), m, round, e);
      continue;
    }
    s0 = tinyc_dsp_row_finish(l, &scale, s0);
    out[0] = (int8_t)(clamped ? tinyc_clamp(s0, l->act_min, l->act_max) : s0);
    if (count == 1) break;
    s1 = tinyc_dsp_row_finish(l, &scale, s1);
    out[1] = (int8_t)(clamped ? tinyc_clamp(s1, l->act_min, l->act_max) : s1);
  }
}
#endif
