/* What the kernels for Armv8.1-M vectors share (Cortex-M52, M55, M85): sixteen products an instruction (VMLADAVA), in
 * low-overhead loops whose last pass leaves out the lanes behind the end (DLSTP, LETP), and four outputs requantized at
 * a time. Weights are read as they lie in flash. */
#include "tinyc_rt.h"

#if TINYC_MVE
void tinyc_mve_window(const tinyc_layer* l, const int8_t* picture, int iy, int ix, int32_t channels, int8_t* to);
void tinyc_mve_pair(const tinyc_layer* l, const int8_t* x, const int8_t* y, const int8_t* w, unsigned k, int32_t c,
                    int32_t count, int8_t* out, int32_t step);
void tinyc_mve_row(const tinyc_layer* l, const int8_t* x, const int8_t* w, unsigned k, int32_t c, int32_t count,
                   int8_t* out);

/* n bytes, also none; 3 instructions for 16. Returns the place behind them. */
static inline int8_t* tinyc_mve_copy(int8_t* to, const int8_t* from, int32_t n) {
  int8_t* t = to;
  __asm__ volatile(
      "wlstp.8 lr, %[n], 2f\n"
      "1: vldrb.8 q0, [%[from]], #16\n"
      "vstrb.8 q0, [%[t]], #16\n"
      "letp lr, 1b\n"
      "2:"
      : [t] "+r"(t), [from] "+r"(from)
      : [n] "r"(n)
      : "q0", "lr", "memory");
  return to + n;
}
static inline int8_t* tinyc_mve_fill(int8_t* to, int v, int32_t n) {
  int8_t* t = to;
  __asm__ volatile(
      "vdup.8 q0, %[v]\n"
      "wlstp.8 lr, %[n], 2f\n"
      "1: vstrb.8 q0, [%[t]], #16\n"
      "letp lr, 1b\n"
      "2:"
      : [t] "+r"(t)
      : [n] "r"(n), [v] "r"(v)
      : "q0", "lr", "memory");
  return to + n;
}

/* `channels` channels of the window whose first tap is at (iy, ix); padding is the input zero point. */
void tinyc_mve_window(const tinyc_layer* l, const int8_t* picture, int iy, int ix, int32_t channels, int8_t* to) {
  const int32_t row = l->k_w * channels, next = (int32_t)l->in_w * l->in_c;
  const int8_t* from = picture + iy * next + (int32_t)ix * l->in_c;
  const int whole = l->dil_w == 1 && channels == l->in_c;
  int left = ix < 0 ? -ix : 0, right = ix + l->k_w - l->in_w, ky; /* columns in the padding */
  if (right < 0) right = 0;
  for (ky = 0; ky < l->k_h; ++ky, iy += l->dil_h, from += l->dil_h * next) {
    if (iy < 0 || iy >= l->in_h || (whole && left + right >= l->k_w)) {
      to = tinyc_mve_fill(to, l->in0_zp, row);
    } else if (whole) {
      if (left) to = tinyc_mve_fill(to, l->in0_zp, left * channels);
      to = tinyc_mve_copy(to, from + left * channels, row - (left + right) * channels);
      if (right) to = tinyc_mve_fill(to, l->in0_zp, right * channels);
    } else {
      int kx;
      for (kx = 0; kx < l->k_w; ++kx) {
        const int x = ix + kx * l->dil_w;
        if (x >= 0 && x < l->in_w)
          to = tinyc_mve_copy(to, from + (int32_t)(kx * l->dil_w) * l->in_c, channels);
        else
          to = tinyc_mve_fill(to, l->in0_zp, channels);
      }
    }
  }
}

typedef int32_t tinyc_mve_4 __attribute__((vector_size(16)));

static inline tinyc_mve_4 tinyc_mve_dup(int32_t v) {
  tinyc_mve_4 q;
  __asm__("vdup.32 %q0, %1" : "=w"(q) : "r"(v));
  return q;
}
/* Lanes 0 and 2 (even) or 1 and 3 (odd) of a vector. */
static inline tinyc_mve_4 tinyc_mve_even(int32_t v0, int32_t v2) {
  tinyc_mve_4 q;
  __asm__("vmov %q0[2], %q0[0], %1, %2" : "=w"(q) : "r"(v0), "r"(v2));
  return q;
}
static inline tinyc_mve_4 tinyc_mve_odd(tinyc_mve_4 q, int32_t v1, int32_t v3) {
  __asm__("vmov %q0[3], %q0[1], %1, %2" : "+w"(q) : "r"(v1), "r"(v3));
  return q;
}

