/* DEPTHWISE_CONV_2D with the DSP extension for any window: the record of tinyc_depthwise_conv_2d with p[0] = 1; every
 * sum below 2^30 and every shift -22 to -1. Four channels of up to p[2] pixels of a row at a time: a tap's values and
 * weights are a word each, spread to pairs: 12 instructions for four products, 12 for an output. For windows that are
 * not 3 by 3, and for bands of rows so short that the planes of tinyc_depthwise_conv_2d_dsp cost more than they save.
 * scratch: in_c bytes of input zero point, to a multiple of 4, 64 bytes for four channels' constants and for each pixel
 * k_h * k_w arena offsets of 4 bytes, in the same place as the reader's scratch, which is used before; then the weights
 * when they are coded. */
#include "tinyc_rt.h"

int tinyc_depthwise_conv_2d(const tinyc_layer* l, uint8_t* arena);
int tinyc_depthwise_conv_2d_taps_dsp(const tinyc_layer* l, uint8_t* arena);

#if TINYC_DSP
void tinyc_depthwise_conv_2d_taps(const tinyc_layer* l, uint32_t in, int iy, int ix, uint32_t padding, uint32_t* taps);

/* What a channel's outputs need. */
typedef struct {
  int32_t bias, mult, round;
  int shift;
} tinyc_depthwise_conv_2d_taps_channel;

static void tinyc_depthwise_conv_2d_taps_prepare(const tinyc_layer* l, int32_t c,
                                                 tinyc_depthwise_conv_2d_taps_channel* k) {
  k->bias = l->bias[c];
  k->mult = l->mult[c & (l->p[5] >> 1)];
  k->shift = -l->shift[c & -(l->p[5] & 1)];
  k->round = tinyc_dsp_round(l->out_zp, k->shift);
}
static inline int32_t tinyc_depthwise_conv_2d_taps_finish(const tinyc_depthwise_conv_2d_taps_channel* k, int32_t sum) {
  return tinyc_dsp_requant(tinyc_dsp_twice(sum), k->mult, k->round, k->shift);
}

#define TINYC_DEPTHWISE_TAP                                                              \
  do {                                                                                   \
    const uint32_t v = tinyc_dsp_load((const int8_t*)x + *tap++), f = tinyc_dsp_load(w); \
    const int32_t ve = (int32_t)tinyc_dsp_even(v), vo = (int32_t)tinyc_dsp_odd(v);       \
    const int32_t fe = (int32_t)tinyc_dsp_even(f), fo = (int32_t)tinyc_dsp_odd(f);       \
    w += channels;                                                                       \
    s0 += (int16_t)ve * (int16_t)fe;                                                     \
    s1 += (int16_t)vo * (int16_t)fo;                                                     \
    s2 += (ve >> 16) * (fe >> 16);                                                       \
    s3 += (vo >> 16) * (fo >> 16);                                                       \
  } while (0)

