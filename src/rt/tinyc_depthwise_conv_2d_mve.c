/* DEPTHWISE_CONV_2D with Armv8.1-M vectors: the record of tinyc_depthwise_conv_2d with p[0] = 1, at least 8 channels
 * and every shift below zero. Eight channels at a time; the last eight may overlap those before. Windows that reach
 * into the padding are copied first, all others are read in place. About 8 instructions for each tap of eight outputs,
 * 30 for the rest. scratch: the window of k_h * k_w * in_c bytes, in the same place as the reader's scratch, which is
 * used before; then as much for the weights when they are coded. */
#include "tinyc_rt.h"

int tinyc_depthwise_conv_2d(const tinyc_layer* l, uint8_t* arena);
int tinyc_depthwise_conv_2d_mve(const tinyc_layer* l, uint8_t* arena);

#if TINYC_MVE
void tinyc_mve_window(const tinyc_layer* l, const int8_t* picture, int iy, int ix, int32_t channels, int8_t* to);

typedef int32_t tinyc_depthwise_conv_2d_mve_4 __attribute__((vector_size(16)));

/* What a pixel's blocks share. Channels that share a multiplier or a shift have copies for a block. */
typedef struct {
  const int8_t* w;
  const int32_t *bias, *mult;
  const int8_t* shift;
  int mult_step, shift_step; /* 1, or 0 where channels share them */
  int32_t zero, lo, hi;
  int32_t mults[8];
  int8_t shifts[8];
} tinyc_depthwise_conv_2d_mve_scale;

/* Eight products, added to the sums of even and odd channels. */
#define TINYC_DEPTHWISE_TAP(x, w)     \
  __asm__ volatile(                   \
      "vldrb.s16 q0, [%[p]]\n"        \
      "vldrb.s16 q1, [%[q]]\n"        \
      "vmullb.s16 q2, q0, q1\n"       \
      "vmullt.s16 q0, q0, q1\n"       \
      "vadd.i32 %q[a], %q[a], q2\n"   \
      "vadd.i32 %q[b], %q[b], q0"     \
      : [a] "+w"(even), [b] "+w"(odd) \
      : [p] "l"(x), [q] "l"(w)        \
      : "q0", "q1", "q2", "memory")

/* Channels c to c + 7 of one output pixel; taps lie `step` bytes apart, rows of the window `row`. */
TINYC_INLINE void tinyc_depthwise_conv_2d_mve_eight(const tinyc_depthwise_conv_2d_mve_scale* s, const int8_t* x,
                                                    int32_t row, int32_t step, int32_t channels, int32_t c, int k_h,
                                                    int k_w, int8_t* out) {
  tinyc_depthwise_conv_2d_mve_4 even, odd;
  const int8_t* w = s->w + c;
  const int32_t *bias = s->bias + c, *mult = s->mult + c * s->mult_step;
  const int8_t* shift = s->shift + c * s->shift_step;
  int ky, kx;
  __asm__ volatile(
      "vld20.32 {q0, q1}, [%[bias]]\n"
      "vld21.32 {q0, q1}, [%[bias]]\n"
      "vmov %q[a], q0\n"
      "vmov %q[b], q1"
      : [a] "=w"(even), [b] "=w"(odd)
      : [bias] "r"(bias)
      : "q0", "q1", "memory");
  for (ky = 0; ky < k_h; ++ky, x += row) {
    const int8_t* v = x;
    for (kx = 0; kx < k_w; ++kx, v += step, w += channels) TINYC_DEPTHWISE_TAP(v, w);
  }
  /* as tinyc_mve_finish; the vectors of even and odd channels become one of 16-bit numbers */
  __asm__ volatile(
      "vld20.32 {q0, q1}, [%[mult]]\n"
      "vld21.32 {q0, q1}, [%[mult]]\n"
      "vqrdmulh.s32 %q[a], %q[a], q0\n"
      "vqrdmulh.s32 %q[b], %q[b], q1\n"
      "vldrb.s16 q0, [%[shift]]\n"
      "vmovlt.s16 q1, q0\n"
      "vmovlb.s16 q0, q0\n"
      "vshr.s32 q2, %q[a], #31\n"
      "vadd.i32 %q[a], %q[a], q2\n"
      "vshr.s32 q2, %q[b], #31\n"
      "vadd.i32 %q[b], %q[b], q2\n"
      "vrshl.s32 %q[a], %q[a], q0\n"
      "vrshl.s32 %q[b], %q[b], q1\n"
      "vqmovnb.s32 q0, %q[a]\n"
      "vqmovnt.s32 q0, %q[b]\n"
      "vqadd.s16 q0, q0, %[zero]\n"
      "vdup.16 q1, %[lo]\n"
      "vmax.s16 q0, q0, q1\n"
      "vdup.16 q1, %[hi]\n"
      "vmin.s16 q0, q0, q1\n"
      "vstrb.16 q0, [%[out]]"
      : [a] "+w"(even), [b] "+w"(odd)
      : [mult] "r"(mult), [shift] "l"(shift), [zero] "r"(s->zero), [lo] "r"(s->lo), [hi] "r"(s->hi), [out] "l"(out + c)
      : "q0", "q1", "q2", "memory");
}