/* Multipliers and shifts of four channels; where channels share them, four copies. */
typedef struct {
  const int32_t* mult;
  const int8_t* shift;
  int next_mult, next_shift; /* to the next four channels */
  int32_t mults[4];
  int8_t shifts[4];
} tinyc_mve_scale;
static inline void tinyc_mve_scale_init(tinyc_mve_scale* s, const tinyc_layer* l, int32_t c) {
  s->mult = l->mult + c;
  s->shift = l->shift + c;
  s->next_mult = s->next_shift = 4;
  if (l->p[5] >= 0) {
    s->mults[0] = s->mults[1] = s->mults[2] = s->mults[3] = *l->mult;
    s->mult = s->mults;
    s->next_mult = 0;
  }
  if (l->p[5] == 0) {
    memset(s->shifts, *l->shift, 4);
    s->shift = s->shifts;
    s->next_shift = 0;
  }
}

/* tinyc_requant and tinyc_output of four sums; all shifts below zero. VRSHL rounds halves up: one less below zero makes
 * that away from zero. */
static inline void tinyc_mve_finish(tinyc_mve_4 v, tinyc_mve_4 mult, tinyc_mve_4 shift, int32_t zero, tinyc_mve_4 lo,
                                    tinyc_mve_4 hi, int8_t* out) {
  tinyc_mve_4 t;
  __asm__ volatile(
      "vqrdmulh.s32 %q[v], %q[v], %q[mult]\n"
      "vshr.s32 %q[t], %q[v], #31\n"
      "vadd.i32 %q[v], %q[v], %q[t]\n"
      "vrshl.s32 %q[v], %q[v], %q[shift]\n"
      "vadd.i32 %q[v], %q[v], %[zero]\n"
      "vmax.s32 %q[v], %q[v], %q[lo]\n"
      "vmin.s32 %q[v], %q[v], %q[hi]\n"
      "vstrb.32 %q[v], [%[out]]"
      : [v] "+w"(v), [t] "=&w"(t)
      : [mult] "w"(mult), [shift] "w"(shift), [zero] "r"(zero), [lo] "w"(lo), [hi] "w"(hi), [out] "l"(out)
      : "memory");
}
static inline tinyc_mve_4 tinyc_mve_load(const int32_t* p) {
  tinyc_mve_4 q;
  __asm__("vldrw.32 %q0, [%1]" : "=w"(q) : "r"(p), "m"(*(const int32_t(*)[4])p));
  return q;
}
static inline tinyc_mve_4 tinyc_mve_widen(const int8_t* p) {
  tinyc_mve_4 q;
  __asm__("vldrb.s32 %q0, [%1]" : "=w"(q) : "l"(p), "m"(*(const int8_t(*)[4])p));
  return q;
}

/* The output of a single filter: what is left of fours. */
__attribute__((noinline)) static void tinyc_mve_one(const tinyc_layer* l, const int8_t* x, const int8_t* w, unsigned k,
                                                    int32_t c, int8_t* out) {
  int32_t sum = 0;
  __asm__ volatile(
      "dlstp.8 lr, %[k]\n"
      "1: vldrb.8 q0, [%[x]], #16\n"
      "vldrb.8 q1, [%[w]], #16\n"
      "vmladava.s8 %[sum], q0, q1\n"
      "letp lr, 1b"
      : [sum] "+Te"(sum), [x] "+r"(x), [w] "+r"(w)
      : [k] "r"(k)
      : "q0", "q1", "lr", "memory");
  *out = tinyc_finish(l, c, sum);
}

/* 9 instructions for 64 products: two patches with two filters. */
#define TINYC_MVE_PRODUCTS(first, second)                                                                              \
  do {                                                                                                                 \
    const int8_t *p = x, *q = y, *u = (first), *v = (second);                                                          \
    __asm__ volatile(                                                                                                  \
        "dlstp.8 lr, %[k]\n"                                                                                           \
        "1: vldrb.8 q0, [%[p]], #16\n"                                                                                 \
        "vldrb.8 q1, [%[u]], #16\n"                                                                                    \
        "vmladava.s8 %[a], q0, q1\n"                                                                                   \
        "vldrb.8 q2, [%[v]], #16\n"                                                                                    \
        "vmladava.s8 %[b], q0, q2\n"                                                                                   \
        "vldrb.8 q3, [%[q]], #16\n"                                                                                    \
        "vmladava.s8 %[c], q3, q1\n"                                                                                   \
        "vmladava.s8 %[d], q3, q2\n"                                                                                   \
        "letp lr, 1b"                                                                                                  \
        :                                                                                                              \
        [a] "+Te"(a0), [b] "+Te"(a1), [c] "+Te"(b0), [d] "+Te"(b1), [p] "+r"(p), [q] "+r"(q), [u] "+r"(u), [v] "+r"(v) \
        : [k] "r"(k)                                                                                                   \
        : "q0", "q1", "q2", "q3", "lr", "memory");                                                                     \
  } while (0)

