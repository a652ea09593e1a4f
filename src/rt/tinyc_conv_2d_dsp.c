/* CONV_2D with the DSP extension: the record of tinyc_conv_2d; every sum below 2^30 and every shift -22 to -1. Four
 * output pixels at a time: their windows are widened once into a quad (tinyc_dsp.c), which all filters then use, so
 * that a filter's weights are read once for four pixels. Instructions for each product: 13/16 in the inner loop, 1/32
 * for the loop, 5/4 / filters for the windows, 11 / (window) for the outputs. With
 * tinyc_conv_2d_rest_dsp one or two pixels that are left at the end of a picture are rows (tinyc_dsp_row.c).
 * scratch: the reader's and block * window bytes when the weights are coded, to a
 * multiple of 4, then the quad of 8 * window bytes (window to a multiple of 4), then, when in_c / groups is no multiple
 * of 4, one window. A window has at least 4 values. */
#include "tinyc_rt.h"

int tinyc_conv_2d(const tinyc_layer* l, uint8_t* arena);
int tinyc_conv_2d_dsp(const tinyc_layer* l, uint8_t* arena);
int tinyc_conv_2d_rest_dsp(const tinyc_layer* l, uint8_t* arena);

#if TINYC_DSP
uint32_t* tinyc_dsp_widen(uint32_t* to, const int8_t* from, unsigned words, int rows, int32_t stride);
void tinyc_dsp_filters(const tinyc_layer* l, const uint32_t* quad, const int8_t* w, unsigned k, int32_t c,
                       int32_t count, int8_t* out, const int32_t* step);
uint32_t* tinyc_dsp_spread(const tinyc_layer* l, int32_t c, const int8_t* w, unsigned k, uint32_t* panel);
void tinyc_dsp_panel(const uint32_t* quad, const uint32_t* panel, unsigned words, int32_t pairs, int8_t* out,
                     const int32_t* step);
void tinyc_dsp_row(const tinyc_layer* l, const uint32_t* row, int wide, const int8_t* first, unsigned k, int32_t c,
                   int32_t count, int8_t* out);
void tinyc_conv_2d_patch(const tinyc_layer* l, const int8_t* picture, int iy, int ix, int8_t* to);

/* One row of a window whose first tap is in column ix; whole words of channels. */
static uint32_t* tinyc_conv_2d_dsp_row(const tinyc_layer* l, const int8_t* row, int ix, uint32_t* to) {
  const unsigned words = (unsigned)l->p[0] >> 2;
  const uint32_t padding = (uint32_t)(uint16_t)l->in0_zp * 0x10001u;
  int kx;
  for (kx = 0; kx < l->k_w; ++kx, ix += l->dil_w) {
    if (row && ix >= 0 && ix < l->in_w) {
      to = tinyc_dsp_widen(to, row + (int32_t)ix * l->in_c, words, 1, 0);
    } else {
      unsigned i;
      for (i = 0; i < words; ++i, to += 8) to[0] = to[4] = padding;
    }
  }
  return to;
}

/* A window of k values that was gathered. Its last word begins with values seen before, for which the quad holds zeros
 * (see tinyc_dsp_filters). */
TINYC_APART void tinyc_conv_2d_dsp_gathered(const int8_t* narrow, unsigned k, uint32_t* to) {
  to = tinyc_dsp_widen(to, narrow, k >> 2, 1, 0);
  if (k & 3) {
    const uint32_t v = tinyc_dsp_load(narrow + k - 4) & (0xffffffffu << 8 * (4 - (k & 3)));
    to[0] = tinyc_dsp_even(v);
    to[4] = tinyc_dsp_odd(v);
  }
}

/* The window whose first tap is at (iy, ix), at a border or of a layer with dilation or groups; whole words of
 * channels.
 */
TINYC_APART void tinyc_conv_2d_dsp_window(const tinyc_layer* l, const int8_t* picture, int iy, int ix, uint32_t* to) {
  int ky;
  for (ky = 0; ky < l->k_h; ++ky, iy += l->dil_h)
    to = tinyc_conv_2d_dsp_row(l, iy >= 0 && iy < l->in_h ? picture + (int32_t)iy * l->in_w * l->in_c : 0, ix, to);
}

