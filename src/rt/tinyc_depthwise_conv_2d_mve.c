/* DEPTHWISE_CONV_2D with Armv8.1-M vectors: the record of tinyc_depthwise_conv_2d with p[0] = 1, at least 8 channels
 * and every shift below zero. Eight channels at a time; the last eight may overlap those before. Windows that reach
 * into the padding are copied first, all others are read in place. About 8 instructions for each tap of eight outputs,
 * 30 for the rest. scratch: the window of k_h * k_w * in_c bytes to a multiple of 4, in the same place as the reader's
 * scratch, which is used before; 80 bytes where channels share a multiplier; then the weights when they are coded. */
#include "tinyc_rt.h"

int tinyc_depthwise_conv_2d(const tinyc_layer* l, uint8_t* arena);
int tinyc_depthwise_conv_2d_mve(const tinyc_layer* l, uint8_t* arena);

#if TINYC_MVE
void tinyc_mve_window(const tinyc_layer* l, const int8_t* picture, int iy, int ix, int32_t channels, int8_t* to);

/* What the blocks of a pixel share, at these offsets. Channels that share a multiplier or a shift have copies for a
 * block, and a mask of 0 instead of -1. */
typedef struct {
  const int8_t* w;
  const int32_t* bias;
  int32_t step, channels; /* bytes from tap to tap of the input and of the weights */
  int32_t next, k_h;      /* from behind a row of taps to the next one */
  int32_t k_w, mult_mask;
  const int32_t* mult;
  int32_t shift_mask;
  const int8_t* shift;
  int32_t zero, lo, hi;
} tinyc_depthwise_conv_2d_mve_block;
#define TINYC_DEPTHWISE_MVE_COPIES 80 /* bytes of a block's multipliers and shifts */

/* Products of eight channels, added to the sums of even and odd ones. */
#define TINYC_DEPTHWISE_MVE_PRODUCTS(at, even, odd) \
  "vldrb.s16 q0, [r1, #" at                         \
  "]\n"                                             \
  "vldrb.s16 q1, [r4, #" at                         \
  "]\n"                                             \
  "vmullb.s16 q2, q0, q1\n"                         \
  "vadd.i32 " even ", " even                        \
  ", q2\n"                                          \
  "vmullt.s16 q0, q0, q1\n"                         \
  "vadd.i32 " odd ", " odd ", q0\n"
#define TINYC_DEPTHWISE_MVE_NEXT \
  "add r1, r1, r6\n"             \
  "add r4, r4, r7\n"
#define TINYC_DEPTHWISE_MVE_8 TINYC_DEPTHWISE_MVE_PRODUCTS("0", "q4", "q5") TINYC_DEPTHWISE_MVE_NEXT
#define TINYC_DEPTHWISE_MVE_16                  \
  TINYC_DEPTHWISE_MVE_PRODUCTS("0", "q4", "q5") \
  TINYC_DEPTHWISE_MVE_PRODUCTS("8", "q6", "q7") \
  TINYC_DEPTHWISE_MVE_NEXT
/* As tinyc_mve_finish; the vectors of even and odd channels become one of 16-bit numbers. */
#define TINYC_DEPTHWISE_MVE_FINISH(even, odd) \
  "vld20.32 {q0, q1}, [r5]\n"                 \
  "vld21.32 {q0, q1}, [r5]!\n"                \
  "vqrdmulh.s32 " even ", " even              \
  ", q0\n"                                    \
  "vqrdmulh.s32 " odd ", " odd                \
  ", q1\n"                                    \
  "vldrb.s16 q0, [r4], #8\n"                  \
  "vshr.s32 q2, " even                        \
  ", #31\n"                                   \
  "vadd.i32 " even ", " even                  \
  ", q2\n"                                    \
  "vmovlb.s16 q1, q0\n"                       \
  "vrshl.s32 " even ", " even                 \
  ", q1\n"                                    \
  "vshr.s32 q2, " odd                         \
  ", #31\n"                                   \
  "vadd.i32 " odd ", " odd                    \
  ", q2\n"                                    \
  "vmovlt.s16 q1, q0\n"                       \
  "vrshl.s32 " odd ", " odd                   \
  ", q1\n"                                    \
  "vqmovnb.s32 q0, " even                     \
  "\n"                                        \
  "vqmovnt.s32 q0, " odd                      \
  "\n"                                        \
  "vqadd.s16 q0, q0, r6\n"                    \
  "vmax.s16 q0, q0, q3\n"                     \
  "vdup.16 q1, r3\n"                          \
  "vmin.s16 q0, q0, q1\n"                     \
  "vstrb.16 q0, [r2], #8\n"
