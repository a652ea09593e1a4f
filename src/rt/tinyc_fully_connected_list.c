/* FULLY_CONNECTED that visits the nonzero weights only: the record of tinyc_fully_connected, whose weights are a list
 * (docs/weight_format.md, Lists) with the input channels as offsets. No scratch. */
#include "tinyc_rt.h"

int tinyc_fully_connected_list(const tinyc_layer* l, uint8_t* arena);
int tinyc_fully_connected_list(const tinyc_layer* l, uint8_t* arena) {
  const int8_t* x = (const int8_t*)(arena + l->in0);
  int8_t* out = (int8_t*)(arena + l->out);
  int32_t row, c;
  for (row = 0; row < l->n; ++row, x += l->in_c) {
    const int32_t* entry = (const int32_t*)(const void*)l->weights;
    for (c = 0; c < l->out_c; ++c) {
      int32_t sum = 0, n = tinyc_ld32(entry++) - 3;
      for (; n > 0; --n, entry += 6) {
        const int32_t a = tinyc_ld32(entry + 4), b = tinyc_ld32(entry + 5);
        sum += x[tinyc_ld32(entry)] * (int32_t)(int16_t)a + x[tinyc_ld32(entry + 1)] * (a >> 16) +
               x[tinyc_ld32(entry + 2)] * (int32_t)(int16_t)b + x[tinyc_ld32(entry + 3)] * (b >> 16);
      }
      *out++ = tinyc_finish(l, c, sum / 2);
    }
  }
  return TINYC_OK;
}
