/* CONV_2D for cores that multiply 32 bits at once and have no pairs of products (Armv6-M, Armv7-M, RV32IM): the record
 * of tinyc_conv_2d with one group. Two output pixels share each multiplication: a word x of the pair holds the value of
 * the first one's window plus 2^16 times that of the second one's, so that w * x is both products (Fu et al., "Deep
 * Learning with INT8 Optimization on Xilinx Devices", WP486, 2016, for integers as in Fisher and Dietz, "Compiling for
 * SIMD within a register", 1998).
 *
 * Two such products are added before they are taken apart: t = w[i] x[i] + w[i+1] x[i+1] + 0x7fff7fff. Sums of two
 * products of int8 are in -32512 .. 32768, so both halves of t are in 255 .. 65535 and no carry crosses. Only t >> 16
 * is taken: with H the sum of all of those and S the sum of all t modulo 2^32, the second pixel's sum is H - 0x7fff g
 * for g pairs of taps, and the first one's S - 2^16 H - 0x7fff g: exact, whatever the weights are.
 *
 * Instructions for each product in the inner loop: Armv6-M 21/8, Armv7-M 13/8, RV32IM 20/8; 2 / filters for the
 * windows. scratch: the reader's and block * window bytes when the weights are coded, to a multiple of 4, then 4 *
 * window bytes for the words and in_c bytes of input zero point, where taps in the padding are read. */
#include "tinyc_rt.h"

int tinyc_conv_2d(const tinyc_layer* l, uint8_t* arena);
int tinyc_conv_2d_pair(const tinyc_layer* l, uint8_t* arena);

#if defined(__AVR__)
int tinyc_conv_2d_pair(const tinyc_layer* l, uint8_t* arena) { return tinyc_conv_2d(l, arena); }
#else
#define TINYC_PAIR_HALF 0x7fffu
#define TINYC_PAIR_HALVES 0x7fff7fffu

/* k taps, an even number, of two filters. */
#if TINYC_ARMV6M
void tinyc_pair_armv6m(const uint32_t* x, const int8_t* w, const int8_t* w1, unsigned k, uint32_t* sums);
#define tinyc_pair_products tinyc_pair_armv6m
#elif TINYC_ARMV7M
void tinyc_pair_armv7m(const uint32_t* x, const int8_t* w, const int8_t* w1, unsigned k, uint32_t* sums);
#define tinyc_pair_products tinyc_pair_armv7m
#else
/* Two taps of one filter. */
#define TINYC_PAIR_TAPS(all, high, w, j)                                                                          \
  do {                                                                                                            \
    const uint32_t t = (uint32_t)(int32_t)(w)[j] * a + ((uint32_t)(int32_t)(w)[(j) + 1] * b + TINYC_PAIR_HALVES); \
    (all) += t;                                                                                                   \
    (high) += t >> 16;                                                                                            \
  } while (0)
#define TINYC_PAIR_BOTH(j)                   \
  do {                                       \
    const uint32_t a = x[j], b = x[(j) + 1]; \
    TINYC_PAIR_TAPS(all, high, w, j);        \
    TINYC_PAIR_TAPS(all1, high1, w1, j);     \
    TINYC_IN_TURN;                           \
  } while (0)
static inline void tinyc_pair_products(const uint32_t* x, const int8_t* w, const int8_t* w1, unsigned k,
                                       uint32_t* sums) {
  uint32_t all = sums[0], high = sums[1], all1 = sums[2], high1 = sums[3];
  const int8_t* end = w + (k & ~7u);
  for (; w != end; x += 8, w += 8, w1 += 8) {
    TINYC_PAIR_BOTH(0);
    TINYC_PAIR_BOTH(2);
    TINYC_PAIR_BOTH(4);
    TINYC_PAIR_BOTH(6);
  }
  for (end = w + (k & 6u); w != end; x += 2, w += 2, w1 += 2) TINYC_PAIR_BOTH(0);
  sums[0] = all;
  sums[1] = high;
  sums[2] = all1;
  sums[3] = high1;
}
#endif

