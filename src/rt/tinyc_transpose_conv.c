/* TRANSPOSE_CONV. in0 [n][in_h][in_w][in_c], weights [out_c][k_h][k_w][in_c], out [n][out_h][out_w][out_c].
 * Each output pixel gathers the input pixels that reach it, those with iy * stride_h + ky = oy + pad_t: no 32-bit copy
 * of the output is needed. Which taps reach a pixel depends on its phase, so the input zero point is subtracted in the
 * loop and `bias` is the plain one. scratch: the reader's and block * k_h * k_w * in_c bytes when the weights are
 * coded. */
#include "tinyc_rt.h"

/* Adds one tap to the sums of `count` <= 4 filters that lie `filter` bytes apart. */
static inline void tinyc_transpose_conv_tap(const tinyc_layer* l, const int8_t* x, const int8_t* w, uint32_t filter,
                                            int32_t count, int32_t* sum) {
  const unsigned channels = (unsigned)l->in_c;
  const int in_flash = !tinyc_is_coded(l), zp = l->in0_zp;
  if (count == 4) {
    const int8_t *w1 = w + filter, *w2 = w1 + filter, *w3 = w2 + filter;
    int32_t s0 = sum[0], s1 = sum[1], s2 = sum[2], s3 = sum[3];
    for (unsigned i = 0; i < channels; ++i) {
      const int v = x[i] - zp;
      s0 += v * tinyc_ldw(w + i, in_flash);
      s1 += v * tinyc_ldw(w1 + i, in_flash);
      s2 += v * tinyc_ldw(w2 + i, in_flash);
      s3 += v * tinyc_ldw(w3 + i, in_flash);
    }
    sum[0] = s0;
    sum[1] = s1;
    sum[2] = s2;
    sum[3] = s3;
    return;
  }
  for (int32_t f = 0; f < count; ++f, w += filter)
    for (unsigned i = 0; i < channels; ++i) sum[f] += (x[i] - zp) * tinyc_ldw(w + i, in_flash);
}

/* Output pixel (y - pad_t, x - pad_l) of `count` <= 4 filters, the first for channel c. */
TINYC_APART void tinyc_transpose_conv_pixel(const tinyc_layer* l, const int8_t* in, const int8_t* w, int32_t c,
                                            int32_t count, int y, int x, int8_t* out) {
  const uint32_t channels = (uint32_t)l->in_c, filter = (uint32_t)l->k_h * (uint32_t)l->k_w * channels;
  const int32_t weight_zp = l->p[4];
  int32_t sum[4] = {0, 0, 0, 0}, inputs = 0;
  for (int ky = y % l->stride_h; ky < l->k_h && ky <= y; ky += l->stride_h) {
    const int iy = (y - ky) / l->stride_h;
    if (iy >= l->in_h) continue;
    for (int kx = x % l->stride_w; kx < l->k_w && kx <= x; kx += l->stride_w) {
      const int ix = (x - kx) / l->stride_w;
      if (ix >= l->in_w) continue;
      const int8_t* from = in + ((int32_t)iy * l->in_w + ix) * l->in_c;
      tinyc_transpose_conv_tap(l, from, w + ((uint32_t)ky * (uint32_t)l->k_w + (uint32_t)kx) * channels, filter, count,
                               sum);
      if (weight_zp) inputs += tinyc_sum(from, (unsigned)channels) - l->in0_zp * l->in_c;
    }
  }
  for (int32_t f = 0; f < count; ++f)
    out[f] = tinyc_finish(l, c + f, (int32_t)((uint32_t)sum[f] - (uint32_t)inputs * (uint32_t)weight_zp));
}

int tinyc_transpose_conv(const tinyc_layer* l, uint8_t* arena);
int tinyc_transpose_conv(const tinyc_layer* l, uint8_t* arena) {
  const uint32_t filter = (uint32_t)l->k_h * (uint32_t)l->k_w * (uint32_t)l->in_c;
  int8_t* decoded = (int8_t*)(arena + l->scratch);
  tinyc_reader reader;
  if (tinyc_is_coded(l))
    decoded = tinyc_reader_init(&reader, l, arena, (uint32_t)l->in_c, filter / (uint32_t)l->in_c, 1);
  for (int32_t c = 0; c < l->out_c; c += l->block) {
    const int32_t count = l->out_c - c < l->block ? l->out_c - c : l->block;
    const int8_t *w = l->weights + (uint32_t)c * filter, *in = (const int8_t*)(arena + l->in0);
    int8_t* out = (int8_t*)(arena + l->out) + c;
    if (tinyc_is_coded(l)) {
      const int rc = tinyc_reader_next(&reader, l, decoded, (uint32_t)count * filter);
      if (rc != TINYC_OK) return rc;
      w = decoded;
    }
    for (int32_t n = 0; n < l->n; ++n, in += (int32_t)l->in_h * l->in_w * l->in_c)
      for (int y = 0; y < l->out_h; ++y)
        for (int x = 0; x < l->out_w; ++x, out += l->out_c)
          for (int32_t f = 0; f < count; f += 4)
            tinyc_transpose_conv_pixel(l, in, w + (uint32_t)f * filter, c + f, count - f < 4 ? count - f : 4,
                                       y + l->pad_t, x + l->pad_l, out + f);
  }
  return TINYC_OK;
}
