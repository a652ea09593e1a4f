/* What the kernels for Armv8.1-M vectors share (Cortex-M52, M55, M85): sixteen products an instruction (VMLADAVA), in
 * low-overhead loops whose last pass leaves out the lanes behind the end (DLSTP, LETP), and four outputs requantized at
 * a time. Weights are read as they lie in flash. */
#include "tinyc_rt.h"

#if TINYC_MVE
void tinyc_mve_window(const tinyc_layer* l, const int8_t* picture, int iy, int ix, int32_t channels, int8_t* to);
void tinyc_mve_sweep(const tinyc_layer* l, uint8_t* arena, const int8_t* w, int32_t c, int32_t count, int8_t* windows);
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

/* One row of a window, k_w * channels bytes; `from` is where its first tap lies, or would lie left of the picture. */
static inline int8_t* tinyc_mve_window_row(const tinyc_layer* l, const int8_t* from, int ix, int32_t channels,
                                           int8_t* to) {
  int kx;
  if (l->dil_w == 1 && channels == l->in_c) {
    const int left = ix < 0 ? -ix : 0, over = ix + l->k_w - l->in_w, right = over > 0 ? over : 0;
    if (left) to = tinyc_mve_fill(to, l->in0_zp, left * channels);
    to = tinyc_mve_copy(to, from + left * channels, (l->k_w - left - right) * channels);
    return right ? tinyc_mve_fill(to, l->in0_zp, right * channels) : to;
  }
  for (kx = 0; kx < l->k_w; ++kx, ix += l->dil_w, from += (int32_t)l->dil_w * l->in_c)
    to = ix >= 0 && ix < l->in_w ? tinyc_mve_copy(to, from, channels) : tinyc_mve_fill(to, l->in0_zp, channels);
  return to;
}

