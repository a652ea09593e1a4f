/* GATHER: slices of the data along one axis; indices outside it are moved to its ends.
 * p: batch, outer, extent, inner, count. Data [batch, outer, extent, inner] at in0, or `weights` when it is not 0;
 * int32 indices [batch, count] at in1, or `table` when it is not 0; output [batch, outer, count, inner]. */
#include "tinyc_rt.h"

int tinyc_gather(const tinyc_layer* l, uint8_t* arena);

int tinyc_gather(const tinyc_layer* l, uint8_t* arena) {
  const int flash = l->weights != 0;
  const int8_t* x = flash ? l->weights : (const int8_t*)(arena + l->in0);
  const uint8_t* index = arena + l->in1;
  int8_t* out = (int8_t*)(arena + l->out);
  const int32_t extent = l->p[2], inner = l->p[3], count = l->p[4];
  int32_t b, o, k;
  for (b = l->p[0]; b > 0; --b, index += 4 * count) {
    for (o = l->p[1]; o > 0; --o, x += extent * inner) {
      for (k = 0; k < count; ++k, out += inner) {
        int32_t at;
        if (l->table) {
          at = tinyc_ld32(l->table + k);
        } else {
          memcpy(&at, index + 4 * k, 4);
        }
        tinyc_load(out, x + tinyc_clamp(at, 0, extent - 1) * inner, (uint32_t)inner, flash);
      }
    }
  }
  return TINYC_OK;
}