/* All channels of one output pixel. */
TINYC_INLINE void tinyc_depthwise_conv_2d_mve_pixel(const tinyc_depthwise_conv_2d_mve_scale* s, const int8_t* x,
                                                    int32_t row, int32_t step, int32_t channels, int k_h, int k_w,
                                                    int8_t* out) {
  int32_t first, c;
  for (first = 0; first < channels; first += 8) {
    c = first + 8 <= channels ? first : channels - 8;
    tinyc_depthwise_conv_2d_mve_eight(s, x + c, row, step, channels, c, k_h, k_w, out);
  }
}

static void tinyc_depthwise_conv_2d_mve_scales(const tinyc_layer* l, const int8_t* w,
                                               tinyc_depthwise_conv_2d_mve_scale* s) {
  int i;
  s->w = w;
  s->bias = l->bias;
  s->mult = l->mult;
  s->shift = l->shift;
  s->mult_step = s->shift_step = 1;
  s->zero = l->out_zp;
  s->lo = l->act_min;
  s->hi = l->act_max;
  if (l->p[5] >= 0) {
    for (i = 0; i < 8; ++i) s->mults[i] = *l->mult;
    s->mult = s->mults;
    s->mult_step = 0;
  }
  if (l->p[5] == 0) {
    memset(s->shifts, *l->shift, 8);
    s->shift = s->shifts;
    s->shift_step = 0;
  }
}

static void tinyc_depthwise_conv_2d_mve_picture(const tinyc_layer* l, const tinyc_depthwise_conv_2d_mve_scale* s,
                                                const int8_t* in, int8_t* window, int8_t* out) {
  const int32_t channels = l->in_c, bottom = l->in_h - (l->k_h - 1) * l->dil_h,
                right = l->in_w - (l->k_w - 1) * l->dil_w; /* windows inside begin above and left of these */
  const int three = l->k_h == 3 && l->k_w == 3;
  int oy, ox;
  for (oy = 0; oy < l->out_h; ++oy) {
    const int iy = oy * l->stride_h - l->pad_t;
    int ix = -l->pad_l;
    for (ox = 0; ox < l->out_w; ++ox, ix += l->stride_w, out += channels) {
      const int8_t* x = window;
      int32_t row = l->k_w * channels, step = channels;
      if (iy >= 0 && iy < bottom && ix >= 0 && ix < right) {
        x = in + ((int32_t)iy * l->in_w + ix) * channels;
        step = l->dil_w * channels;
        row = (int32_t)l->dil_h * l->in_w * channels;
      } else {
        tinyc_mve_window(l, in, iy, ix, channels, window);
      }
      if (three)
        tinyc_depthwise_conv_2d_mve_pixel(s, x, row, step, channels, 3, 3, out);
      else
        tinyc_depthwise_conv_2d_mve_pixel(s, x, row, step, channels, l->k_h, l->k_w, out);
    }
  }
}

int tinyc_depthwise_conv_2d_mve(const tinyc_layer* l, uint8_t* arena) {
  const uint32_t taps = (uint32_t)l->k_h * (uint32_t)l->k_w, count = taps * (uint32_t)l->in_c;
  const int8_t *w = l->weights, *in = (const int8_t*)(arena + l->in0);
  int8_t *window = (int8_t*)(arena + l->scratch), *out = (int8_t*)(arena + l->out);
  tinyc_depthwise_conv_2d_mve_scale s;
  int32_t n;
  if (l->codec) {
    tinyc_reader reader;
    int8_t* decoded = tinyc_reader_init(&reader, l, arena, 1, taps, (uint32_t)l->out_c);
    int rc;
    if (decoded < window + count) decoded = window + count;
    rc = tinyc_reader_next(&reader, l, decoded, count);
    if (rc != TINYC_OK) return rc;
    w = decoded;
  }
  tinyc_depthwise_conv_2d_mve_scales(l, w, &s);
  for (n = 0; n < l->n; ++n) {
    tinyc_depthwise_conv_2d_mve_picture(l, &s, in, window, out);
    in += (int32_t)l->in_h * l->in_w * l->in_c;
    out += (int32_t)l->out_h * l->out_w * l->out_c;
  }
  return TINYC_OK;
}
#else
int tinyc_depthwise_conv_2d_mve(const tinyc_layer* l, uint8_t* arena) { return tinyc_depthwise_conv_2d(l, arena); }
#endif
