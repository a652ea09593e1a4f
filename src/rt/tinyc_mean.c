/* MEAN and SUM: requantize(sum - p[2]) with multiplier p[0] and shift p[1], clamped to int8; p[2] = terms * input zero
 * point. table: count and stride of three loops over outputs, then of three over the terms of one output, outermost
 * first. */
#include "tinyc_rt.h"

int tinyc_mean(const tinyc_layer* l, uint8_t* arena);

static int32_t tinyc_mean_fold(const int32_t* dim, const int8_t* x) {
  const int32_t n0 = tinyc_ld32(dim), s0 = tinyc_ld32(dim + 1), n1 = tinyc_ld32(dim + 2), s1 = tinyc_ld32(dim + 3);
  const int32_t n2 = tinyc_ld32(dim + 4), s2 = tinyc_ld32(dim + 5);
  int32_t sum = 0, i, j, k;
  for (i = 0; i < n0; ++i, x += s0) {
    const int8_t* y = x;
    for (j = 0; j < n1; ++j, y += s1) {
      const int8_t* z = y;
      for (k = n2; k > 0; --k, z += s2) sum += *z;
    }
  }
  return sum;
}

int tinyc_mean(const tinyc_layer* l, uint8_t* arena) {
  const int8_t* x = (const int8_t*)(arena + l->in0);
  int8_t* out = (int8_t*)(arena + l->out);
  const int32_t* const dim = l->table;
  const int32_t n0 = tinyc_ld32(dim), s0 = tinyc_ld32(dim + 1), n1 = tinyc_ld32(dim + 2), s1 = tinyc_ld32(dim + 3);
  const int32_t n2 = tinyc_ld32(dim + 4), s2 = tinyc_ld32(dim + 5);
  int32_t i, j, k;
  for (i = 0; i < n0; ++i, x += s0) {
    const int8_t* y = x;
    for (j = 0; j < n1; ++j, y += s1) {
      const int8_t* z = y;
      for (k = 0; k < n2; ++k, z += s2) {
        const int32_t sum = tinyc_mean_fold(dim + 6, z) - l->p[2];
        *out++ = (int8_t)tinyc_output(tinyc_requant(sum, l->p[0], (int)l->p[1]), l->out_zp, -128, 127);
      }
    }
  }
  return TINYC_OK;
}
