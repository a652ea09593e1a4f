/* DEPTHWISE_CONV_2D 3x3 for cores that multiply 32 bits at once (tinyc_conv_2d_pair.c has the arithmetic): the record
 * of tinyc_depthwise_conv_2d. Two output rows at a time, one channel after the other: what both rows read is spread to
 * a plane of three rows of words, the upper row's value plus 2^16 times the lower one's, with the border around it. A
 * channel's weights and scale are loaded once for both rows.
 * scratch: 12 bytes for each column of the plane, in the same place as the reader's scratch, which is used before; then
 * out_c * 9 bytes when the weights are coded. */
#include "tinyc_rt.h"

int tinyc_depthwise_conv_2d(const tinyc_layer* l, uint8_t* arena);
int tinyc_depthwise_conv_2d_pair(const tinyc_layer* l, uint8_t* arena);

#if defined(__AVR__)
int tinyc_depthwise_conv_2d_pair(const tinyc_layer* l, uint8_t* arena) { return tinyc_depthwise_conv_2d(l, arena); }
#else
/* Five pairs of taps: four and one alone. */
#define TINYC_PAIR_OFFSET (0u - 5u * 0x7fff7fffu)
#define TINYC_PAIR_OFFSET_HIGH (0u - 5u * 0x7fffu)

/* Where the words of a row come from: the next column is `step` and `step_lower` bytes on. A row outside of the picture
 * is one zero point and steps of 0. */
typedef struct {
  const int8_t *upper, *lower;
  int32_t step, step_lower;
} tinyc_depthwise_conv_2d_pair_row;

/* All columns of two output rows of channel c; `below` is the distance of their outputs. */
static void tinyc_depthwise_conv_2d_pair_rows(const tinyc_layer* l, const uint32_t* plane, int width, const int8_t* w,
                                              int32_t c, int8_t* out, int32_t below) {
  const int32_t channels = l->out_c, stride = l->stride_w;
  const uint32_t bias = (uint32_t)l->bias[c], *x0 = plane, *x1 = x0 + width, *x2 = x1 + width;
  const int32_t m = l->mult[c & (l->p[5] >> 1)], zp = l->out_zp, lo = l->act_min - zp, hi = l->act_max - zp;
  const int shift = l->shift[c & -(l->p[5] & 1)];
  uint32_t k[9];
  int i;
  for (i = 0; i < 9; ++i) k[i] = (uint32_t)(int32_t)w[c + i * channels];
  for (i = l->out_w; i > 0; --i, x0 += stride, x1 += stride, x2 += stride, out += channels) {
    uint32_t all = TINYC_PAIR_OFFSET, high = TINYC_PAIR_OFFSET_HIGH, t;
#define TINYC_PAIR_ADD(sum) \
  t = (sum) + 0x7fff7fffu;  \
  all += t;                 \
  high += t >> 16
    TINYC_PAIR_ADD(k[0] * x0[0] + k[1] * x0[1]);
    TINYC_PAIR_ADD(k[2] * x0[2] + k[3] * x1[0]);
    TINYC_PAIR_ADD(k[4] * x1[1] + k[5] * x1[2]);
    TINYC_PAIR_ADD(k[6] * x2[0] + k[7] * x2[1]);
    TINYC_PAIR_ADD(k[8] * x2[2]);
#undef TINYC_PAIR_ADD
    /* the upper row replaces a lower one that is not there */
    out[below] = (int8_t)(tinyc_clamp(tinyc_requant((int32_t)(high + bias), m, shift), lo, hi) + zp);
    out[0] = (int8_t)(tinyc_clamp(tinyc_requant((int32_t)(all - (high << 16) + bias), m, shift), lo, hi) + zp);
  }
}

/* Two output rows, or one, of a picture from row oy on. */
TINYC_APART void tinyc_depthwise_conv_2d_pair_band(const tinyc_layer* l, const int8_t* in, int oy, uint32_t* plane,
                                                   const int8_t* w, int8_t* out) {
  const int width = (l->out_w - 1) * l->stride_w + 3;
  const int seen = l->in_w < width - l->pad_l ? l->in_w : width - l->pad_l; /* columns inside the picture */
  const int32_t size = l->in_w * l->in_c, below = oy + 1 < l->out_h ? l->out_w * l->out_c : 0;
  const int8_t zero = (int8_t)l->in0_zp;
  tinyc_depthwise_conv_2d_pair_row rows[3];
  int y = oy * l->stride_h - l->pad_t;
  int32_t c, left = 0;
  int k;
  for (k = 0; k < 3; ++k, y += l->dil_h) {
    tinyc_depthwise_conv_2d_pair_row* const row = rows + k;
    const int lower = y + l->stride_h;
    row->step = y >= 0 && y < l->in_h ? l->in_c : 0;
    row->upper = row->step ? in + y * size : &zero;
    row->step_lower = lower >= 0 && lower < l->in_h ? l->in_c : 0;
    row->lower = row->step_lower ? in + lower * size : &zero;
  }
  for (c = 0; c < l->out_c; ++c, ++out) {
    if (left == 0) {
      uint32_t* to = plane + l->pad_l;
      for (k = 0; k < 3; ++k, to += width) {
        tinyc_depthwise_conv_2d_pair_row* const row = rows + k;
        const int8_t *a = row->upper, *b = row->lower;
        const int32_t step = row->step, step_lower = row->step_lower;
        int i;
        for (i = 0; i < seen; ++i, a += step, b += step_lower)
          to[i] = (uint32_t)(int32_t)*a + ((uint32_t)(int32_t)*b << 16);
        row->upper += step > 0;
        row->lower += step_lower > 0;
      }
      left = l->p[0];
    }
    --left;
    tinyc_depthwise_conv_2d_pair_rows(l, plane, width, w, c, out, below);
  }
}

int tinyc_depthwise_conv_2d_pair(const tinyc_layer* l, uint8_t* arena) {
  uint32_t* const plane = (uint32_t*)(void*)(arena + l->scratch);
  const int8_t *w = l->weights, *in = (const int8_t*)(arena + l->in0);
  int8_t* out = (int8_t*)(arena + l->out);
  const int words = 3 * ((l->out_w - 1) * l->stride_w + 3);
  const uint32_t zero = (uint32_t)(int32_t)l->in0_zp;
  int32_t n;
  int i;
  if (tinyc_is_coded(l)) {
    int8_t* const behind = (int8_t*)(plane + words);
    tinyc_reader reader;
    int8_t* decoded = tinyc_reader_init(&reader, l, arena, 1, 9, (uint32_t)l->out_c);
    if (decoded < behind) decoded = behind;
    {
      const int rc = tinyc_reader_next(&reader, l, decoded, 9 * (uint32_t)l->out_c);
      if (rc != TINYC_OK) return rc;
    }
    w = decoded;
  }
  for (i = 0; i < words; ++i) plane[i] = zero + (zero << 16); /* the columns outside of the picture stay so */
  for (n = 0; n < l->n; ++n, in += (int32_t)l->in_h * l->in_w * l->in_c) {
    for (i = 0; i < l->out_h; i += 2)
      tinyc_depthwise_conv_2d_pair_band(l, in, i, plane, w, out + i * l->out_w * l->out_c);
    out += (int32_t)l->out_h * l->out_w * l->out_c;
  }
  return TINYC_OK;
}
#endif
