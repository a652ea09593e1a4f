/* CONV_2D that visits the nonzero weights only: weights are a list (docs/weight_format.md, Lists) whose offsets lie in
 * a band, the input under a row of windows, widened to 16 bits. in0, out as in tinyc_conv_2d; one group.
 * p[0] = in_c, p[1] = 1 when a filter covers one pixel, without stride and padding: then a row is any p[2] pixels,
 * p[2] = columns of the band, a multiple of 4, and as many more as a filter is wide, p[3] = phases: stride_w, so that
 * windows next to each other are columns next to each other, or 1 when a filter is one column wide.
 * scratch: the band, [k_h][groups of four channels][p[3]][p[2]][4], where the values of a group lie in the order 0, 2,
 * 1, 3. Column x of phase f is the input's column x * stride_w + f - pad_l. */
#include "tinyc_rt.h"

int tinyc_conv_2d_list(const tinyc_layer* l, uint8_t* arena);
int tinyc_conv_2d_list_band(const tinyc_layer* l, uint8_t* arena, int32_t row);
int32_t tinyc_conv_2d_list_size(const tinyc_layer* l);

/* Numbers of the list's header: 3: groups of channels, 4 and on: the first channel of each. */
static int32_t tinyc_conv_2d_list_number(const tinyc_layer* l, int32_t i) {
  return tinyc_ldu8(l->codec + 2 * i) | (int32_t)tinyc_ldu8(l->codec + 2 * i + 1) << 8;
}

/* Values of a row of the band. */
int32_t tinyc_conv_2d_list_size(const tinyc_layer* l) {
  return tinyc_conv_2d_list_number(l, 3) * 4 * l->p[2] * l->p[3];
}

/* Pixels `step` bytes apart to the columns from `to` on. */
TINYC_APART void tinyc_conv_2d_list_widen(const tinyc_layer* l, const int8_t* from, int32_t step, int count,
                                          int16_t* to) {
  int32_t g;
  for (g = 0; g < tinyc_conv_2d_list_number(l, 3); ++g, to += 4 * l->p[2] * l->p[3]) {
    const int8_t* x = from + tinyc_conv_2d_list_number(l, 4 + g);
    int16_t *t = to, *const end = to + 4 * count;
    if (l->p[0] < 4) { /* the only group */
      for (; t != end; t += 4, x += step) {
        t[0] = x[0];
        t[1] = (int16_t)(l->p[0] > 2 ? x[2] : 0);
        t[2] = (int16_t)(l->p[0] > 1 ? x[1] : 0);
        t[3] = 0;
      }
      return;
    }
    for (; t != end; t += 4, x += step) {
#if TINYC_DSP
      const uint32_t v = tinyc_dsp_load(x), even = tinyc_dsp_even(v), odd = tinyc_dsp_odd(v);
      memcpy(t, &even, 4);
      memcpy(t + 2, &odd, 4);
#else
      t[0] = x[0];
      t[1] = x[2];
      t[2] = x[1];
      t[3] = x[3];
#endif
    }
  }
}

/* Columns of padding. */
TINYC_APART void tinyc_conv_2d_list_pad(const tinyc_layer* l, int count, int16_t* to) {
  const int32_t apart = 4 * l->p[2] * l->p[3];
  int32_t g;
  for (g = tinyc_conv_2d_list_number(l, 3); count > 0 && g > 0; --g, to += apart) {
    int i;
    for (i = 0; i < 4 * count; ++i) to[i] = l->in0_zp;
  }
}

/* One row of the band; row 0: of padding. */
TINYC_APART void tinyc_conv_2d_list_row(const tinyc_layer* l, const int8_t* row, int16_t* to) {
  const int columns = (int)l->p[2], stride = l->stride_w;
  int phase;
  for (phase = 0; phase < l->p[3]; ++phase, to += 4 * columns) {
    const int first = phase - l->pad_l, left = l->in_w - first; /* input column of column 0; columns that are left */
    int before = first < 0 ? (-first + stride - 1) / stride : 0, end = left <= 0 ? 0 : (left + stride - 1) / stride;
    if (end > columns) end = columns;
    if (!row || before >= end) before = end = columns;
    tinyc_conv_2d_list_pad(l, before, to);
    if (before < end)
      tinyc_conv_2d_list_widen(l, row + (int32_t)(first + before * stride) * l->in_c, (int32_t)stride * l->in_c,
                               end - before, to + 4 * before);
    tinyc_conv_2d_list_pad(l, columns - end, to + 4 * end);
  }
}

