/* FULLY_CONNECTED with the DSP extension: the record of tinyc_fully_connected; in_c a multiple of 4, every sum below
 * 2^30 and every shift -22 to -1. Two filters at a time read a row. p[2] = 1: the row is widened in scratch to pairs of
 * 16-bit numbers first: 19 instructions for 16 products (one LDM of eight values; for each filter LDRD, and for each
 * four weights two SXTB16 and two SMLAD); else it is spread each time: 23.
 * scratch: the reader's and block * in_c bytes when the weights are coded, then twice the row when p[2] is set. */
#include "tinyc_rt.h"

int tinyc_fully_connected(const tinyc_layer* l, uint8_t* arena);
int tinyc_fully_connected_dsp(const tinyc_layer* l, uint8_t* arena);

#if TINYC_DSP
/* Values as pairs in r3 to r6: k and k+2, k+1 and k+3, k+4 and k+6, k+5 and k+7. */
#define TINYC_FULLY_CONNECTED_WIDE "ldmia %[x]!, {r3, r4, r5, r6}\n"
#define TINYC_FULLY_CONNECTED_NARROW \
  "ldrd r3, r5, [%[x]], #8\n"        \
  "sxtb16 r4, r3, ror #8\n"          \
  "sxtb16 r3, r3\n"                  \
  "sxtb16 r6, r5, ror #8\n"          \
  "sxtb16 r5, r5\n"
/* Four weights in t with two pairs of values. */
#define TINYC_FULLY_CONNECTED_WEIGHTS(sum, t, even, odd) \
  "sxtb16 %[u], " t                                      \
  "\n"                                                   \
  "sxtb16 " t ", " t                                     \
  ", ror #8\n"                                           \
  "smlad " sum ", %[u], " even ", " sum                  \
  "\n"                                                   \
  "smlad " sum ", " t ", " odd ", " sum "\n"
#define TINYC_FULLY_CONNECTED_FILTER(sum, w)                                              \
  "ldrd %[t], %[v], [" w "], #8\n" TINYC_FULLY_CONNECTED_WEIGHTS(sum, "%[t]", "r3", "r4") \
      TINYC_FULLY_CONNECTED_WEIGHTS(sum, "%[v]", "r5", "r6")
#define TINYC_FULLY_CONNECTED_EIGHT(x) \
  x TINYC_FULLY_CONNECTED_FILTER("%[s0]", "%[w]") TINYC_FULLY_CONNECTED_FILTER("%[s1]", "%[w1]")
#define TINYC_FULLY_CONNECTED_LOOP(bytes, steps)                                                            \
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
#define TINYC_FULLY_CONNECTED_FOUR(x) \
  TINYC_FULLY_CONNECTED_EIGHT(x)      \
  TINYC_FULLY_CONNECTED_EIGHT(x) TINYC_FULLY_CONNECTED_EIGHT(x) TINYC_FULLY_CONNECTED_EIGHT(x)
#define TINYC_FULLY_CONNECTED_PRODUCTS(x)                                                           \
  TINYC_FULLY_CONNECTED_LOOP(k & ~63u, TINYC_FULLY_CONNECTED_FOUR(x) TINYC_FULLY_CONNECTED_FOUR(x)) \
  TINYC_FULLY_CONNECTED_LOOP(k & 56u, TINYC_FULLY_CONNECTED_EIGHT(x))

/* How sums of a channel become outputs. */
typedef struct {
  int32_t mult, round;
  int shift;
} tinyc_fully_connected_dsp_scale;
static inline tinyc_fully_connected_dsp_scale tinyc_fully_connected_dsp_channel(const tinyc_layer* l, int32_t c) {
  tinyc_fully_connected_dsp_scale s;
  s.mult = l->mult[c & (l->p[5] >> 1)];
  s.shift = -l->shift[c & -(l->p[5] & 1)];
  s.round = tinyc_dsp_round(l->out_zp, s.shift);
  return s;
}

