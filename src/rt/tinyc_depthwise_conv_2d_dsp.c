/* DEPTHWISE_CONV_2D with the DSP extension: the record of tinyc_depthwise_conv_2d, windows 3 by 3, not dilated along
 * lines, stride 1 or 2 along them; every sum below 2^30 and every shift -22 to -1. Lines are rows, or columns with p[3]
 * = 1 (of tall pictures: the start of a line costs as much as five outputs); p[2] lines of outputs are a band. For each
 * band and channel the input is copied to a plane of 16-bit numbers, padding included, where two neighbours are one
 * word, so that two outputs take 6 instructions a window line (7 with stride 2) instead of 6 loads and 6 products. A
 * channel's outputs are written after its inputs of the band were read: when the band is the whole picture and output
 * and input have one shape they may lie in one place.
 * scratch: the reader's, where the plane of ((p[2] - 1) * stride + 2 * dilation + 1) lines comes later, each of
 * (outputs of a line + 1) / 2 * 2 * stride + 2 numbers; then all weights when they are coded. */
#include "tinyc_rt.h"

int tinyc_depthwise_conv_2d_dsp(const tinyc_layer* l, uint8_t* arena);

/* The picture by lines; `step` along a line and `cross` to the next one, in bytes or weights. */
typedef struct {
  int32_t in_step, in_cross, out_step, out_cross, w_step, w_cross;
  int in_length, in_lines, length, lines, stride, line_stride, pad, line_pad, dilation, width;
} tinyc_depthwise_lines;

static tinyc_depthwise_lines tinyc_depthwise_conv_2d_dsp_lines(const tinyc_layer* l) {
  tinyc_depthwise_lines g;
  if (l->p[3]) {
    g.in_step = (int32_t)l->in_w * l->in_c, g.in_cross = l->in_c, g.in_length = l->in_h, g.in_lines = l->in_w;
    g.out_step = (int32_t)l->out_w * l->out_c, g.out_cross = l->out_c, g.length = l->out_h, g.lines = l->out_w;
    g.w_step = 3 * l->out_c, g.w_cross = l->out_c;
    g.stride = l->stride_h, g.line_stride = l->stride_w, g.pad = l->pad_t, g.line_pad = l->pad_l, g.dilation = l->dil_w;
  } else {
    g.in_step = l->in_c, g.in_cross = (int32_t)l->in_w * l->in_c, g.in_length = l->in_w, g.in_lines = l->in_h;
    g.out_step = l->out_c, g.out_cross = (int32_t)l->out_w * l->out_c, g.length = l->out_w, g.lines = l->out_h;
    g.w_step = l->out_c, g.w_cross = 3 * l->out_c;
    g.stride = l->stride_w, g.line_stride = l->stride_h, g.pad = l->pad_l, g.line_pad = l->pad_t, g.dilation = l->dil_h;
  }
  g.width = ((g.length + 1) & ~1) * g.stride + 2;
  return g;
}

/* What the inner loop reads of a channel, at these offsets. */
typedef struct {
  uint32_t w[6]; /* rows (w0, w1), (w1, w2) of doubled weights, so that SMMULR rounds the sums as they are */
  int32_t bias, mult, round;
  int shift;
} tinyc_depthwise_conv_2d_dsp_channel;

#if TINYC_DSP
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

/* `lines` lines of a channel's outputs from its plane. */
static void tinyc_depthwise_conv_2d_dsp_outputs(const tinyc_layer* l, const tinyc_depthwise_lines* g,
                                                const tinyc_depthwise_conv_2d_dsp_channel* k, const int16_t* plane,
                                                int lines, int8_t* to) {
  const int32_t channels = g->out_step, row = g->dilation * g->width, step = g->line_stride * g->width;
  const int32_t cross = g->out_cross;
  const int pairs = g->length >> 1, odd = g->length & 1, stride = g->stride;
  (void)l;
  for (; lines > 0; --lines, plane += step, to += cross) {
    const int16_t *r0 = plane, *r1 = plane + row, *r2 = r1 + row, *const end = r0 + 2 * pairs * stride;
    int8_t* out = to;
    uint32_t p, q, a, b;
    int32_t s0, s1;
    if (stride == 1) {
      TINYC_DEPTHWISE_OUTPUTS(TINYC_DEPTHWISE_ROW_1);
    } else {
      TINYC_DEPTHWISE_OUTPUTS(TINYC_DEPTHWISE_ROW_2);
    }
  }
}

#else
/* The same where the extension is missing. */
static void tinyc_depthwise_conv_2d_dsp_outputs(const tinyc_layer* l, const tinyc_depthwise_lines* g,
                                                const tinyc_depthwise_conv_2d_dsp_channel* k, const int16_t* plane,
                                                int lines, int8_t* to) {
  const int32_t row = g->dilation * g->width, step = g->line_stride * g->width;
  for (; lines > 0; --lines, plane += step, to += g->out_cross) {
    int8_t* out = to;
    int i, j;
    for (i = 0; i < g->length; ++i, out += g->out_step) {
      const int16_t* x = plane + i * g->stride;
      int32_t twice = k->bias;
      for (j = 0; j < 6; j += 2, x += row)
        twice +=
            x[0] * (int16_t)(k->w[j] & 0xffffu) + x[1] * (int16_t)(k->w[j] >> 16) + x[2] * (int16_t)(k->w[j + 1] >> 16);
      *out = (int8_t)tinyc_output(tinyc_requant(twice >> 1, k->mult, -k->shift), l->out_zp, -128, 127);
    }
  }
}
#endif