/* Fills the band for a row of outputs, counted through all pictures; returns its pixels, 0 behind the last row. */
int tinyc_conv_2d_list_band(const tinyc_layer* l, uint8_t* arena, int32_t row) {
  const int8_t* in = (const int8_t*)(arena + l->in0);
  int16_t* to = (int16_t*)(void*)(arena + l->scratch);
  const int32_t stride = (int32_t)l->in_w * l->in_c, band_row = tinyc_conv_2d_list_size(l);
  const int16_t* end;
  int oy, iy, ky;
  if (l->p[1]) {
    const int32_t first = l->p[2] * row, left = l->n * l->out_h * l->out_w - first;
    const int pixels = (int)(left < l->p[2] ? left : l->p[2]);
    if (pixels <= 0) return 0;
    tinyc_conv_2d_list_widen(l, in + first * l->in_c, l->in_c, pixels, to);
    tinyc_conv_2d_list_pad(l, (int)l->p[2] - pixels, to + 4 * pixels);
    return pixels;
  }
  if (row >= l->n * l->out_h) return 0;
  in += row / l->out_h * l->in_h * stride;
  oy = (int)(row % l->out_h);
  iy = oy * l->stride_h - l->pad_t;
  ky = 0;
  if (oy > 0 && l->dil_h == 1 && l->stride_h < l->k_h) { /* rows that the row above had as well */
    const int32_t move = l->stride_h * band_row;
    ky = l->k_h - l->stride_h;
    end = to + ky * band_row;
    for (; to != end; to += 4) memcpy(to, to + move, 8);
    iy += ky;
  }
  for (; ky < l->k_h; ++ky, iy += l->dil_h, to += band_row)
    tinyc_conv_2d_list_row(l, iy >= 0 && iy < l->in_h ? in + iy * stride : 0, to);
  return l->out_w;
}

/* All channels of `pixels` of four neighbouring pixels whose windows begin at x. */
static void tinyc_conv_2d_list_four(const tinyc_layer* l, const int16_t* x, int pixels, int8_t* out) {
  const int32_t* entry = (const int32_t*)(const void*)l->weights;
  int32_t c;
  for (c = 0; c < l->out_c; ++c, ++out) {
    int32_t sum[4], s0 = 0, s1 = 0, s2 = 0, s3 = 0, n = tinyc_ld32(entry++) - 3;
    int i;
    for (; n > 0; --n, entry += 3) {
      const int16_t* const v = x + tinyc_ld32(entry) / 2;
      const int32_t a = tinyc_ld32(entry + 1), b = tinyc_ld32(entry + 2);
      int32_t w = (int16_t)a;
#define TINYC_CONV_2D_LIST_FOUR(k) \
  s0 += v[k] * w;                  \
  s1 += v[(k) + 4] * w;            \
  s2 += v[(k) + 8] * w;            \
  s3 += v[(k) + 12] * w;
      TINYC_CONV_2D_LIST_FOUR(0)
      w = a >> 16;
      TINYC_CONV_2D_LIST_FOUR(1)
      w = (int16_t)b;
      TINYC_CONV_2D_LIST_FOUR(2)
      w = b >> 16;
      TINYC_CONV_2D_LIST_FOUR(3)
#undef TINYC_CONV_2D_LIST_FOUR
    }
    sum[0] = s0 / 2;
    sum[1] = s1 / 2;
    sum[2] = s2 / 2;
    sum[3] = s3 / 2;
    for (i = 0; i < pixels; ++i) out[i * l->out_c] = tinyc_finish(l, c, sum[i]);
  }
}

int tinyc_conv_2d_list(const tinyc_layer* l, uint8_t* arena) {
  const int16_t* const band = (const int16_t*)(const void*)(arena + l->scratch);
  int8_t* out = (int8_t*)(arena + l->out);
  int32_t row;
  int pixels, x;
  for (row = 0; (pixels = tinyc_conv_2d_list_band(l, arena, row)) > 0; ++row, out += pixels * l->out_c)
    for (x = 0; x < pixels; x += 4)
      tinyc_conv_2d_list_four(l, band + 4 * x, pixels - x < 4 ? pixels - x : 4, out + x * l->out_c);
  return TINYC_OK;
}
