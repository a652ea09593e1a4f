/* ADD and SUB of two int8 operands as one affine function, (a * p[1] + b * p[2] + p[3]) >> p[4], clamped.
 * The compiler emits it only where it equals tinyc_add for all 65,536 pairs of operands (src/ops/affine_fit.cpp): two
 * 32-bit products then take the place of two 64-bit ones and four roundings. p[0] elements (tinyc_add_affine); no
 * partial sum leaves int32; 16 <= p[4] <= 30. tinyc_add_affine_broadcast: loops as in tinyc_broadcast. Both may run in
 * place of operand A. */
#include "tinyc_rt.h"

int tinyc_add_affine(const tinyc_layer* l, uint8_t* arena);
int tinyc_add_affine_broadcast(const tinyc_layer* l, uint8_t* arena);

typedef struct {
  int32_t a, b, constant;
  int shift;
} tinyc_affine;

static inline tinyc_affine tinyc_add_constants(const tinyc_layer* l) {
  const tinyc_affine f = {l->p[1], l->p[2], l->p[3], (int)l->p[4]};
  return f;
}

static inline int tinyc_add_sum(tinyc_affine f, int a, int b) {
  return tinyc_high_shift(f.constant + a * f.a + b * f.b, f.shift);
}

int tinyc_add_affine(const tinyc_layer* l, uint8_t* arena) {
  const int8_t *a = (const int8_t*)(arena + l->in0), *b = (const int8_t*)(arena + l->in1);
  int8_t* out = (int8_t*)(arena + l->out);
  const tinyc_affine f = tinyc_add_constants(l);
  const int lo = l->act_min, hi = l->act_max;
  int32_t left = l->p[0];
#if TINYC_MVE /* 10 instructions for four outputs */
  __asm__ volatile(
      "ldr lr, %[lo]\n"
      "vdup.32 q2, lr\n"
      "ldr lr, %[hi]\n"
      "vdup.32 q3, lr\n"
      "wlstp.32 lr, %[left], 2f\n"
      "1: vldrb.s32 q0, [%[a]], #4\n"
      "vmul.i32 q0, q0, %[fa]\n"
      "vldrb.s32 q1, [%[b]], #4\n"
      "vmla.s32 q0, q1, %[fb]\n"
      "vadd.i32 q0, q0, %[constant]\n"
      "vshl.s32 q0, %[shift]\n"
      "vmax.s32 q0, q0, q2\n"
      "vmin.s32 q0, q0, q3\n"
      "vstrb.32 q0, [%[out]], #4\n"
      "letp lr, 1b\n"
      "2:"
      : [a] "+l"(a), [b] "+l"(b), [out] "+l"(out)
      : [left] "r"(left), [fa] "r"(f.a), [fb] "r"(f.b), [constant] "r"(f.constant), [shift] "r"(-f.shift), [lo] "m"(lo),
        [hi] "m"(hi)
      : "q0", "q1", "q2", "q3", "lr", "memory");
  left = 0;
#endif
  if (TINYC_BY_FOUR &&
      hi - lo == 255) /* Cortex-M4: 7.5 instructions an output: two loads, MLA, MLA, ASR, SSAT, store */
    for (; left >= 4; left -= 4, a += 4, b += 4, out += 4) {
      out[0] = tinyc_int8(tinyc_add_sum(f, a[0], b[0]));
      out[1] = tinyc_int8(tinyc_add_sum(f, a[1], b[1]));
      out[2] = tinyc_int8(tinyc_add_sum(f, a[2], b[2]));
      out[3] = tinyc_int8(tinyc_add_sum(f, a[3], b[3]));
    }
  for (; left > 0; --left) *out++ = (int8_t)tinyc_clamp_int(tinyc_add_sum(f, *a++, *b++), lo, hi);
  return TINYC_OK;
}

static void tinyc_add_affine_row(const tinyc_layer* l, const int8_t* a, const int8_t* b, int8_t* out) {
  const tinyc_affine f = tinyc_add_constants(l);
  const int lo = l->act_min, hi = l->act_max, step_a = l->stride_h, step_b = l->stride_w;
  int8_t* const end = out + l->in_c;
  for (; out != end; a += step_a, b += step_b)
    *out++ = (int8_t)tinyc_clamp_int(tinyc_add_sum(f, *a, (int)tinyc_ld_b(l, b)), lo, hi);
}

int tinyc_add_affine_broadcast(const tinyc_layer* l, uint8_t* arena) {
  return tinyc_broadcast(l, arena, tinyc_add_affine_row);
}
