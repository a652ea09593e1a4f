/* DEPTHWISE_CONV_2D with the DSP extension for short rows: the record of tinyc_depthwise_conv_2d, windows 3 by 3, not
 * dilated, p[0] = 1, at least 4 channels; every sum below 2^30 and every shift -22 to -1. For a row of outputs and four
 * channels, each column of the input under it is spread once to six words (a pair of its upper two rows for each
 * channel, and the lowest row of two channels at a time), which up to three windows use: 42 instructions for the 36
 * products of a pixel's four outputs, 10 for each output, and about 13 a column.
 * scratch: 64 bytes of the channels' constants, 72 of their weights, 4 of padding, 24 for each column, in the same
 * place as the reader's scratch, which is used before, and at least 36 + in_c bytes; then the weights when they are
 * coded. */
#include "tinyc_rt.h"

int tinyc_depthwise_conv_2d(const tinyc_layer* l, uint8_t* arena);
int tinyc_depthwise_conv_2d_row_dsp(const tinyc_layer* l, uint8_t* arena);

#if TINYC_DSP
/* What four channels need. */
typedef struct {
  int32_t bias[4];
  struct {
    int32_t mult, round;
    int shift;
  } scale[4];
  uint32_t weights[18]; /* three columns like those of the input */
} tinyc_depthwise_conv_2d_row_block;

static inline uint32_t tinyc_depthwise_low(uint32_t a, uint32_t b) { /* lower halves of a and b */
  uint32_t v;
  __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(v) : "r"(a), "r"(b));
  return v;
}
static inline uint32_t tinyc_depthwise_high(uint32_t a, uint32_t b) { /* upper halves of a and b */
  uint32_t v;
  __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(v) : "r"(b), "r"(a));
  return v;
}

/* A column's words of three bytes quadruples: channels 0 and 2, 1 and 3 of the upper two rows, then the lowest one. */
static inline void tinyc_depthwise_conv_2d_row_column(uint32_t upper, uint32_t middle, uint32_t lower, uint32_t* to) {
  const uint32_t ue = tinyc_dsp_even(upper), uo = tinyc_dsp_odd(upper);
  const uint32_t me = tinyc_dsp_even(middle), mo = tinyc_dsp_odd(middle);
  const uint32_t e0 = tinyc_depthwise_low(ue, me), e1 = tinyc_depthwise_high(ue, me);
  const uint32_t o0 = tinyc_depthwise_low(uo, mo), o1 = tinyc_depthwise_high(uo, mo);
  __asm__ volatile(
      "strd %1, %2, [%0]\n"
      "strd %3, %4, [%0, #8]\n"
      "strd %5, %6, [%0, #16]"
      :
      : "r"(to), "r"(e0), "r"(e1), "r"(o0), "r"(o1), "r"(tinyc_dsp_even(lower)), "r"(tinyc_dsp_odd(lower))
      : "memory");
}

TINYC_APART void tinyc_depthwise_conv_2d_row_prepare(const tinyc_layer* l, const int8_t* w, int32_t c,
                                                     tinyc_depthwise_conv_2d_row_block* b) {
  const int32_t channels = l->out_c;
  const int32_t zp = l->out_zp, *bias = l->bias + c, *mult = l->mult + (c & (l->p[5] >> 1));
  const int8_t* shift = l->shift + (c & -(l->p[5] & 1));
  uint32_t* to = b->weights;
  int i;
  for (i = 0; i < 4; ++i) {
    const int e = -*shift;
    b->bias[i] = *bias++;
    b->scale[i].mult = *mult;
    b->scale[i].round = tinyc_dsp_round(zp, e);
    b->scale[i].shift = e;
    mult -= l->p[5] >> 1;
    shift += l->p[5] & 1;
  }
  for (i = 0, w += c; i < 3; ++i, w += channels, to += 6)
    tinyc_depthwise_conv_2d_row_column(tinyc_dsp_load(w), tinyc_dsp_load(w + 3 * channels),
                                       tinyc_dsp_load(w + 6 * channels), to);
}

