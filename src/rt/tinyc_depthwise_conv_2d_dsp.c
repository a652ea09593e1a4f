/* DEPTHWISE_CONV_2D with the DSP extension: the record of tinyc_depthwise_conv_2d, windows 3 wide, columns not dilated,
 * stride 1 or 2 along rows; every sum below 2^30 and every shift -22 to -1. p[2] output rows are a band. For each band
 * and channel the input rows are copied to a plane of 16-bit numbers, padding included, where two neighbours are one
 * word, so that two outputs take 6 instructions a window row (8 with stride 2) instead of 6 loads and 6 products. A
 * channel's outputs are written after its inputs of the band were read: when the band is the whole picture and output
 * and input have one shape they may lie in one place.
 * scratch: the reader's, where the plane of ((p[2] - 1) * stride_h + (k_h - 1) * dil_h + 1) rows comes later, each of
 * (out_w + 1) / 2 * 2 * stride_w + 2 numbers; then all weights when they are coded. */
#include "tinyc_rt.h"

int tinyc_depthwise_conv_2d(const tinyc_layer* l, uint8_t* arena);
int tinyc_depthwise_conv_2d_dsp(const tinyc_layer* l, uint8_t* arena);

#if TINYC_DSP
/* What the inner loop reads of a channel, at these offsets. */
typedef struct {
  uint32_t w[6]; /* rows (w0, w1), (w1, w2) of doubled weights, so that SMMULR rounds the sums as they are */
  int32_t bias, mult, round;
  int shift;
} tinyc_depthwise_conv_2d_dsp_channel;

/* One window row of two neighbouring outputs: stride 1 reads columns 0 to 3, stride 2 columns 0 to 4. */
#define TINYC_DEPTHWISE_ROW_1(row, at) \
  "ldrd %[p], %[q], [%[" row           \
  "]], #4\n"                           \
  "ldrd %[a], %[b], [%[k], #" at       \
  "]\n"                                \
  "smlad %[s0], %[p], %[a], %[s0]\n"   \
  "smlad %[s1], %[q], %[b], %[s1]\n"   \
  "smlabt %[s0], %[q], %[b], %[s0]\n"  \
  "smlatb %[s1], %[p], %[a], %[s1]\n"
#define TINYC_DEPTHWISE_ROW_2(row, at) \
  "ldrd %[p], %[q], [%[" row           \
  "]], #8\n"                           \
  "ldrd %[a], %[b], [%[k], #" at       \
  "]\n"                                \
  "smlad %[s0], %[p], %[a], %[s0]\n"   \
  "smlad %[s1], %[q], %[a], %[s1]\n"   \
  "ldr %[p], [%[" row                  \
  "]]\n"                               \
  "smlabt %[s0], %[q], %[b], %[s0]\n"  \
  "smlabt %[s1], %[p], %[b], %[s1]\n"
#define TINYC_DEPTHWISE_SUMS(ROW) \
  "ldr %[s0], [%[k], #24]\n"      \
  "mov %[s1], %[s0]\n" ROW("r0", "0") ROW("r1", "8") ROW("r2", "16")
/* tinyc_dsp_requant of the sum s, its factors in a, b and p. */
#define TINYC_DEPTHWISE_REQUANT(s) \
  "smmulr " s ", " s               \
  ", %[a]\n"                       \
  "add " s ", " s ", " s           \
  ", asr #31\n"                    \
  "add " s ", " s                  \
  ", %[b]\n"                       \
  "asr " s ", " s                  \
  ", %[p]\n"                       \
  "ssat " s ", #8, " s "\n"
#define TINYC_DEPTHWISE_FACTORS    \
  "ldrd %[a], %[b], [%[k], #28]\n" \
  "ldr %[p], [%[k], #36]\n"