/* A block: r1 the input, r2 the output, r4 the weights. */
#define TINYC_DEPTHWISE_MVE_BLOCK(bias, tap, finish) \
  __asm__ volatile(                                  \
      "push {r4, r5, r6, r7, r8, r9, r10, lr}\n"     \
      "vpush {d8-d15}\n"                             \
      "ldrd r4, r5, [r0]\n"                          \
      "ldrd r6, r7, [r0, #8]\n"                      \
      "ldrd r8, r12, [r0, #16]\n"                    \
      "ldrd r9, r10, [r0, #24]\n"                    \
      "add r4, r4, r3\n"                             \
      "add r5, r5, r3, lsl #2\n" bias                \
      "cmp r9, #3\n"                                 \
      "bne 2f\n"                                     \
      "dls lr, r12\n"                                \
      "1:\n" tap tap tap                             \
      "add r1, r1, r8\n"                             \
      "le lr, 1b\n"                                  \
      "b 4f\n"                                       \
      "2: dls lr, r9\n"                              \
      "3:\n" tap                                     \
      "le lr, 3b\n"                                  \
      "add r1, r1, r8\n"                             \
      "subs r12, r12, #1\n"                          \
      "bne 2b\n"                                     \
      "4: ldrd r5, r7, [r0, #32]\n"                  \
      "ldrd r4, r6, [r0, #40]\n"                     \
      "and r10, r10, r3\n"                           \
      "and r7, r7, r3\n"                             \
      "ldrd r8, r3, [r0, #48]\n"                     \
      "add r5, r5, r10, lsl #2\n"                    \
      "add r4, r4, r7\n"                             \
      "vdup.16 q3, r8\n" finish                      \
      "vpop {d8-d15}\n"                              \
      "pop {r4, r5, r6, r7, r8, r9, r10, pc}")

/* Channels c to c + 15 of one output pixel: 14 instructions for 16 products. */
__attribute__((naked)) static void tinyc_depthwise_conv_2d_mve_16(const tinyc_depthwise_conv_2d_mve_block* s
                                                                  __attribute__((unused)),
                                                                  const int8_t* x __attribute__((unused)),
                                                                  int8_t* out __attribute__((unused)),
                                                                  int32_t c __attribute__((unused))) {
  TINYC_DEPTHWISE_MVE_BLOCK(
      "vld20.32 {q4, q5}, [r5]\n"
      "vld21.32 {q4, q5}, [r5]!\n"
      "vld20.32 {q6, q7}, [r5]\n"
      "vld21.32 {q6, q7}, [r5]\n",
      TINYC_DEPTHWISE_MVE_16, TINYC_DEPTHWISE_MVE_FINISH("q4", "q5") TINYC_DEPTHWISE_MVE_FINISH("q6", "q7"));
}
__attribute__((naked)) static void tinyc_depthwise_conv_2d_mve_8(const tinyc_depthwise_conv_2d_mve_block* s
                                                                 __attribute__((unused)),
                                                                 const int8_t* x __attribute__((unused)),
                                                                 int8_t* out __attribute__((unused)),
                                                                 int32_t c __attribute__((unused))) {
  TINYC_DEPTHWISE_MVE_BLOCK(
      "vld20.32 {q4, q5}, [r5]\n"
      "vld21.32 {q4, q5}, [r5]\n",
      TINYC_DEPTHWISE_MVE_8, TINYC_DEPTHWISE_MVE_FINISH("q4", "q5"));
}

