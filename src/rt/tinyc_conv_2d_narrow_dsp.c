/* CONV_2D with the DSP extension where there is no room for a quad (tinyc_conv_2d_dsp.c): the same record and limits.
 * Two output pixels at a time, whose windows stay 8 bits wide, word by word in turn ("twins"); two filters share what
 * is spread of them: 19/16 instructions for each product, 1/8 for the loop. scratch: the reader's and block * window
 * bytes when the weights are coded, to a multiple of 4, then the twins of 2 * window bytes and one window (both to a
 * multiple of 4). */
#include "tinyc_rt.h"

int tinyc_conv_2d(const tinyc_layer* l, uint8_t* arena);
int tinyc_conv_2d_narrow_dsp(const tinyc_layer* l, uint8_t* arena);

#if TINYC_DSP
void tinyc_conv_2d_patch(const tinyc_layer* l, const int8_t* picture, int iy, int ix, int8_t* to);

/* Four taps of two windows with two filters. */
#define TINYC_NARROW_FILTER(w, s0, s1)  \
  "ldr %[a], [%[" w                     \
  "]], #4\n"                            \
  "sxtb16 %[b], %[a]\n"                 \
  "sxtb16 %[a], %[a], ror #8\n"         \
  "smlad %[" s0 "], %[b], %[e0], %[" s0 \
  "]\n"                                 \
  "smlad %[" s1 "], %[b], %[e1], %[" s1 \
  "]\n"                                 \
  "smlad %[" s0 "], %[a], %[o0], %[" s0 \
  "]\n"                                 \
  "smlad %[" s1 "], %[a], %[o1], %[" s1 "]\n"
#define TINYC_NARROW_STEP           \
  "ldrd %[o0], %[o1], [%[x]], #8\n" \
  "sxtb16 %[e0], %[o0]\n"           \
  "sxtb16 %[e1], %[o1]\n"           \
  "sxtb16 %[o0], %[o0], ror #8\n"   \
  "sxtb16 %[o1], %[o1], ror #8\n" TINYC_NARROW_FILTER("w0", "s0", "s1") TINYC_NARROW_FILTER("w1", "s2", "s3")