#define TINYC_DEPTHWISE_OPERANDS                                                                             \
  : [s0] "=&r"(s0), [s1] "=&r"(s1), [r0] "+r"(r0), [r1] "+r"(r1), [r2] "+r"(r2), [p] "=&r"(p), [q] "=&r"(q),           \
    [a] "=&r"(a), [b] "=&r"(b), [out] "+r"(out)                                                                        \
  : [k] "r"(k), [channels] "r"(channels), [end] "r"(end)                                                               \
  : "memory", "cc"
/* A row of outputs, two at a time: 37 (stride 2: 40) instructions for 18 products and two outputs. */
#define TINYC_DEPTHWISE_OUTPUTS(ROW)                                                                                                    \
  if (pairs)                                                                                                                            \
    __asm__ volatile("1:\n" TINYC_DEPTHWISE_SUMS(ROW) TINYC_DEPTHWISE_FACTORS TINYC_DEPTHWISE_REQUANT("%[s0]") TINYC_DEPTHWISE_REQUANT( \
        "%[s1]") "strb %[s0], [%[out]]\n"                                                                                               \
                 "strb %[s1], [%[out], %[channels]]\n"                                                                                  \
                 "add %[out], %[out], %[channels], lsl #1\n"                                                                            \
                 "cmp %[r0], %[end]\n"                                                                                                  \
                 "bne 1b" TINYC_DEPTHWISE_OPERANDS);                                                                                    \
  if (odd)                                                                                                                              \
  __asm__ volatile(TINYC_DEPTHWISE_SUMS(ROW) TINYC_DEPTHWISE_FACTORS TINYC_DEPTHWISE_REQUANT(                                           \
      "%[s0]") "strb %[s0], [%[out]]" TINYC_DEPTHWISE_OPERANDS)

/* `rows` rows of a channel's outputs from its plane. */
static void tinyc_depthwise_conv_2d_dsp_rows(const tinyc_layer* l, const tinyc_depthwise_conv_2d_dsp_channel* k,
                                             const int16_t* plane, int32_t width, int rows, int8_t* to) {
  const int32_t channels = l->out_c, row = l->dil_h * width, step = l->stride_h * width;
  const int pairs = l->out_w >> 1, odd = l->out_w & 1;
  for (; rows > 0; --rows, plane += step, to += (int32_t)l->out_w * channels) {
    const int16_t *r0 = plane, *r1 = plane + row, *r2 = r1 + row, *const end = r0 + 2 * pairs * l->stride_w;
    int8_t* out = to;
    uint32_t p, q, a, b;
    int32_t s0, s1;
    if (l->stride_w == 1) {
      TINYC_DEPTHWISE_OUTPUTS(TINYC_DEPTHWISE_ROW_1);
    } else {
      TINYC_DEPTHWISE_OUTPUTS(TINYC_DEPTHWISE_ROW_2);
    }
  }
}

static void tinyc_depthwise_conv_2d_dsp_prepare(const tinyc_layer* l, const int8_t* w, int32_t c,
                                                tinyc_depthwise_conv_2d_dsp_channel* k) {
  int i;
  for (i = 0, w += c; i < 6; i += 2, w += 3 * l->out_c) {
    const uint32_t w0 = (uint32_t)w[0] << 1, w1 = (uint32_t)w[l->out_c] << 1, w2 = (uint32_t)w[2 * l->out_c] << 1;
    k->w[i] = (w0 & 0xffffu) | w1 << 16;
    k->w[i + 1] = (w1 & 0xffffu) | w2 << 16;
  }
  k->bias = tinyc_dsp_twice(l->bias[c]);
  k->mult = l->mult[c & (l->p[5] >> 1)];
  k->shift = -l->shift[c & -(l->p[5] & 1)];
  k->round = tinyc_dsp_round(l->out_zp, k->shift);
}