/* All channels of one output pixel. */
TINYC_INLINE void tinyc_depthwise_conv_2d_mve_pixel(const tinyc_depthwise_conv_2d_mve_block* s, const int8_t* x,
                                                    int8_t* out) {
  const int32_t channels = s->channels;
  int32_t c = 0;
  for (; c + 16 <= channels; c += 16) tinyc_depthwise_conv_2d_mve_16(s, x + c, out + c, c);
  if (c == channels) return;
  if (channels >= 16) { /* the last sixteen */
    c = channels - 16;
    tinyc_depthwise_conv_2d_mve_16(s, x + c, out + c, c);
    return;
  }
  tinyc_depthwise_conv_2d_mve_8(s, x, out, 0);
  c = channels - 8;
  if (c > 0) tinyc_depthwise_conv_2d_mve_8(s, x + c, out + c, c);
}

static void tinyc_depthwise_conv_2d_mve_init(const tinyc_layer* l, const int8_t* w, uint8_t* copies,
                                             tinyc_depthwise_conv_2d_mve_block* s) {
  int32_t* const mults = (int32_t*)copies;
  int8_t* const shifts = (int8_t*)(mults + 16);
  int i;
  s->w = w;
  s->bias = l->bias;
  s->channels = l->in_c;
  s->k_h = l->k_h;
  s->k_w = l->k_w;
  s->mult = l->mult;
  s->shift = l->shift;
  s->mult_mask = s->shift_mask = -1;
  s->zero = l->out_zp;
  s->lo = l->act_min;
  s->hi = l->act_max;
  if (l->p[5] >= 0) {
    for (i = 0; i < 16; ++i) mults[i] = *l->mult;
    s->mult = mults;
    s->mult_mask = 0;
  }
  if (l->p[5] == 0) {
    memset(shifts, *l->shift, 16);
    s->shift = shifts;
    s->shift_mask = 0;
  }
}

static void tinyc_depthwise_conv_2d_mve_picture(const tinyc_layer* l, tinyc_depthwise_conv_2d_mve_block* s,
                                                const int8_t* in, int8_t* window, int8_t* out) {
  const int32_t channels = l->in_c, step = l->dil_w * channels, across = l->stride_w * channels,
                next = (int32_t)l->dil_h * l->in_w * channels - l->k_w * step;
  const int bottom = l->in_h - (l->k_h - 1) * l->dil_h, right = l->in_w - (l->k_w - 1) * l->dil_w;
  const int width = l->out_w, stride = l->stride_w; /* windows inside begin above and left of `bottom` and `right` */
  int oy, ox;
  for (oy = 0; oy < l->out_h; ++oy) {
    const int iy = oy * l->stride_h - l->pad_t, inside = iy >= 0 && iy < bottom;
    int32_t at = ((int32_t)iy * l->in_w - l->pad_l) * channels;
    int ix = -l->pad_l;
    for (ox = 0; ox < width; ++ox, ix += stride, at += across, out += channels) {
      const int8_t* x = in + at;
      s->step = step;
      s->next = next;
      if (!inside || ix < 0 || ix >= right) {
        tinyc_mve_window(l, in, iy, ix, channels, window);
        x = window;
        s->step = channels;
        s->next = 0;
      }
      tinyc_depthwise_conv_2d_mve_pixel(s, x, out);
    }
  }
}

int tinyc_depthwise_conv_2d_mve(const tinyc_layer* l, uint8_t* arena) {
  const uint32_t taps = (uint32_t)l->k_h * (uint32_t)l->k_w, count = taps * (uint32_t)l->in_c,
                 copies = (count + 3) & ~3u, room = copies + (l->p[5] < 0 ? 0 : TINYC_DEPTHWISE_MVE_COPIES);
  const int8_t *w = l->weights, *in = (const int8_t*)(arena + l->in0);
  int8_t *window = (int8_t*)(arena + l->scratch), *out = (int8_t*)(arena + l->out);
  tinyc_depthwise_conv_2d_mve_block s;
  int32_t n;
  if (tinyc_is_coded(l)) {
    tinyc_reader reader;
    int8_t* decoded = tinyc_reader_init(&reader, l, arena, 1, taps, (uint32_t)l->out_c);
    int rc;
    if (decoded < window + room) decoded = window + room;
    rc = tinyc_reader_next(&reader, l, decoded, count);
    if (rc != TINYC_OK) return rc;
    w = decoded;
  }
  tinyc_depthwise_conv_2d_mve_init(l, w, (uint8_t*)window + copies, &s);
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
