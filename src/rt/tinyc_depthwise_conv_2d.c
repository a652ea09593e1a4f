/* DEPTHWISE_CONV_2D. in0 [n][in_h][in_w][in_c], weights [k_h][k_w][out_c], out [n][out_h][out_w][out_c], out_c = p[0] *
 * in_c: output channel o reads input channel o / p[0]. scratch: k_h * k_w arena offsets of 4 bytes and in_c bytes of
 * input zero point, in the same place as the reader's scratch, which is used before; then out_c * k_h * k_w bytes when
 * the weights are coded. For each output pixel the taps' offsets are listed once; taps in the padding point to the zero
 * points, so borders need no loops of their own and the folded bias stays right. From the last pixel to the first where
 * the output lies above the input, so that either may lie over the other but for about a row. */
#include "tinyc_rt.h"

/* Lists the taps of the window whose first one is at (iy, ix) of the picture at arena offset `in`. */
void tinyc_depthwise_conv_2d_taps(const tinyc_layer* l, uint32_t in, int iy, int ix, uint32_t padding, uint32_t* taps);
void tinyc_depthwise_conv_2d_taps(const tinyc_layer* l, uint32_t in, int iy, int ix, uint32_t padding, uint32_t* taps) {
  const uint32_t channels = (uint32_t)l->in_c;
  for (int ky = 0; ky < l->k_h; ++ky, iy += l->dil_h) {
    const int inside = iy >= 0 && iy < l->in_h;
    const uint32_t row = in + (uint32_t)iy * (uint32_t)l->in_w * channels;
    int x = ix;
    for (int kx = 0; kx < l->k_w; ++kx, x += l->dil_w)
      *taps++ = inside && x >= 0 && x < l->in_w ? row + (uint32_t)x * channels : padding;
  }
}

#if TINYC_AVR_MUL
int32_t tinyc_depthwise_conv_2d_avr(const tinyc_layer* l, const uint8_t* x, const uint32_t* taps, const int8_t* w,
                                    int8_t* out);
#endif

/* Four output channels from c on; x is the arena from their input channel on, `step` 1 when each has its own, else 0.
 */
TINYC_INLINE void tinyc_depthwise_conv_2d_four(const tinyc_layer* l, const uint8_t* x, const uint32_t* taps,
                                               const int8_t* w, int32_t c, int step, int32_t weight_zp, int8_t* out) {
  const unsigned count = (unsigned)l->k_h * (unsigned)l->k_w;
  const uint32_t channels = (uint32_t)l->out_c;
  const int in_flash = !tinyc_is_coded(l);
  int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  for (unsigned t = 0; t < count; ++t, w += channels) {
    const int8_t* v = (const int8_t*)(x + taps[t]);
    s0 += v[0] * (tinyc_ldw(w, in_flash) - weight_zp);
    s1 += v[step] * (tinyc_ldw(w + 1, in_flash) - weight_zp);
    s2 += v[2 * step] * (tinyc_ldw(w + 2, in_flash) - weight_zp);
    s3 += v[3 * step] * (tinyc_ldw(w + 3, in_flash) - weight_zp);
  }
  out[0] = tinyc_finish(l, c, s0);
  out[1] = tinyc_finish(l, c + 1, s1);
  out[2] = tinyc_finish(l, c + 2, s2);
  out[3] = tinyc_finish(l, c + 3, s3);
}

TINYC_INLINE int8_t tinyc_depthwise_conv_2d_one(const tinyc_layer* l, const uint8_t* x, const uint32_t* taps,
                                                const int8_t* w, int32_t c, int32_t weight_zp) {
  const unsigned count = (unsigned)l->k_h * (unsigned)l->k_w;
  int32_t sum = 0;
  for (unsigned t = 0; t < count; ++t, w += l->out_c)
    sum += (int8_t)x[taps[t]] * (tinyc_ldw(w, !tinyc_is_coded(l)) - weight_zp);
  return tinyc_finish(l, c, sum);
}