/* `count` filters, the first for channel c, on one row, widened or not. */
TINYC_APART void tinyc_fully_connected_dsp_row(const tinyc_layer* l, const uint32_t* row, const int8_t* first,
                                               int32_t c, int32_t count, int8_t* out) {
  const unsigned k = (unsigned)l->in_c;
  const int wide = l->p[2] != 0;
  const int plain = l->p[5] == 0 && l->act_min == -128 && l->act_max == 127 && !(count & 1);
  const int32_t* bias = l->bias + c;
  tinyc_fully_connected_dsp_scale scale = tinyc_fully_connected_dsp_channel(l, c);
  for (; count > 0; count -= 2, c += 2, out += 2, first += 2 * (size_t)k) {
    const int8_t *w = first, *w1 = plain || count > 1 ? w + k : w; /* an odd last filter is its own neighbour */
    const uint32_t* x = row;
    int32_t s0 = *bias++, s1 = plain ? *bias++ : count > 1 ? *bias++ : 0;
    uint32_t t, u, v;
    if (wide) {
      TINYC_FULLY_CONNECTED_PRODUCTS(TINYC_FULLY_CONNECTED_WIDE)
    } else {
      TINYC_FULLY_CONNECTED_PRODUCTS(TINYC_FULLY_CONNECTED_NARROW)
    }
    if (k & 4) {
      const uint32_t even = wide ? x[0] : tinyc_dsp_even(x[0]), odd = wide ? x[1] : tinyc_dsp_odd(x[0]);
      t = tinyc_dsp_load(w);
      v = tinyc_dsp_load(w1);
      s0 = tinyc_dsp_smlad(tinyc_dsp_odd(t), odd, tinyc_dsp_smlad(tinyc_dsp_even(t), even, s0));
      s1 = tinyc_dsp_smlad(tinyc_dsp_odd(v), odd, tinyc_dsp_smlad(tinyc_dsp_even(v), even, s1));
    }
    if (plain) {
      out[0] = (int8_t)tinyc_dsp_requant(tinyc_dsp_twice(s0), scale.mult, scale.round, scale.shift);
      out[1] = (int8_t)tinyc_dsp_requant(tinyc_dsp_twice(s1), scale.mult, scale.round, scale.shift);
      continue;
    }
    scale = tinyc_fully_connected_dsp_channel(l, c);
    s0 = tinyc_dsp_requant(tinyc_dsp_twice(s0), scale.mult, scale.round, scale.shift);
    out[0] = (int8_t)tinyc_clamp(s0, l->act_min, l->act_max);
    if (count == 1) break;
    scale = tinyc_fully_connected_dsp_channel(l, c + 1);
    s1 = tinyc_dsp_requant(tinyc_dsp_twice(s1), scale.mult, scale.round, scale.shift);
    out[1] = (int8_t)tinyc_clamp(s1, l->act_min, l->act_max);
  }
}

int tinyc_fully_connected_dsp(const tinyc_layer* l, uint8_t* arena) {
  const unsigned k = (unsigned)l->in_c;
  int8_t* decoded = (int8_t*)(arena + l->scratch);
  tinyc_reader reader;
  uint32_t* wide;
  int32_t c, n;
  if (l->codec) decoded = tinyc_reader_init(&reader, l, arena, k, 1, 1);
  wide = (uint32_t*)(void*)(decoded + (l->codec ? (uint32_t)l->block * k : 0u));
  for (c = 0; c < l->out_c; c += l->block) {
    const int32_t count = l->out_c - c < l->block ? l->out_c - c : l->block;
    const int8_t *w = l->weights + (uint32_t)c * k, *in = (const int8_t*)(arena + l->in0);
    int8_t* out = (int8_t*)(arena + l->out) + c;
    if (l->codec) {
      const int rc = tinyc_reader_next(&reader, l, decoded, (uint32_t)count * k);
      if (rc != TINYC_OK) return rc;
      w = decoded;
    }
    for (n = 0; n < l->n; ++n, in += k, out += l->out_c) {
      const uint32_t* x = l->p[2] ? wide : (const uint32_t*)(const void*)in;
      if (l->p[2] && (l->n > 1 || c == 0)) {
        unsigned j;
        for (j = 0; j < k; j += 4) {
          const uint32_t v = tinyc_dsp_load(in + j);
          wide[j / 2] = tinyc_dsp_even(v);
          wide[j / 2 + 1] = tinyc_dsp_odd(v);
        }
      }
      tinyc_fully_connected_dsp_row(l, x, w, c, count, out);
    }
  }
  return TINYC_OK;
}
#else
int tinyc_fully_connected_dsp(const tinyc_layer* l, uint8_t* arena) { return tinyc_fully_connected(l, arena); }
#endif