/* A row of the input, or zero points: then the next column is 0 bytes on. */
typedef struct {
  const int8_t* at;
  int32_t step;
} tinyc_depthwise_conv_2d_row_input;

/* `count` columns; those outside of the picture, `left` first ones and all behind in_w more, are zero points. */
TINYC_APART void tinyc_depthwise_conv_2d_row_columns(const tinyc_layer* l,
                                                     const tinyc_depthwise_conv_2d_row_input* rows, int left, int count,
                                                     uint32_t* to) {
  const uint32_t zero = (uint32_t)(uint8_t)l->in0_zp * 0x01010101u;
  const int8_t *upper = rows[0].at, *middle = rows[1].at, *lower = rows[2].at;
  const int32_t upper_step = rows[0].step, middle_step = rows[1].step, lower_step = rows[2].step;
  const int inside = count - left < l->in_w ? count - left : l->in_w;
  uint32_t* const end = to + 6 * (left + inside);
  int behind = count - left - inside;
  for (; left > 0; --left, to += 6) tinyc_depthwise_conv_2d_row_column(zero, zero, zero, to);
  for (; to != end; to += 6, upper += upper_step, middle += middle_step, lower += lower_step)
    tinyc_depthwise_conv_2d_row_column(tinyc_dsp_load(upper), tinyc_dsp_load(middle), tinyc_dsp_load(lower), to);
  for (; behind > 0; --behind, to += 6) tinyc_depthwise_conv_2d_row_column(zero, zero, zero, to);
}

/* A column of the input with one of the weights: 14 instructions for 12 products. */
#define TINYC_DEPTHWISE_COLUMN        \
  "ldrd %[a], %[b], [%[x]], #8\n"     \
  "ldrd %[u], %[v], [%[w]], #8\n"     \
  "smlad %[s0], %[a], %[u], %[s0]\n"  \
  "smlad %[s2], %[b], %[v], %[s2]\n"  \
  "ldrd %[a], %[b], [%[x]], #8\n"     \
  "ldrd %[u], %[v], [%[w]], #8\n"     \
  "smlad %[s1], %[a], %[u], %[s1]\n"  \
  "smlad %[s3], %[b], %[v], %[s3]\n"  \
  "ldrd %[a], %[b], [%[x]], #8\n"     \
  "ldrd %[u], %[v], [%[w]], #8\n"     \
  "smlabb %[s0], %[a], %[u], %[s0]\n" \
  "smlatt %[s2], %[a], %[u], %[s2]\n" \
  "smlabb %[s1], %[b], %[v], %[s1]\n" \
  "smlatt %[s3], %[b], %[v], %[s3]\n"