/* Copies `rows` rows of `columns` values of a channel to a plane. */
static void tinyc_depthwise_conv_2d_dsp_copy(const tinyc_layer* l, const int8_t* from, int rows, int columns,
                                             int16_t* to, int32_t width) {
  const int32_t channels = l->in_c, next = (int32_t)(l->in_w - columns) * channels;
  for (; rows > 0; --rows, from += next, to += width) {
    int16_t *x = to, *const end = to + columns, *const fours = to + (columns & ~3);
    for (; x != fours; x += 4, from += 4 * channels) {
      const int16_t v0 = from[0], v1 = from[channels], v2 = from[2 * channels], v3 = from[3 * channels];
      x[0] = v0;
      x[1] = v1;
      x[2] = v2;
      x[3] = v3;
    }
    for (; x != end; from += channels) *x++ = *from;
  }
}

/* Output rows oy to oy + rows - 1 of all channels of one picture. */
static void tinyc_depthwise_conv_2d_dsp_band(const tinyc_layer* l, const int8_t* in, const int8_t* w, int oy, int rows,
                                             int16_t* plane, int32_t width, int8_t* out) {
  const int first = oy * l->stride_h - l->pad_t, count = (rows - 1) * l->stride_h + 2 * l->dil_h + 1;
  const int top = first < 0 ? -first : 0, bottom = first + count > l->in_h ? l->in_h - first : count;
  const int columns = l->in_w < width - l->pad_l ? l->in_w : (int)(width - l->pad_l);
  int16_t *const inside = plane + top * width + l->pad_l, *x;
  int32_t c;
  int left = 0; /* output channels that the plane's input channel still has */
  for (x = plane; x != plane + count * width; ++x) *x = l->in0_zp; /* the padding is the same for all channels */
  in += (int32_t)(first + top) * l->in_w * l->in_c;
  for (c = 0; c < l->out_c; ++c, ++out, --left) {
    tinyc_depthwise_conv_2d_dsp_channel k;
    if (left == 0) {
      tinyc_depthwise_conv_2d_dsp_copy(l, in++, bottom - top, columns, inside, width);
      left = (int)l->p[0];
    }
    tinyc_depthwise_conv_2d_dsp_prepare(l, w, c, &k);
    tinyc_depthwise_conv_2d_dsp_rows(l, &k, plane, width, rows, out);
  }
}

int tinyc_depthwise_conv_2d_dsp(const tinyc_layer* l, uint8_t* arena) {
  const int32_t width = ((l->out_w + 1) & ~1) * l->stride_w + 2;
  const uint32_t bytes = 2u * (uint32_t)(width * ((l->p[2] - 1) * l->stride_h + 2 * l->dil_h + 1));
  int16_t* const plane = (int16_t*)(void*)(arena + l->scratch);
  const int8_t *w = l->weights, *in = (const int8_t*)(arena + l->in0);
  int8_t* out = (int8_t*)(arena + l->out);
  int32_t n;
  int oy;
  if (l->codec) {
    int8_t* const behind = (int8_t*)(arena + l->scratch + bytes);
    const uint32_t count = 3u * (uint32_t)l->k_w;
    tinyc_reader reader;
    int8_t* decoded = tinyc_reader_init(&reader, l, arena, 1, count, (uint32_t)l->out_c);
    int rc;
    if (decoded < behind) decoded = behind;
    rc = tinyc_reader_next(&reader, l, decoded, count * (uint32_t)l->out_c);
    if (rc != TINYC_OK) return rc;
    w = decoded;
  }
  for (n = 0; n < l->n; ++n, in += (int32_t)l->in_h * l->in_w * l->in_c)
    for (oy = 0; oy < l->out_h; oy += l->p[2]) {
      const int rows = l->out_h - oy < l->p[2] ? l->out_h - oy : (int)l->p[2];
      tinyc_depthwise_conv_2d_dsp_band(l, in, w, oy, rows, plane, width, out);
      out += (int32_t)rows * l->out_w * l->out_c;
    }
  return TINYC_OK;
}
#else
int tinyc_depthwise_conv_2d_dsp(const tinyc_layer* l, uint8_t* arena) { return tinyc_depthwise_conv_2d(l, arena); }
#endif