/* `count` filters of k weights, the first for channel c, on patches x and y; outputs at out and out + step. */
void tinyc_mve_pair(const tinyc_layer* l, const int8_t* x, const int8_t* y, const int8_t* w, unsigned k, int32_t c,
                    int32_t count, int8_t* out, int32_t step) {
  const tinyc_mve_4 lo = tinyc_mve_dup(l->act_min), hi = tinyc_mve_dup(l->act_max);
  const int32_t zero = l->out_zp, *bias = l->bias + c;
  tinyc_mve_scale s;
  tinyc_mve_scale_init(&s, l, c);
  for (; count >= 4; count -= 4, c += 4, w += 4 * (size_t)k, out += 4, bias += 4) {
    int32_t a0 = bias[0], a1 = bias[2], b0 = a0, b1 = a1;
    tinyc_mve_4 first, second, mult, shift;
    TINYC_MVE_PRODUCTS(w, w + 2 * (size_t)k);
    first = tinyc_mve_even(a0, a1);
    second = tinyc_mve_even(b0, b1);
    a0 = b0 = bias[1];
    a1 = b1 = bias[3];
    TINYC_MVE_PRODUCTS(w + k, w + 3 * (size_t)k);
    first = tinyc_mve_odd(first, a0, a1);
    second = tinyc_mve_odd(second, b0, b1);
    mult = tinyc_mve_load(s.mult);
    shift = tinyc_mve_widen(s.shift);
    s.mult += s.next_mult;
    s.shift += s.next_shift;
    tinyc_mve_finish(first, mult, shift, zero, lo, hi, out);
    tinyc_mve_finish(second, mult, shift, zero, lo, hi, out + step);
  }
  for (; count > 0; --count, ++c, w += k, ++out) {
    tinyc_mve_one(l, x, w, k, c, out);
    tinyc_mve_one(l, y, w, k, c, out + step);
  }
}

/* `count` filters of k weights, the first for channel c, on one patch: 10 instructions for 64 products. */
void tinyc_mve_row(const tinyc_layer* l, const int8_t* x, const int8_t* w, unsigned k, int32_t c, int32_t count,
                   int8_t* out) {
  const tinyc_mve_4 lo = tinyc_mve_dup(l->act_min), hi = tinyc_mve_dup(l->act_max);
  const int32_t zero = l->out_zp, *bias = l->bias + c;
  tinyc_mve_scale s;
  tinyc_mve_scale_init(&s, l, c);
  for (; count >= 4; count -= 4, c += 4, w += 4 * (size_t)k, out += 4, bias += 4) {
    const int8_t *p = x, *w0 = w, *w1 = w0 + k, *w2 = w1 + k, *w3 = w2 + k;
    int32_t s0 = bias[0], s1 = bias[1], s2 = bias[2], s3 = bias[3];
    __asm__ volatile(
        "dlstp.8 lr, %[k]\n"
        "1: vldrb.8 q0, [%[p]], #16\n"
        "vldrb.8 q1, [%[w0]], #16\n"
        "vmladava.s8 %[s0], q0, q1\n"
        "vldrb.8 q2, [%[w1]], #16\n"
        "vmladava.s8 %[s1], q0, q2\n"
        "vldrb.8 q1, [%[w2]], #16\n"
        "vmladava.s8 %[s2], q0, q1\n"
        "vldrb.8 q2, [%[w3]], #16\n"
        "vmladava.s8 %[s3], q0, q2\n"
        "letp lr, 1b"
        : [s0] "+Te"(s0), [s1] "+Te"(s1), [s2] "+Te"(s2), [s3] "+Te"(s3), [p] "+r"(p), [w0] "+r"(w0), [w1] "+r"(w1),
          [w2] "+r"(w2), [w3] "+r"(w3)
        : [k] "r"(k)
        : "q0", "q1", "q2", "lr", "memory");
    tinyc_mve_finish(tinyc_mve_odd(tinyc_mve_even(s0, s2), s1, s3), tinyc_mve_load(s.mult), tinyc_mve_widen(s.shift),
                     zero, lo, hi, out);
    s.mult += s.next_mult;
    s.shift += s.next_shift;
  }
  for (; count > 0; --count, ++c, w += k, ++out) tinyc_mve_one(l, x, w, k, c, out);
}
#endif