/* Four channels of a row of outputs. */
TINYC_APART void tinyc_depthwise_conv_2d_row_four(const tinyc_layer* l, const tinyc_depthwise_conv_2d_row_block* b,
                                                  const uint32_t* columns, int8_t* out) {
  const int32_t step = 6 * (int32_t)l->stride_w, channels = l->out_c;
  int left;
  for (left = l->out_w; left > 0; --left, columns += step, out += channels) {
    int32_t s0 = b->bias[0], s1 = b->bias[1], s2 = b->bias[2], s3 = b->bias[3];
    const uint32_t *x = columns, *w = b->weights;
    uint32_t u, v, a, bb;
    __asm__ volatile(TINYC_DEPTHWISE_COLUMN TINYC_DEPTHWISE_COLUMN TINYC_DEPTHWISE_COLUMN
                     : [s0] "+r"(s0), [s1] "+r"(s1), [s2] "+r"(s2), [s3] "+r"(s3), [x] "+r"(x), [w] "+r"(w),
                       [a] "=&r"(a), [b] "=&r"(bb), [u] "=&r"(u), [v] "=&r"(v)
                     :
                     : "memory");
    s0 = tinyc_dsp_requant(tinyc_dsp_twice(s0), b->scale[0].mult, b->scale[0].round, b->scale[0].shift);
    s1 = tinyc_dsp_requant(tinyc_dsp_twice(s1), b->scale[1].mult, b->scale[1].round, b->scale[1].shift);
    s2 = tinyc_dsp_requant(tinyc_dsp_twice(s2), b->scale[2].mult, b->scale[2].round, b->scale[2].shift);
    s3 = tinyc_dsp_requant(tinyc_dsp_twice(s3), b->scale[3].mult, b->scale[3].round, b->scale[3].shift);
    if (l->act_min > -128 || l->act_max < 127) {
      s0 = tinyc_clamp(s0, l->act_min, l->act_max);
      s1 = tinyc_clamp(s1, l->act_min, l->act_max);
      s2 = tinyc_clamp(s2, l->act_min, l->act_max);
      s3 = tinyc_clamp(s3, l->act_min, l->act_max);
    }
    out[0] = (int8_t)s0;
    out[1] = (int8_t)s1;
    out[2] = (int8_t)s2;
    out[3] = (int8_t)s3;
  }
}

int tinyc_depthwise_conv_2d_row_dsp(const tinyc_layer* l, uint8_t* arena) {
  const int columns = (l->out_w - 1) * l->stride_w + 3;
  tinyc_depthwise_conv_2d_row_block* const block = (tinyc_depthwise_conv_2d_row_block*)(void*)(arena + l->scratch);
  int8_t* const padding = (int8_t*)(block + 1); /* of a row outside of the picture */
  uint32_t* const words = (uint32_t*)(void*)(padding + 4);
  const int8_t *w = l->weights, *in = (const int8_t*)(arena + l->in0);
  int8_t* out = (int8_t*)(arena + l->out);
  const int32_t row = (int32_t)l->in_w * l->in_c;
  int32_t n, c;
  int oy, i;
  if (tinyc_is_coded(l)) {
    int8_t* const behind = (int8_t*)(words + 6 * columns);
    tinyc_reader reader;
    int8_t* decoded = tinyc_reader_init(&reader, l, arena, 1, 9, (uint32_t)l->out_c);
    int rc;
    if (decoded < behind) decoded = behind;
    rc = tinyc_reader_next(&reader, l, decoded, 9 * (uint32_t)l->out_c);
    if (rc != TINYC_OK) return rc;
    w = decoded;
  }
  memset(padding, l->in0_zp, 4);
  for (n = 0; n < l->n; ++n, in += l->in_h * row)
    for (oy = 0; oy < l->out_h; ++oy, out += l->out_w * l->out_c) {
      tinyc_depthwise_conv_2d_row_input rows[3];
      for (i = 0; i < 3; ++i) {
        const int iy = oy * l->stride_h - l->pad_t + i, inside = iy >= 0 && iy < l->in_h;
        rows[i].at = inside ? in + iy * row : padding;
        rows[i].step = inside ? l->in_c : 0;
      }
      for (c = 0;;) {
        const int32_t next = c + 8 <= l->out_c ? c + 4 : l->out_c - 4; /* the last block may overlap the one before */
        tinyc_depthwise_conv_2d_row_prepare(l, w, c, block);
        tinyc_depthwise_conv_2d_row_columns(l, rows, l->pad_l, columns, words);
        tinyc_depthwise_conv_2d_row_four(l, block, words, out + c);
        if (next == c) break;
        for (i = 0; i < 3; ++i)
          if (rows[i].step) rows[i].at += next - c;
        c = next;
      }
    }
  return TINYC_OK;
}
#else
int tinyc_depthwise_conv_2d_row_dsp(const tinyc_layer* l, uint8_t* arena) { return tinyc_depthwise_conv_2d(l, arena); }
#endif
