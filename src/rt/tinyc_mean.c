/* MEAN and SUM: requantize(sum - p[2]) with multiplier p[0] and shift p[1], clamped to int8; p[2] = terms * input zero
 * point. table: count and stride of three loops over outputs, then of three over the terms of one output, outermost
 * first. */
#include "tinyc_rt.h"

int tinyc_mean(const tinyc_layer* l, uint8_t* arena);

/* The terms of `outputs` (1, or 4 that lie side by side) outputs are added to sum. */
TINYC_INLINE void tinyc_mean_fold(const int32_t* dim, const int8_t* x, int outputs, int32_t* sum) {
  const int32_t n0 = tinyc_ld32(dim), s0 = tinyc_ld32(dim + 1), n1 = tinyc_ld32(dim + 2), s1 = tinyc_ld32(dim + 3);
  const int32_t n2 = tinyc_ld32(dim + 4), s2 = tinyc_ld32(dim + 5);
  int32_t a = 0, b = 0, c = 0, d = 0, i, j, k;
  for (i = 0; i < n0; ++i, x += s0) {
    const int8_t* y = x;
    for (j = 0; j < n1; ++j, y += s1) {
      const int8_t* z = y;
      for (k = n2; k > 0; --k, z += s2) {
        a += z[0];
        if (outputs == 4) {
          b += z[1];
          c += z[2];
          d += z[3];
        }
      }
    }
  }
  sum[0] = a;
  if (outputs == 4) {
    sum[1] = b;
    sum[2] = c;
    sum[3] = d;
  }
}

TINYC_APART void tinyc_mean_four(const int32_t* dim, const int8_t* x, int32_t* sum) { tinyc_mean_fold(dim, x, 4, sum); }

static int8_t tinyc_mean_output(const tinyc_layer* l, int32_t sum) {
  return (int8_t)tinyc_output(tinyc_requant(sum - l->p[2], l->p[0], (int)l->p[1]), l->out_zp, -128, 127);
}

int tinyc_mean(const tinyc_layer* l, uint8_t* arena) {
  const int8_t* x = (const int8_t*)(arena + l->in0);
  int8_t* out = (int8_t*)(arena + l->out);
  const int32_t* const dim = l->table;
  const int32_t n0 = tinyc_ld32(dim), s0 = tinyc_ld32(dim + 1), n1 = tinyc_ld32(dim + 2), s1 = tinyc_ld32(dim + 3);
  const int32_t n2 = tinyc_ld32(dim + 4), s2 = tinyc_ld32(dim + 5);
  int32_t i, j, k, sum[4];
  for (i = 0; i < n0; ++i, x += s0) {
    const int8_t* y = x;
    for (j = 0; j < n1; ++j, y += s1) {
      const int8_t* z = y;
      k = n2;
      if (TINYC_BY_FOUR && s2 == 1)
        for (; k >= 4; k -= 4, z += 4, out += 4) {
          int at;
          tinyc_mean_four(dim + 6, z, sum);
          for (at = 0; at < 4; ++at) out[at] = tinyc_mean_output(l, sum[at]);
        }
      for (; k > 0; --k, z += s2) {
        tinyc_mean_fold(dim + 6, z, 1, sum);
        *out++ = tinyc_mean_output(l, sum[0]);
      }
    }
  }
  return TINYC_OK;
}