/* All channels of one output pixel. */
TINYC_INLINE void tinyc_depthwise_conv_2d_pixel(const tinyc_layer* l, const uint8_t* arena, const uint32_t* taps,
                                                const int8_t* w, int32_t weight_zp, int8_t* out) {
  const int32_t multiplier = l->p[0];
  int32_t c = 0;
  if (multiplier == 1) {
#if TINYC_AVR_MUL
    if (!weight_zp && !tinyc_is_coded(l)) c = tinyc_depthwise_conv_2d_avr(l, arena, taps, w, out);
#endif
    for (; c + 4 <= l->out_c; c += 4) tinyc_depthwise_conv_2d_four(l, arena + c, taps, w + c, c, 1, weight_zp, out + c);
    for (; c < l->out_c; ++c) out[c] = tinyc_depthwise_conv_2d_one(l, arena + c, taps, w + c, c, weight_zp);
    return;
  }
  for (int32_t i = 0; i < l->in_c; ++i) {
    const int32_t end = c + multiplier;
    for (; c + 4 <= end; c += 4) tinyc_depthwise_conv_2d_four(l, arena + i, taps, w + c, c, 0, weight_zp, out + c);
    for (; c < end; ++c) out[c] = tinyc_depthwise_conv_2d_one(l, arena + i, taps, w + c, c, weight_zp);
  }
}

TINYC_INLINE int tinyc_depthwise_conv_2d_run(const tinyc_layer* l, uint8_t* arena, int32_t weight_zp) {
  const uint32_t count = (uint32_t)l->k_h * (uint32_t)l->k_w, padding = l->scratch + 4 * count;
  uint32_t *taps = (uint32_t*)(void*)(arena + l->scratch), in = l->in0;
  const int8_t* w = l->weights;
  int8_t* out = (int8_t*)(arena + l->out);
  const int back = l->out > l->in0, step = back ? -1 : 1;
  if (tinyc_is_coded(l)) {
    int8_t* const behind = (int8_t*)(arena + padding + (uint32_t)l->in_c);
    tinyc_reader reader;
    int8_t* decoded = tinyc_reader_init(&reader, l, arena, 1, count, (uint32_t)l->out_c);
    if (decoded < behind) decoded = behind;
    const int rc = tinyc_reader_next(&reader, l, decoded, count * (uint32_t)l->out_c);
    if (rc != TINYC_OK) return rc;
    w = decoded;
  }
  memset(arena + padding, l->in0_zp, (size_t)l->in_c);
  const uint32_t picture = (uint32_t)l->in_h * (uint32_t)l->in_w * (uint32_t)l->in_c;
  if (back) {
    in += (uint32_t)(l->n - 1) * picture;
    out += ((int32_t)l->n * l->out_h * l->out_w - 1) * l->out_c;
  }
  for (int32_t n = l->n; n > 0; --n, in += (uint32_t)step * picture)
    for (int oy = back ? l->out_h - 1 : 0; oy >= 0 && oy < l->out_h; oy += step)
      for (int ox = back ? l->out_w - 1 : 0; ox >= 0 && ox < l->out_w; ox += step, out += step * l->out_c) {
        tinyc_depthwise_conv_2d_taps(l, in, oy * l->stride_h - l->pad_t, ox * l->stride_w - l->pad_l, padding, taps);
        tinyc_depthwise_conv_2d_pixel(l, arena, taps, w, weight_zp, out);
      }
  return TINYC_OK;
}

int tinyc_depthwise_conv_2d(const tinyc_layer* l, uint8_t* arena);
int tinyc_depthwise_conv_2d(const tinyc_layer* l, uint8_t* arena) { return tinyc_depthwise_conv_2d_run(l, arena, 0); }

/* Weights with a zero point (models that were uint8). */
int tinyc_depthwise_conv_2d_wzp(const tinyc_layer* l, uint8_t* arena);
int tinyc_depthwise_conv_2d_wzp(const tinyc_layer* l, uint8_t* arena) {
  return tinyc_depthwise_conv_2d_run(l, arena, l->p[4]);
}