/* `channels` channels of the window whose first tap is at (iy, ix); padding is the input zero point. */
void tinyc_mve_window(const tinyc_layer* l, const int8_t* picture, int iy, int ix, int32_t channels, int8_t* to) {
  int ky;
  picture += (iy * (int32_t)l->in_w + ix) * l->in_c;
  for (ky = 0; ky < l->k_h; ++ky, iy += l->dil_h, picture += (int32_t)l->dil_h * l->in_w * l->in_c)
    to = iy < 0 || iy >= l->in_h || ix <= -l->k_w * l->dil_w || ix >= l->in_w
             ? tinyc_mve_fill(to, l->in0_zp, l->k_w * channels)
             : tinyc_mve_window_row(l, picture, ix, channels, to);
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
  int32_t mults[4];
  int8_t shifts[4];
} tinyc_mve_scale;
/* Steps to the next four channels. */
static inline int tinyc_mve_next_mult(const tinyc_layer* l) { return l->p[5] < 0 ? 4 : 0; }
static inline int tinyc_mve_next_shift(const tinyc_layer* l) { return l->p[5] != 0 ? 4 : 0; }
static inline void tinyc_mve_scale_init(tinyc_mve_scale* s, const tinyc_layer* l, int32_t c) {
  s->mult = l->mult + c;
  s->shift = l->shift + c;
  if (l->p[5] >= 0) {
    s->mults[0] = s->mults[1] = s->mults[2] = s->mults[3] = *l->mult;
    s->mult = s->mults;
  }
  if (l->p[5] == 0) {
    memset(s->shifts, *l->shift, 4);
    s->shift = s->shifts;
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

/* Three patches and the next four filters, at these offsets. */
typedef struct {
  const int8_t *x[3], *w;
  const int32_t* bias;
  unsigned k;
  const int32_t* mult;
  const int8_t* shift;
  int32_t next_mult, next_shift; /* bytes to the next four channels */
  int32_t step[2];               /* from the first patch's output to the others'; 0 where a patch is missing */
  int8_t* out;
  int32_t fours; /* filters / 4 */
  int32_t zero, hi, lo;
} tinyc_mve_patches;

/* 12 instructions for 96 products: three patches (r1, r3, r5) with two filters (r7, r9). */
#define TINYC_MVE_PRODUCTS     \
  "mov r2, r0\n"               \
  "mov r4, r0\n"               \
  "mov r8, r6\n"               \
  "mov r10, r6\n"              \
  "dlstp.8 lr, r12\n"          \
  "2: vldrb.8 q0, [r7], #16\n" \
  "vldrb.8 q1, [r1], #16\n"    \
  "vmladava.s8 r0, q0, q1\n"   \
  "vldrb.8 q2, [r9], #16\n"    \
  "vmladava.s8 r6, q2, q1\n"   \
  "vldrb.8 q3, [r3], #16\n"    \
  "vmladava.s8 r2, q0, q3\n"   \
  "vldrb.8 q1, [r5], #16\n"    \
  "vmladava.s8 r8, q2, q3\n"   \
  "vmladava.s8 r4, q0, q1\n"   \
  "vmladava.s8 r10, q2, q1\n"  \
  "letp lr, 2b\n"
/* tinyc_mve_finish in parts: multipliers q0, then room; shifts q1; zero point r8; limits q0 and q1. */
#define TINYC_MVE_SCALE(v) "vqrdmulh.s32 " v ", " v ", q0\n"
#define TINYC_MVE_SHIFT(v) \
  "vshr.s32 q0, " v        \
  ", #31\n"                \
  "vadd.i32 " v ", " v     \
  ", q0\n"                 \
  "vrshl.s32 " v ", " v ", q1\n"
#define TINYC_MVE_LIMIT(v) \
  "vadd.i32 " v ", " v     \
  ", r8\n"                 \
  "vmax.s32 " v ", " v     \
  ", q0\n"                 \
  "vmin.s32 " v ", " v ", q1\n"
#define TINYC_MVE_SUMS(part) part("q4") part("q5") part("q6")

/* Four filters at a time on three patches: two of them (lanes 0 and 2 of the sums q4 to q6), then the others; besides
 * the products 71 instructions for twelve outputs. Seven even registers can hold sums of VMLADAVA: three by two use
 * more of them than two by two, and four by two would need eight. Written whole, because a compiler would spill. */
__attribute__((naked)) static void tinyc_mve_fours(tinyc_mve_patches* s __attribute__((unused))) {
  __asm__ volatile(
      "push {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"
      "vpush {d8-d13}\n"
      "mov r11, r0\n"
      "ldr r12, [r11, #20]\n"
      "1: ldm r11, {r1, r3, r5, r7, r9}\n"
      "ldr r0, [r9]\n"
      "ldr r6, [r9, #8]\n"
      "add r9, r7, r12, lsl #1\n" TINYC_MVE_PRODUCTS
      "vmov q4[2], q4[0], r0, r6\n"
      "vmov q5[2], q5[0], r2, r8\n"
      "vmov q6[2], q6[0], r4, r10\n"
      "ldm r11, {r1, r3, r5, r7, r9}\n"
      "ldr r0, [r9, #4]\n"
      "ldr r6, [r9, #12]\n"
      "add r9, r9, #16\n"
      "add r2, r7, r12, lsl #2\n"
      "strd r2, r9, [r11, #12]\n"
      "add r7, r7, r12\n"
      "add r9, r7, r12, lsl #1\n" TINYC_MVE_PRODUCTS
      "vmov q4[3], q4[1], r0, r6\n"
      "vmov q5[3], q5[1], r2, r8\n"
      "vmov q6[3], q6[1], r4, r10\n"
      "ldrd r0, r1, [r11, #24]\n"
      "ldrd r2, r3, [r11, #32]\n"
      "vldrw.32 q0, [r0]\n"
      "vldrb.s32 q1, [r1]\n"
      "add r0, r0, r2\n"
      "add r1, r1, r3\n"
      "strd r0, r1, [r11, #24]\n"
      "ldrd r4, r5, [r11, #40]\n"
      "ldrd r6, r7, [r11, #48]\n"
      "ldrd r8, r10, [r11, #56]\n"
      "ldr r9, [r11, #64]\n"
      "add r4, r4, r6\n"
      "add r5, r5, r6\n" TINYC_MVE_SUMS(TINYC_MVE_SCALE) TINYC_MVE_SUMS(TINYC_MVE_SHIFT)
      "vdup.32 q0, r9\n"
      "vdup.32 q1, r10\n" TINYC_MVE_SUMS(TINYC_MVE_LIMIT)
      "vstrb.32 q5, [r4]\n"
      "vstrb.32 q6, [r5]\n"
      "vstrb.32 q4, [r6], #4\n"
      "subs r7, r7, #1\n"
      "strd r6, r7, [r11, #48]\n"
      "bne 1b\n"
      "vpop {d8-d13}\n"
      "pop {r4, r5, r6, r7, r8, r9, r10, r11, pc}");
}

/* A window inside the picture: `rows` rows of n bytes that lie `next` bytes apart. */
static inline void tinyc_mve_inside(int8_t* to, const int8_t* from, int32_t n, int32_t next, int rows) {
  const int32_t moved = (n + 15) & ~15; /* what the pointers advance by in a row */
  __asm__ volatile(
      "1: dlstp.8 lr, %[n]\n"
      "2: vldrb.8 q0, [%[from]], #16\n"
      "vstrb.8 q0, [%[to]], #16\n"
      "letp lr, 2b\n"
      "add %[from], %[from], %[down]\n"
      "subs %[rows], %[rows], #1\n"
      "add %[to], %[to], %[back]\n"
      "bne 1b"
      : [to] "+r"(to), [from] "+r"(from), [rows] "+r"(rows)
      : [n] "r"(n), [down] "r"(next - moved), [back] "r"(n - moved)
      : "q0", "lr", "cc", "memory");
}

/* The next window's first tap; after a picture's last one the next picture's first. */
typedef struct {
  const int8_t* in;        /* of the group's first channel */
  int iy, ix, column, row; /* columns and rows are counted down */
} tinyc_mve_walk;

__attribute__((noinline)) static void tinyc_mve_step(const tinyc_layer* l, tinyc_mve_walk* at) {
  at->ix += l->stride_w;
  if (--at->column == 0) {
    at->column = l->out_w;
    at->ix = -l->pad_l;
    at->iy += l->stride_h;
    if (--at->row == 0) {
      at->row = l->out_h;
      at->iy = -l->pad_t;
      at->in += l->in_h * (int32_t)l->in_w * l->in_c;
    }
  }
}

/* Gathers the window. */
__attribute__((noinline)) static void tinyc_mve_gather(const tinyc_layer* l, const tinyc_mve_walk* at, int8_t* window) {
  const int32_t line = (int32_t)l->in_w * l->in_c;
  const int iy = at->iy, ix = at->ix;
  if (iy >= 0 && iy < l->in_h - (l->k_h - 1) * l->dil_h && ix >= 0 && ix <= l->in_w - l->k_w && l->dil_w == 1 &&
      l->p[0] == l->in_c)
    tinyc_mve_inside(window, at->in + (iy * line + ix * l->in_c), l->k_w * l->p[0], l->dil_h * line, l->k_h);
  else
    tinyc_mve_window(l, at->in, iy, ix, l->p[0], window);
}

/* What a sweep keeps on the stack. */
typedef struct {
  tinyc_mve_patches patches;
  tinyc_mve_walk at;
  tinyc_mve_scale scale;
} tinyc_mve_state;

__attribute__((noinline)) static void tinyc_mve_start(const tinyc_layer* l, uint8_t* arena, int32_t c,
                                                      tinyc_mve_state* s) {
  const int32_t filters = l->out_c / (l->in_c / l->p[0]); /* of a group */
  s->at.in = (const int8_t*)(arena + l->in0) + c / filters * l->p[0];
  s->at.iy = -l->pad_t;
  s->at.ix = -l->pad_l;
  s->at.column = l->out_w;
  s->at.row = l->out_h;
  tinyc_mve_scale_init(&s->scale, l, c);
  s->patches.k = (unsigned)(l->k_h * l->k_w) * (unsigned)l->p[0];
  s->patches.next_mult = 4 * tinyc_mve_next_mult(l);
  s->patches.next_shift = tinyc_mve_next_shift(l);
  s->patches.step[0] = l->out_c;
  s->patches.step[1] = 2 * l->out_c;
  s->patches.zero = l->out_zp;
  s->patches.hi = l->act_max;
  s->patches.lo = l->act_min;
}

/* The last filters of `count`, which are no four. */
__attribute__((noinline)) static void tinyc_mve_rest(const tinyc_layer* l, const tinyc_mve_patches* p, const int8_t* w,
                                                     int32_t c, int32_t count, int8_t* out) {
  int32_t i, j;
  for (i = count & ~3; i < count; ++i)
    for (j = 0; j < 3; ++j)
      tinyc_mve_one(l, p->x[j], w + (unsigned)i * p->k, p->k, c + i, out + i + (j ? p->step[j - 1] : 0));
}

/* All output pixels of all pictures with `count` filters of one group, the first for channel c. */
void tinyc_mve_sweep(const tinyc_layer* l, uint8_t* arena, const int8_t* w, int32_t c, int32_t count, int8_t* windows) {
  int8_t* out = (int8_t*)(arena + l->out) + c;
  int32_t left = l->n * l->out_h * l->out_w, i;
  tinyc_mve_state s;
  tinyc_mve_start(l, arena, c, &s);
  for (; left > 0; left -= 3, out += 3 * l->out_c) {
    tinyc_mve_patches* const p = &s.patches;
    for (i = 0; i < 3 && i < left; ++i) {
      p->x[i] = s.at.in + (s.at.iy * (int32_t)l->in_w + s.at.ix) * l->in_c;
      if (!l->p[1]) {
        p->x[i] = windows + (unsigned)i * p->k;
        tinyc_mve_gather(l, &s.at, windows + (unsigned)i * p->k);
      }
      tinyc_mve_step(l, &s.at);
    }
    for (; i < 3; ++i) { /* the first pixel again */
      p->x[i] = p->x[0];
      p->step[i - 1] = 0;
    }
    if (count >= 4) {
      p->w = w;
      p->bias = l->bias + c;
      p->mult = s.scale.mult;
      p->shift = s.scale.shift;
      p->out = out;
      p->fours = count >> 2;
      tinyc_mve_fours(p);
    }
    if (count & 3) tinyc_mve_rest(l, p, w, c, count, out);
  }
}

/* `count` filters of k weights, the first for channel c, on one patch: 10 instructions for 64 products. */
void tinyc_mve_row(const tinyc_layer* l, const int8_t* x, const int8_t* w, unsigned k, int32_t c, int32_t count,
                   int8_t* out) {
  const tinyc_mve_4 lo = tinyc_mve_dup(l->act_min), hi = tinyc_mve_dup(l->act_max);
  const int32_t zero = l->out_zp, *bias = l->bias + c;
  const int next_mult = tinyc_mve_next_mult(l), next_shift = tinyc_mve_next_shift(l);
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
    s.mult += next_mult;
    s.shift += next_shift;
  }
  for (; count > 0; --count, ++c, w += k, ++out) tinyc_mve_one(l, x, w, k, c, out);
}
#endif
