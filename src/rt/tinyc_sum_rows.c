/* Sums over the rows and columns of a picture that comes in bands (tinyc_run_rows.c): in_h rows from row -pad_t on are
 * added to the in_c sums in scratch. True when they were the last of k_h rows. */
#include "tinyc_rt.h"

int tinyc_sum_rows(const tinyc_layer* l, uint8_t* arena);

int tinyc_sum_rows(const tinyc_layer* l, uint8_t* arena) {
  const int8_t* in = (const int8_t*)(arena + l->in0);
  int32_t* sums = (int32_t*)(void*)(arena + l->scratch);
  const int32_t size = (int32_t)l->in_h * l->in_w * l->in_c;
  int32_t left = l->in_c;
  if (l->pad_t == 0) memset(sums, 0, (size_t)left * sizeof *sums);
  for (; TINYC_BY_FOUR && left >= 4; left -= 4, in += 4, sums += 4) {
    int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
    const int8_t *x = in, *const end = in + size;
    for (; x != end; x += l->in_c) {
      s0 += x[0];
      s1 += x[1];
      s2 += x[2];
      s3 += x[3];
    }
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
  }
  for (; left > 0; --left, ++in, ++sums) {
    const int8_t *x = in, *const end = in + size;
    for (; x != end; x += l->in_c) *sums += *x;
  }
  return l->in_h - l->pad_t == l->k_h;
}