static void tinyc_depthwise_conv_2d_dsp_prepare(const tinyc_layer* l, const tinyc_depthwise_lines* g, const int8_t* w,
                                                int32_t c, tinyc_depthwise_conv_2d_dsp_channel* k) {
  const int in_flash = !tinyc_is_coded(l);
  int i;
  for (i = 0, w += c; i < 6; i += 2, w += g->w_cross) {
    const uint32_t w0 = (uint32_t)tinyc_ldw(w, in_flash) << 1, w1 = (uint32_t)tinyc_ldw(w + g->w_step, in_flash) << 1,
                   w2 = (uint32_t)tinyc_ldw(w + 2 * g->w_step, in_flash) << 1;
    k->w[i] = (w0 & 0xffffu) | w1 << 16;
    k->w[i + 1] = (w1 & 0xffffu) | w2 << 16;
  }
  k->bias = (int32_t)((uint32_t)tinyc_ld32(l->bias + c) << 1);
  k->mult = tinyc_ld32(l->mult + (c & (l->p[5] >> 1)));
  k->shift = -tinyc_ld8(l->shift + (c & -(l->p[5] & 1)));
  k->round = (int32_t)((uint32_t)(2 * l->out_zp + 1) << (k->shift - 1)); /* as tinyc_dsp_round */
}

/* Copies `lines` lines of `count` values of a channel to a plane. */
static void tinyc_depthwise_conv_2d_dsp_copy(const tinyc_depthwise_lines* g, const int8_t* from, int lines, int count,
                                             int16_t* to) {
  const int32_t step = g->in_step, next = g->in_cross - count * step;
  const int width = g->width;
  for (; lines > 0; --lines, from += next, to += width) {
    int16_t *x = to, *const end = to + count, *const fours = to + (count & ~3);
    for (; x != fours; x += 4, from += 4 * step) {
      const int16_t v0 = from[0], v1 = from[step], v2 = from[2 * step], v3 = from[3 * step];
      x[0] = v0;
      x[1] = v1;
      x[2] = v2;
      x[3] = v3;
    }
    for (; x != end; from += step) *x++ = *from;
  }
}

/* Lines `line` to line + lines - 1 of all channels of one picture. */
TINYC_APART void tinyc_depthwise_conv_2d_dsp_band(const tinyc_layer* l, const tinyc_depthwise_lines* g,
                                                  const int8_t* in, const int8_t* w, int line, int lines,
                                                  int16_t* plane, int8_t* out) {
  const int first = line * g->line_stride - g->line_pad, count = (lines - 1) * g->line_stride + 2 * g->dilation + 1;
  const int top = first < 0 ? -first : 0, bottom = first + count > g->in_lines ? g->in_lines - first : count;
  const int values = g->in_length < g->width - g->pad ? g->in_length : g->width - g->pad;
  int16_t *const inside = plane + top * g->width + g->pad, *x;
  int32_t c;
  int left = 0; /* output channels that the plane's input channel still has */
  for (x = plane; x != plane + count * g->width; ++x) *x = l->in0_zp; /* the padding is the same for all channels */
  in += (first + top) * g->in_cross;
  for (c = 0; c < l->out_c; ++c, ++out, --left) {
    tinyc_depthwise_conv_2d_dsp_channel k;
    if (left == 0) {
      tinyc_depthwise_conv_2d_dsp_copy(g, in++, bottom - top, values, inside);
      left = (int)l->p[0];
    }
    tinyc_depthwise_conv_2d_dsp_prepare(l, g, w, c, &k);
    tinyc_depthwise_conv_2d_dsp_outputs(l, g, &k, plane, lines, out);
  }
}

/* Decodes all weights to `behind`, or behind the reader's scratch. Returns them, or 0 where the stream is damaged. */
TINYC_APART const int8_t* tinyc_depthwise_conv_2d_dsp_decode(const tinyc_layer* l, uint8_t* arena, int8_t* behind) {
  tinyc_reader reader;
  int8_t* decoded = tinyc_reader_init(&reader, l, arena, 1, 9, (uint32_t)l->out_c);
  if (decoded < behind) decoded = behind;
  return tinyc_reader_next(&reader, l, decoded, 9 * (uint32_t)l->out_c) == TINYC_OK ? decoded : 0;
}

int tinyc_depthwise_conv_2d_dsp(const tinyc_layer* l, uint8_t* arena) {
  const tinyc_depthwise_lines g = tinyc_depthwise_conv_2d_dsp_lines(l);
  int16_t* const plane = (int16_t*)(void*)(arena + l->scratch);
  const int8_t *w = l->weights, *in = (const int8_t*)(arena + l->in0);
  int8_t* out = (int8_t*)(arena + l->out);
  int32_t n;
  int line;
  if (tinyc_is_coded(l)) {
    const int numbers = g.width * (((int)l->p[2] - 1) * g.line_stride + 2 * g.dilation + 1);
    w = tinyc_depthwise_conv_2d_dsp_decode(l, arena, (int8_t*)(plane + numbers));
    if (!w) return TINYC_E_STREAM;
  }
  for (n = 0; n < l->n; ++n) {
    for (line = 0; line < g.lines; line += (int)l->p[2]) {
      const int lines = g.lines - line < l->p[2] ? g.lines - line : (int)l->p[2];
      tinyc_depthwise_conv_2d_dsp_band(l, &g, in, w, line, lines, plane, out + line * g.out_cross);
    }
    in += (int32_t)l->in_h * l->in_w * l->in_c;
    out += (int32_t)l->out_h * l->out_w * l->out_c;
  }
  return TINYC_OK;
}