/* The outputs of channel c at both pixels from S and H. */
static void tinyc_conv_2d_pair_finish(const tinyc_layer* l, int32_t c, const uint32_t* sums, int8_t* out,
                                      int32_t step) {
  const uint32_t bias = (uint32_t)l->bias[c], high = sums[1];
  const int32_t m = l->mult[c & (l->p[5] >> 1)];
  const int shift = l->shift[c & -(l->p[5] & 1)];
  const int32_t v1 = tinyc_requant((int32_t)(high + bias), m, shift),
                v0 = tinyc_requant((int32_t)(sums[0] - (high << 16) + bias), m, shift);
  out[step] = (int8_t)tinyc_output(v1, l->out_zp, l->act_min, l->act_max);
  out[0] = (int8_t)tinyc_output(v0, l->out_zp, l->act_min, l->act_max); /* replaces a second pixel that is not there */
}

/* `count` filters of k weights on a pair of windows; a filter's outputs lie at out and out + step. */
static void tinyc_conv_2d_pair_filters(const tinyc_layer* l, const uint32_t* x, const int8_t* w, unsigned k, int32_t c,
                                       int32_t count, int8_t* out, int32_t step) {
  const uint32_t groups = (k + 1) >> 1, all = 0u - TINYC_PAIR_HALVES * groups, high = 0u - TINYC_PAIR_HALF * groups;
  for (; count > 0; count -= 2, c += 2, w += 2 * (size_t)k, out += 2) {
    const int8_t* w1 = count > 1 ? w + k : w; /* an odd last filter is its own neighbour */
    uint32_t sums[4] = {all, high, all, high};
    tinyc_pair_products(x, w, w1, k & ~1u, sums);
    if (k & 1) {
      const uint32_t t = (uint32_t)(int32_t)w[k - 1] * x[k - 1] + TINYC_PAIR_HALVES,
                     t1 = (uint32_t)(int32_t)w1[k - 1] * x[k - 1] + TINYC_PAIR_HALVES;
      sums[0] += t;
      sums[1] += t >> 16;
      sums[2] += t1;
      sums[3] += t1 >> 16;
    }
    tinyc_conv_2d_pair_finish(l, c, sums, out, step);
    if (count > 1) tinyc_conv_2d_pair_finish(l, c + 1, sums + 2, out + 1, step);
  }
}

/* n words of values from both windows. */
static uint32_t* tinyc_conv_2d_pair_join(uint32_t* to, const int8_t* a, const int8_t* b, unsigned n) {
  uint32_t* const end = to + n;
  for (; n >= 4; n -= 4, to += 4, a += 4, b += 4) {
    to[0] = (uint32_t)(int32_t)a[0] + ((uint32_t)(int32_t)b[0] << 16);
    to[1] = (uint32_t)(int32_t)a[1] + ((uint32_t)(int32_t)b[1] << 16);
    to[2] = (uint32_t)(int32_t)a[2] + ((uint32_t)(int32_t)b[2] << 16);
    to[3] = (uint32_t)(int32_t)a[3] + ((uint32_t)(int32_t)b[3] << 16);
  }
  for (; to != end; ++to, ++a, ++b) *to = (uint32_t)(int32_t)*a + ((uint32_t)(int32_t)*b << 16);
  return end;
}

/* The place in the picture of a window's first tap. */
typedef struct {
  int y, x;
} tinyc_pair_place;