/* Four channels of `pixels` outputs; x is the arena from the first channel on. */
TINYC_APART void tinyc_depthwise_conv_2d_taps_four(const tinyc_layer* l, const uint8_t* x, const uint32_t* tap,
                                                   int pixels, const int8_t* weights,
                                                   const tinyc_depthwise_conv_2d_taps_channel* k, int8_t* out) {
  const int32_t channels = l->out_c, count = (int32_t)l->k_h * l->k_w;
  for (; pixels > 0; --pixels, out += channels) {
    const uint32_t* const end = tap + count;
    const int8_t* w = weights;
    int32_t s0 = k[0].bias, s1 = k[1].bias, s2 = k[2].bias, s3 = k[3].bias;
    if (count == 9) {
      do {
        TINYC_DEPTHWISE_TAP;
        TINYC_DEPTHWISE_TAP;
        TINYC_DEPTHWISE_TAP;
      } while (tap != end);
    } else {
      do TINYC_DEPTHWISE_TAP;
      while (tap != end);
    }
    s0 = tinyc_depthwise_conv_2d_taps_finish(k, s0);
    s1 = tinyc_depthwise_conv_2d_taps_finish(k + 1, s1);
    s2 = tinyc_depthwise_conv_2d_taps_finish(k + 2, s2);
    s3 = tinyc_depthwise_conv_2d_taps_finish(k + 3, s3);
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

/* All channels of `pixels` neighbouring outputs. */
static void tinyc_depthwise_conv_2d_taps_group(const tinyc_layer* l, const uint8_t* arena, uint32_t* scratch,
                                               int pixels, const int8_t* w, int8_t* out) {
  const uint32_t *const taps = scratch + 16, count = (uint32_t)l->k_h * (uint32_t)l->k_w;
  tinyc_depthwise_conv_2d_taps_channel* const k = (tinyc_depthwise_conv_2d_taps_channel*)(void*)scratch;
  int32_t c;
  int i;
  for (c = 0; c + 4 <= l->out_c; c += 4) {
    for (i = 0; i < 4; ++i) tinyc_depthwise_conv_2d_taps_prepare(l, c + i, k + i);
    tinyc_depthwise_conv_2d_taps_four(l, arena + c, taps, pixels, w + c, k, out + c);
  }
  for (; c < l->out_c; ++c) {
    const uint32_t* tap = taps;
    tinyc_depthwise_conv_2d_taps_prepare(l, c, k);
    for (i = 0; i < pixels; ++i) {
      int32_t sum = k->bias;
      uint32_t t;
      for (t = 0; t < count; ++t) sum += (int8_t)arena[*tap++ + (uint32_t)c] * w[t * (uint32_t)l->out_c + (uint32_t)c];
      out[i * l->out_c + c] = (int8_t)tinyc_clamp(tinyc_depthwise_conv_2d_taps_finish(k, sum), l->act_min, l->act_max);
    }
  }
}

int tinyc_depthwise_conv_2d_taps_dsp(const tinyc_layer* l, uint8_t* arena) {
  const uint32_t count = (uint32_t)l->k_h * (uint32_t)l->k_w, padding = l->scratch;
  const uint32_t picture = (uint32_t)l->in_h * (uint32_t)l->in_w * (uint32_t)l->in_c;
  uint32_t* const constants = (uint32_t*)(void*)(arena + padding + ((uint32_t)l->in_c + 3u) / 4u * 4u);
  uint32_t* const taps = constants + 16;
  const int8_t* w = l->weights;
  int8_t* out = (int8_t*)(arena + l->out);
  uint32_t in = l->in0;
  int32_t n;
  int oy, ox, i;
  if (tinyc_is_coded(l)) {
    int8_t* const behind = (int8_t*)(taps + (uint32_t)l->p[2] * count);
    tinyc_reader reader;
    int8_t* decoded = tinyc_reader_init(&reader, l, arena, 1, count, (uint32_t)l->out_c);
    int rc;
    if (decoded < behind) decoded = behind;
    rc = tinyc_reader_next(&reader, l, decoded, count * (uint32_t)l->out_c);
    if (rc != TINYC_OK) return rc;
    w = decoded;
  }
  memset(arena + padding, l->in0_zp, (size_t)l->in_c);
  for (n = l->n; n > 0; --n, in += picture)
    for (oy = 0; oy < l->out_h; ++oy)
      for (ox = 0; ox < l->out_w; ox += (int)l->p[2]) {
        const int pixels = l->out_w - ox < l->p[2] ? l->out_w - ox : (int)l->p[2];
        for (i = 0; i < pixels; ++i)
          tinyc_depthwise_conv_2d_taps(l, in, oy * l->stride_h - l->pad_t, (ox + i) * l->stride_w - l->pad_l, padding,
                                       taps + (uint32_t)i * count);
        tinyc_depthwise_conv_2d_taps_group(l, arena, constants, pixels, w, out);
        out += pixels * l->out_c;
      }
  return TINYC_OK;
}
#else
int tinyc_depthwise_conv_2d_taps_dsp(const tinyc_layer* l, uint8_t* arena) { return tinyc_depthwise_conv_2d(l, arena); }
#endif