/* A window inside the picture, its rows of `bytes` bytes each. */
TINYC_APART void tinyc_conv_2d_dsp_inside(const int8_t* from, unsigned bytes, int rows, int32_t stride, int8_t* narrow,
                                          uint32_t* to) {
  int8_t* end = narrow;
  if ((bytes & 3) == 0) {
    tinyc_dsp_widen(to, from, bytes >> 2, rows, stride);
    return;
  }
  for (; rows > 0; --rows, from += stride) { /* word by word; the last word overlaps the one before */
    const int8_t* x = from;
    int8_t* const next = end + bytes;
    for (; end + 4 <= next; x += 4, end += 4) memcpy(end, x, 4);
    memcpy(next - 4, from + bytes - 4, 4);
    end = next;
  }
  tinyc_conv_2d_dsp_gathered(narrow, (unsigned)(end - narrow), to);
}

/* The input of the group of channel c. */
static const int8_t* tinyc_conv_2d_dsp_input(const tinyc_layer* l, const uint8_t* arena, int32_t c) {
  return (const int8_t*)(arena + l->in0) + c / (l->out_c / (l->in_c / l->p[0])) * l->p[0];
}

/* Pixels at the end of a single picture of which a quad would have one or two only. */
static int tinyc_conv_2d_dsp_rest(const tinyc_layer* l) {
  const int rest = (int)(((int32_t)l->out_h * l->out_w) & 3);
  return rest == 3 || l->n > 1 || ((l->k_h * l->k_w * l->p[0]) & 3) ? 0 : rest;
}

/* A window at the start of a quad becomes a row of pairs, from its end on, in the same place. */
static void tinyc_conv_2d_dsp_wide(uint32_t* quad, unsigned k) {
  unsigned i;
  for (i = k >> 2; i-- > 0;) {
    const uint32_t v = quad[i];
    quad[2 * i + 1] = tinyc_dsp_odd(v);
    quad[2 * i] = tinyc_dsp_even(v);
  }
}

/* Sweeps all output pixels, without a panel but those, with `count` filters of one group.
 */
TINYC_APART void tinyc_conv_2d_dsp_sweep(const tinyc_layer* l, uint8_t* arena, const int8_t* w, const uint32_t* panel,
                                         int32_t c, int32_t count, uint32_t* quad, int32_t rest) {
  const int8_t* in = tinyc_conv_2d_dsp_input(l, arena, c);
  int8_t* out = (int8_t*)(arena + l->out) + c;
  const unsigned k = (unsigned)(l->k_h * l->k_w) * (unsigned)l->p[0], words = (k + 3) >> 2;
  const unsigned row = (unsigned)l->k_w * (unsigned)l->p[0]; /* bytes */
  const int32_t stride = (int32_t)l->in_w * l->in_c;
  const int plain = l->dil_w == 1 && l->dil_h == 1 && l->p[0] == l->in_c && row >= 4;
  int8_t* const narrow = (int8_t*)(quad + 8 * words);
  int32_t n;
  for (n = 0; n < l->n; ++n, in += l->in_h * stride) {
    int32_t left = (int32_t)l->out_h * l->out_w - rest;
    int iy = -l->pad_t, ix = -l->pad_l, column = l->out_w;
    while (left > 0) {
      int32_t step[3] = {0, 0, 0};
      const int pixels = left < 4 ? (int)left : 4;
      int i;
      for (i = 0; i < pixels; ++i) { /* missing pixels of the last quad keep whatever was there before */
        if (plain && ix >= 0 && iy >= 0 && ix + l->k_w <= l->in_w && iy + l->k_h <= l->in_h) {
          tinyc_conv_2d_dsp_inside(in + iy * stride + ix * l->in_c, row, l->k_h, stride, narrow, quad + i);
        } else if (l->p[0] & 3) {
          tinyc_conv_2d_patch(l, in, iy, ix, narrow);
          tinyc_conv_2d_dsp_gathered(narrow, k, quad + i);
        } else {
          tinyc_conv_2d_dsp_window(l, in, iy, ix, quad + i);
        }
        if (i > 0) step[i - 1] = i * l->out_c;
        ix += l->stride_w;
        if (--column == 0) {
          column = l->out_w;
          ix = -l->pad_l;
          iy += l->stride_h;
        }
      }
      if (panel)
        tinyc_dsp_panel(quad, panel, words, count >> 1, out, step);
      else
        tinyc_dsp_filters(l, quad, w, k, c, count, out, step);
      out += pixels * l->out_c;
      left -= pixels;
    }
  }
}

