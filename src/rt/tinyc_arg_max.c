/* ARG_MAX: int32 position of the first largest value along one axis.
 * p[0] outer, p[1] extent of the axis, p[2] inner: the input is [outer, extent, inner], the output [outer, inner]. */
#include "tinyc_rt.h"

int tinyc_arg_max(const tinyc_layer* l, uint8_t* arena);

int tinyc_arg_max(const tinyc_layer* l, uint8_t* arena) {
  const int8_t* x = (const int8_t*)(arena + l->in0);
  uint8_t* out = arena + l->out;
  const int32_t extent = l->p[1], inner = l->p[2];
  int32_t o, i, k;
  for (o = l->p[0]; o > 0; --o, x += extent * inner) {
    for (i = 0; i < inner; ++i, out += 4) {
      const int8_t* at = x + i;
      int32_t best = 0;
      int8_t top = *at;
      for (k = 1; k < extent; ++k) {
        at += inner;
        if (*at > top) {
          top = *at;
          best = k;
        }
      }
      memcpy(out, &best, 4);
    }
  }
  return TINYC_OK;
}
