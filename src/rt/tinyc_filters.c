/* Products of one patch or row with several filters, four at a time: what convolutions, fully connected layers and
 * products of matrices share. */
#include "tinyc_rt.h"

#if TINYC_ARMV6M
void tinyc_filters_armv6m(const int8_t* x, const int8_t* w, unsigned k, int32_t* sum);
#elif TINYC_AVR_MUL
int tinyc_filters_avr(const tinyc_layer* l, const int8_t* x, const int8_t* w, unsigned k, int c, int count,
                      int32_t less, int8_t* out);
void tinyc_filters_avr_sums(const int8_t* x, const int8_t* w, unsigned k, int32_t* sum);
#endif

#if TINYC_AVR_MUL
#define TINYC_REST TINYC_APART /* else what it needs of the stack counts for all */
#else
#define TINYC_REST TINYC_INLINE
#endif

/* Adds the products of four filters of k weights each to sum[0 .. 3]. */
static inline void tinyc_filters_four(const int8_t* x, const int8_t* w, unsigned k, int in_flash, int32_t* sum) {
#if TINYC_ARMV6M
  (void)in_flash;
  tinyc_filters_armv6m(x, w, k, sum);
#else
#if TINYC_AVR_MUL
  if (in_flash) {
    tinyc_filters_avr_sums(x, w, k, sum);
    return;
  }
#endif
  const int8_t *w0 = w, *w1 = w0 + k, *w2 = w1 + k, *w3 = w2 + k, *end = x + k;
  int32_t s0 = sum[0], s1 = sum[1], s2 = sum[2], s3 = sum[3];
#define TINYC_TAP(j)                         \
  do {                                       \
    const int v = x[j];                      \
    s0 += v * tinyc_ldw(w0 + (j), in_flash); \
    s1 += v * tinyc_ldw(w1 + (j), in_flash); \
    s2 += v * tinyc_ldw(w2 + (j), in_flash); \
    s3 += v * tinyc_ldw(w3 + (j), in_flash); \
    TINYC_IN_TURN;                           \
  } while (0)
#if defined(__thumb2__) || defined(__riscv) /* five pointers advance once for 32 products */
  for (end = x + (k & ~7u); x != end; x += 8, w0 += 8, w1 += 8, w2 += 8, w3 += 8) {
    TINYC_TAP(0);
    TINYC_TAP(1);
    TINYC_TAP(2);
    TINYC_TAP(3);
    TINYC_TAP(4);
    TINYC_TAP(5);
    TINYC_TAP(6);
    TINYC_TAP(7);
  }
  end = x + (k & 7u);
#endif
  for (; x != end; ++x, ++w0, ++w1, ++w2, ++w3) TINYC_TAP(0);
#undef TINYC_TAP
  sum[0] = s0;
  sum[1] = s1;
  sum[2] = s2;
  sum[3] = s3;
#endif
}

TINYC_REST void tinyc_filters_portable(const tinyc_layer* l, const int8_t* x, const int8_t* w, unsigned k, int c,
                                       int count, int32_t less, int8_t* out, int step) {
  const int in_flash = !tinyc_is_coded(l);
  for (; count >= 4; count -= 4, w += 4 * (size_t)k) {
    int32_t sum[4] = {-less, -less, -less, -less};
    int i;
    tinyc_filters_four(x, w, k, in_flash, sum);
    for (i = 0; i < 4; ++i, ++c, out += step) *out = tinyc_finish(l, c, sum[i]);
  }
  for (; count > 0; --count, ++c, w += k, out += step) {
    int32_t sum = -less;
    unsigned i;
    for (i = 0; i < k; ++i) sum += x[i] * tinyc_ldw(w + i, in_flash);
    *out = tinyc_finish(l, c, sum);
  }
}

void tinyc_filters(const tinyc_layer* l, const int8_t* x, const int8_t* w, unsigned k, int c, int count, int32_t less,
                   int8_t* out, int step) {
#if TINYC_AVR_MUL
  int done = step == 1 && !tinyc_is_coded(l) ? 4 : 0;
  while (done > 0) {
    done = tinyc_filters_avr(l, x, w, k, c, count, less, out);
    if (done == count) return;
    c += done;
    count -= done;
    w += (size_t)done * k;
    out += done;
  }
#endif
  tinyc_filters_portable(l, x, w, k, c, count, less, out, step);
}