/* Those pixels, each a row. */
TINYC_APART void tinyc_conv_2d_dsp_last(const tinyc_layer* l, uint8_t* arena, const int8_t* w, int32_t c, int32_t count,
                                        uint32_t* quad) {
  const unsigned k = (unsigned)(l->k_h * l->k_w) * (unsigned)l->p[0];
  const int8_t* in = tinyc_conv_2d_dsp_input(l, arena, c);
  int32_t rest = tinyc_conv_2d_dsp_rest(l), pixel = (int32_t)l->out_h * l->out_w - rest;
  int8_t* out = (int8_t*)(arena + l->out) + pixel * l->out_c + c;
  for (; rest > 0; --rest, ++pixel, out += l->out_c) {
    tinyc_conv_2d_patch(l, in, (int)(pixel / l->out_w) * l->stride_h - l->pad_t,
                        (int)(pixel % l->out_w) * l->stride_w - l->pad_l, (int8_t*)quad);
    tinyc_conv_2d_dsp_wide(quad, k);
    tinyc_dsp_row(l, quad, 1, w, k, c, count, out);
  }
}

/* With `block` filters at a time spread to a panel, which is 1/8 shorter for each product. */
static int tinyc_conv_2d_dsp_panels(const tinyc_layer* l, uint8_t* arena) {
  const uint32_t k = (uint32_t)l->k_h * (uint32_t)l->k_w * (uint32_t)l->p[0], words = (k + 3) >> 2;
  tinyc_reader reader;
  int8_t* scratch = (int8_t*)(arena + l->scratch);
  uint32_t *panel, *quad;
  int32_t c, i;
  if (tinyc_is_coded(l)) scratch = tinyc_reader_init(&reader, l, arena, (uint32_t)l->p[0], k / (uint32_t)l->p[0], 1);
  panel = (uint32_t*)(void*)scratch;
  quad = panel + (2 * words + 4) * (uint32_t)l->block;
  for (c = 0; c < l->out_c; c += l->block) {
    const int32_t count = l->out_c - c < l->block ? l->out_c - c : l->block;
    uint32_t* next = panel;
    for (i = 0; i < count; i += 2) {
      const int8_t* w = l->weights + (uint32_t)(c + i) * k;
      if (tinyc_is_coded(l)) { /* into the quad, which is not in use yet */
        const int rc = tinyc_reader_next(&reader, l, (int8_t*)quad, 2 * k);
        if (rc != TINYC_OK) return rc;
        w = (const int8_t*)quad;
      }
      next = tinyc_dsp_spread(l, c + i, w, k, next);
    }
    tinyc_conv_2d_dsp_sweep(l, arena, 0, panel, c, count, quad, 0);
  }
  return TINYC_OK;
}

TINYC_INLINE int tinyc_conv_2d_dsp_run(const tinyc_layer* l, uint8_t* arena, int with_rest) {
  int8_t* decoded = (int8_t*)(arena + l->scratch);
  const uint32_t k = (uint32_t)l->k_h * (uint32_t)l->k_w * (uint32_t)l->p[0];
  const int32_t filters = l->out_c / (l->in_c / l->p[0]); /* of one group */
  tinyc_reader reader;
  int8_t* quad;
  int32_t c, first;
  if (tinyc_is_coded(l)) decoded = tinyc_reader_init(&reader, l, arena, (uint32_t)l->p[0], k / (uint32_t)l->p[0], 1);
  quad = decoded + (tinyc_is_coded(l) ? ((uint32_t)l->block * k + 3u) / 4u * 4u : 0u);
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
      tinyc_conv_2d_dsp_sweep(l, arena, w + (uint32_t)(first - c) * k, 0, first, last - first, (uint32_t*)(void*)quad,
                              with_rest ? tinyc_conv_2d_dsp_rest(l) : 0);
      if (with_rest)
        tinyc_conv_2d_dsp_last(l, arena, w + (uint32_t)(first - c) * k, first, last - first, (uint32_t*)(void*)quad);
      first = last;
    }
  }
  return TINYC_OK;
}
int tinyc_conv_2d_dsp(const tinyc_layer* l, uint8_t* arena) {
  return l->p[2] ? tinyc_conv_2d_dsp_panels(l, arena) : tinyc_conv_2d_dsp_run(l, arena, 0);
}

int tinyc_conv_2d_rest_dsp(const tinyc_layer* l, uint8_t* arena) { return tinyc_conv_2d_dsp_run(l, arena, 1); }
#else
int tinyc_conv_2d_dsp(const tinyc_layer* l, uint8_t* arena) { return tinyc_conv_2d(l, arena); }
int tinyc_conv_2d_rest_dsp(const tinyc_layer* l, uint8_t* arena) { return tinyc_conv_2d(l, arena); }
#endif
