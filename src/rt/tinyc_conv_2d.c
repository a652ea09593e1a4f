/* CONV_2D. in0 [n][in_h][in_w][in_c], weights [out_c][k_h][k_w][p[0]], out [n][out_h][out_w][out_c].
 * p[0] = input channels of a group (in_c when there is one group), p[1] = 1 when a filter covers one pixel and there is
 * no padding: then the input is read where it lies. scratch: the reader's and block * k_h * k_w * p[0] bytes when the
 * weights are coded, then the patch of k_h * k_w * p[0] bytes unless p[1]. Padding is filled with the input zero point,
 * so that the folded bias is right at the borders too. */
#include "tinyc_rt.h"

/* The small copies of a window row; a library's memcpy made for size moves single bytes. */
static inline void tinyc_conv_2d_copy(int8_t* to, const int8_t* from, unsigned bytes) {
#if defined(__ARM_FEATURE_UNALIGNED)
  for (; bytes >= 4; bytes -= 4, to += 4, from += 4) memcpy(to, from, 4);
  for (; bytes > 0; --bytes) *to++ = *from++;
#else
  memcpy(to, from, bytes);
#endif
}

/* Gathers one row of a window; ix is the first tap's column. Returns the place behind it. */
static int8_t* tinyc_conv_2d_row(const tinyc_layer* l, const int8_t* row, int ix, int8_t* to) {
  const unsigned channels = (unsigned)l->p[0];
  if (l->dil_w == 1 && ix >= 0 && ix + l->k_w <= l->in_w && l->p[0] == l->in_c) {
    const unsigned bytes = (unsigned)l->k_w * channels;
    tinyc_conv_2d_copy(to, row + (int32_t)ix * l->in_c, bytes);
    return to + bytes;
  }
  for (int kx = 0; kx < l->k_w; ++kx, ix += l->dil_w, to += channels) {
    if (ix >= 0 && ix < l->in_w)
      tinyc_conv_2d_copy(to, row + (int32_t)ix * l->in_c, channels);
    else
      memset(to, l->in0_zp, channels);
  }
  return to;
}

/* The window whose first tap is at (iy, ix), gathered into `to`. */
void tinyc_conv_2d_patch(const tinyc_layer* l, const int8_t* picture, int iy, int ix, int8_t* to);
void tinyc_conv_2d_patch(const tinyc_layer* l, const int8_t* picture, int iy, int ix, int8_t* to) {
  const unsigned bytes = (unsigned)l->k_w * (unsigned)l->p[0];
  for (int ky = 0; ky < l->k_h; ++ky, iy += l->dil_h) {
    if (iy >= 0 && iy < l->in_h) {
      to = tinyc_conv_2d_row(l, picture + (int32_t)iy * l->in_w * l->in_c, ix, to);
    } else {
      memset(to, l->in0_zp, bytes);
      to += bytes;
    }
  }
}

/* Sweeps all output pixels with `count` filters of one group. */
TINYC_INLINE void tinyc_conv_2d_sweep(const tinyc_layer* l, const int8_t* in, const int8_t* w, int32_t c, int32_t count,
                                      int8_t* patch, int8_t* out, int32_t weight_zp) {
  const unsigned k = (unsigned)(l->k_h * l->k_w) * (unsigned)l->p[0];
  out += c;
  for (int32_t n = 0; n < l->n; ++n, in += (int32_t)l->in_h * l->in_w * l->in_c) {
    for (int oy = 0; oy < l->out_h; ++oy) {
      const int iy = oy * l->stride_h - l->pad_t;
      int ix = -l->pad_l;
      for (int ox = 0; ox < l->out_w; ++ox, ix += l->stride_w, out += l->out_c) {
        const int8_t* x = patch;
        if (l->p[1])
          x = in + ((int32_t)iy * l->in_w + ix) * l->in_c;
        else
          tinyc_conv_2d_patch(l, in, iy, ix, patch);
        tinyc_filters(l, x, w, k, (int)c, (int)count, weight_zp ? weight_zp * tinyc_sum(x, k) : 0, out, 1);
      }
    }
  }
}

TINYC_INLINE int tinyc_conv_2d_run(const tinyc_layer* l, uint8_t* arena, int32_t weight_zp) {
  const int8_t* in = (const int8_t*)(arena + l->in0);
  int8_t *out = (int8_t*)(arena + l->out), *decoded = (int8_t*)(arena + l->scratch);
  const uint32_t k = (uint32_t)l->k_h * (uint32_t)l->k_w * (uint32_t)l->p[0];
  const int32_t filters = l->out_c / (l->in_c / l->p[0]); /* of one group */
  tinyc_reader reader;
  if (tinyc_is_coded(l)) decoded = tinyc_reader_init(&reader, l, arena, (uint32_t)l->p[0], k / (uint32_t)l->p[0], 1);
  int8_t* patch = decoded + (tinyc_is_coded(l) ? (uint32_t)l->block * k : 0);
  for (int32_t c = 0; c < l->out_c; c += l->block) {
    const int32_t end = l->out_c - c < l->block ? l->out_c : c + l->block;
    const int8_t* w = l->weights + (uint32_t)c * k;
    if (tinyc_is_coded(l)) {
      const int rc = tinyc_reader_next(&reader, l, decoded, (uint32_t)(end - c) * k);
      if (rc != TINYC_OK) return rc;
      w = decoded;
    }
    for (int32_t first = c; first < end;) {
      const int32_t group = first / filters, last = end < (group + 1) * filters ? end : (group + 1) * filters;
      tinyc_conv_2d_sweep(l, in + group * l->p[0], w + (uint32_t)(first - c) * k, first, last - first, patch, out,
                          weight_zp);
      first = last;
    }
  }
  return TINYC_OK;
}

int tinyc_conv_2d(const tinyc_layer* l, uint8_t* arena);
int tinyc_conv_2d(const tinyc_layer* l, uint8_t* arena) { return tinyc_conv_2d_run(l, arena, 0); }

/* Weights with a zero point (models that were uint8). */
int tinyc_conv_2d_wzp(const tinyc_layer* l, uint8_t* arena);
int tinyc_conv_2d_wzp(const tinyc_layer* l, uint8_t* arena) { return tinyc_conv_2d_run(l, arena, l->p[4]); }