/* The windows at two places. */
static void tinyc_conv_2d_pair_windows(const tinyc_layer* l, const int8_t* picture, const tinyc_pair_place* at,
                                       uint32_t* to, const int8_t* padding) {
  const int32_t channels = l->in_c, row = l->in_w * channels;
  const int last = l->in_w - l->k_w; /* where an undilated window still ends in the row */
  const int whole = l->dil_w == 1 && at[0].x >= 0 && at[0].x <= last && at[1].x >= 0 && at[1].x <= last;
  int y0 = at[0].y, y1 = at[1].y, ky, kx;
  for (ky = 0; ky < l->k_h; ++ky, y0 += l->dil_h, y1 += l->dil_h) {
    const int8_t *a = y0 >= 0 && y0 < l->in_h ? picture + y0 * row : 0,
                 *b = y1 >= 0 && y1 < l->in_h ? picture + y1 * row : 0;
    if (whole && a && b) {
      to = tinyc_conv_2d_pair_join(to, a + at[0].x * channels, b + at[1].x * channels, (unsigned)(l->k_w * channels));
      continue;
    }
    for (kx = 0; kx < l->k_w; ++kx) {
      const int x0 = at[0].x + kx * l->dil_w, x1 = at[1].x + kx * l->dil_w;
      to = tinyc_conv_2d_pair_join(to, a && x0 >= 0 && x0 < l->in_w ? a + x0 * channels : padding,
                                   b && x1 >= 0 && x1 < l->in_w ? b + x1 * channels : padding, (unsigned)channels);
    }
  }
}

/* Sweeps all output pixels with `count` filters. */
TINYC_APART void tinyc_conv_2d_pair_sweep(const tinyc_layer* l, const int8_t* in, const int8_t* w, int32_t c,
                                          int32_t count, uint32_t* pair, int8_t* out) {
  const unsigned k = (unsigned)(l->k_h * l->k_w) * (unsigned)l->in_c;
  int8_t* const padding = (int8_t*)(pair + k);
  int32_t n;
  memset(padding, l->in0_zp, (size_t)l->in_c);
  out += c;
  for (n = 0; n < l->n; ++n, in += (int32_t)l->in_h * l->in_w * l->in_c) {
    int32_t left = (int32_t)l->out_h * l->out_w;
    tinyc_pair_place at[2], next = {-l->pad_t, -l->pad_l};
    int column = 0;
    while (left > 0) {
      const int pixels = left < 2 ? 1 : 2;
      int i;
      for (i = 0; i < 2; ++i) {
        at[i] = i < pixels ? next : at[0];
        next.x += l->stride_w;
        if (++column == l->out_w) {
          column = 0;
          next.x = -l->pad_l;
          next.y += l->stride_h;
        }
      }
      tinyc_conv_2d_pair_windows(l, in, at, pair, padding);
      tinyc_conv_2d_pair_filters(l, pair, w, k, c, count, out, pixels > 1 ? l->out_c : 0);
      out += pixels * l->out_c;
      left -= pixels;
    }
  }
}

int tinyc_conv_2d_pair(const tinyc_layer* l, uint8_t* arena) {
  const uint32_t k = (uint32_t)l->k_h * (uint32_t)l->k_w * (uint32_t)l->in_c;
  int8_t* decoded = (int8_t*)(arena + l->scratch);
  tinyc_reader reader;
  int8_t* pair;
  int32_t c;
  if (tinyc_is_coded(l)) decoded = tinyc_reader_init(&reader, l, arena, (uint32_t)l->in_c, k / (uint32_t)l->in_c, 1);
  pair = decoded + (tinyc_is_coded(l) ? ((uint32_t)l->block * k + 3u) / 4u * 4u : 0u);
  for (c = 0; c < l->out_c; c += l->block) {
    const int32_t count = l->out_c - c < l->block ? l->out_c - c : l->block;
    const int8_t* w = l->weights + (uint32_t)c * k;
    if (tinyc_is_coded(l)) {
      const int rc = tinyc_reader_next(&reader, l, decoded, (uint32_t)count * k);
      if (rc != TINYC_OK) return rc;
      w = decoded;
    }
    tinyc_conv_2d_pair_sweep(l, (const int8_t*)(arena + l->in0), w, c, count, (uint32_t*)(void*)pair,
                             (int8_t*)(arena + l->out));
  }
  return TINYC_OK;
}
#endif