/* `words` words of weights, a multiple of the number of steps. */
#define TINYC_NARROW_PRODUCTS(words, steps)                                                                      \
  if (words) {                                                                                                   \
    const int8_t* const end = w0 + 4 * (words);                                                                  \
    __asm__ volatile(                                                                                            \
        "1:\n" steps                                                                                             \
        "ldr %[a], %[end]\n"                                                                                     \
        "cmp %[w0], %[a]\n"                                                                                      \
        "bne 1b"                                                                                                 \
        : [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [x] "+r"(x), [w0] "+r"(w0), [w1] "+r"(w1), \
          [a] "=&r"(a), [b] "=&r"(b), [e0] "=&r"(e0), [e1] "=&r"(e1), [o0] "=&r"(o0), [o1] "=&r"(o1)             \
        : [end] "m"(end)                                                                                         \
        : "cc", "memory");                                                                                       \
  }

/* Sums of k products of the twins with the filters w0 and w1. */
TINYC_APART void tinyc_conv_2d_narrow_sums(const uint32_t* x, const int8_t* w0, const int8_t* w1, unsigned k,
                                           int32_t* sum) {
  const int8_t *const last0 = w0 + k - 4, *const last1 = w1 + k - 4;
  int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  uint32_t a, b, e0, e1, o0, o1;
  TINYC_NARROW_PRODUCTS(k >> 4 << 2, TINYC_NARROW_STEP TINYC_NARROW_STEP TINYC_NARROW_STEP TINYC_NARROW_STEP)
  TINYC_NARROW_PRODUCTS(k >> 2 & 3u, TINYC_NARROW_STEP)
  if (k & 3) { /* the taps seen before meet zeros */
    w0 = last0;
    w1 = last1;
    TINYC_NARROW_PRODUCTS(1, TINYC_NARROW_STEP)
  }
  sum[0] = s0;
  sum[1] = s1;
  sum[2] = s2;
  sum[3] = s3;
}

/* A window of k values as one of the twins. */
static void tinyc_conv_2d_narrow_twin(const int8_t* x, unsigned k, uint32_t* to) {
  const int8_t* const end = x + (k & ~3u);
  for (; x != end; x += 4, to += 2) *to = tinyc_dsp_load(x);
  if (k & 3) *to = tinyc_dsp_load(end + (k & 3) - 4) & (0xffffffffu << 8 * (4 - (k & 3)));
}

/* The outputs of channel c of two pixels; the second one lies `step` bytes on, and not at all with 0. */
static void tinyc_conv_2d_narrow_finish(const tinyc_layer* l, int32_t c, const int32_t* sum, int8_t* out,
                                        int32_t step) {
  const int32_t m = l->mult[c & (l->p[5] >> 1)], bias = l->bias[c];
  const int e = -l->shift[c & -(l->p[5] & 1)];
  const int32_t round = tinyc_dsp_round(l->out_zp, e);
  const int32_t v1 = tinyc_dsp_requant(tinyc_dsp_twice(sum[1] + bias), m, round, e);
  const int32_t v0 = tinyc_dsp_requant(tinyc_dsp_twice(sum[0] + bias), m, round, e);
  out[step] = (int8_t)tinyc_clamp(v1, l->act_min, l->act_max);
  out[0] = (int8_t)tinyc_clamp(v0, l->act_min, l->act_max);
}

/* Sweeps all output pixels with `count` filters of one group. */
TINYC_APART void tinyc_conv_2d_narrow_sweep(const tinyc_layer* l, const int8_t* in, const int8_t* w, int32_t c,
                                            int32_t count, uint32_t* twins, int8_t* out) {
  const unsigned k = (unsigned)(l->k_h * l->k_w) * (unsigned)l->p[0], words = (k + 3) >> 2;
  int8_t* const window = (int8_t*)(twins + 2 * words);
  int32_t n;
  out += c;
  for (n = 0; n < l->n; ++n, in += (int32_t)l->in_h * l->in_w * l->in_c) {
    int32_t left = (int32_t)l->out_h * l->out_w;
    int iy = -l->pad_t, ix = -l->pad_l, column = l->out_w;
    while (left > 0) {
      const int pixels = left < 2 ? 1 : 2;
      int32_t i;
      for (i = 0; i < pixels; ++i) {
        const int8_t* x = window;
        if (l->p[1])
          x = in + ((int32_t)iy * l->in_w + ix) * l->in_c;
        else
          tinyc_conv_2d_patch(l, in, iy, ix, window);
        tinyc_conv_2d_narrow_twin(x, k, twins + i);
        ix += l->stride_w;
        if (--column == 0) {
          column = l->out_w;
          ix = -l->pad_l;
          iy += l->stride_h;
        }
      }
      for (i = 0; i < count; i += 2) { /* the last of an odd number takes both places */
        const int8_t* const filter = w + (uint32_t)i * k;
        const int32_t step = pixels == 2 ? l->out_c : 0;
        int32_t sum[4];
        tinyc_conv_2d_narrow_sums(twins, filter, i + 1 < count ? filter + k : filter, k, sum);
        tinyc_conv_2d_narrow_finish(l, c + i, sum, out + i, step);
        if (i + 1 < count) tinyc_conv_2d_narrow_finish(l, c + i + 1, sum + 2, out + i + 1, step);
      }
      out += pixels * l->out_c;
      left -= pixels;
    }
  }
}

int tinyc_conv_2d_narrow_dsp(const tinyc_layer* l, uint8_t* arena) {
  const int8_t* in = (const int8_t*)(arena + l->in0);
  int8_t *out = (int8_t*)(arena + l->out), *decoded = (int8_t*)(arena + l->scratch);
  const uint32_t k = (uint32_t)l->k_h * (uint32_t)l->k_w * (uint32_t)l->p[0];
  const int32_t filters = l->out_c / (l->in_c / l->p[0]); /* of one group */
  tinyc_reader reader;
  int32_t c, first;
  int8_t* twins;
  if (tinyc_is_coded(l)) decoded = tinyc_reader_init(&reader, l, arena, (uint32_t)l->p[0], k / (uint32_t)l->p[0], 1);
  twins = decoded + (tinyc_is_coded(l) ? ((uint32_t)l->block * k + 3u) / 4u * 4u : 0u);
  for (c = 0; c < l->out_c; c += l->block) {
    const int32_t end = l->out_c - c < l->block ? l->out_c : c + l->block;
    const int8_t* w = l->weights + (uint32_t)c * k;
    if (tinyc_is_coded(l)) {
      const int rc = tinyc_reader_next(&reader, l, decoded, (uint32_t)(end - c) * k);
      if (rc != TINYC_OK) return rc;
      w = decoded;
    }
    for (first = c; first < end;) {
      const int32_t group = first / filters, last = end < (group + 1) * filters ? end : (group + 1) * filters;
      tinyc_conv_2d_narrow_sweep(l, in + group * l->p[0], w + (uint32_t)(first - c) * k, first, last - first,
                                 (uint32_t*)(void*)twins, out);
      first = last;
    }
  }
  return TINYC_OK;
}
#else
int tinyc_conv_2d_narrow_dsp(const tinyc_layer* l, uint8_t* arena) { return tinyc_conv_2d(l, arena); }
#endif
