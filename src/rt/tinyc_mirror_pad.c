/* MIRROR_PAD: a border of the input's own values, mirrored at its edges.
 * p[0] number of loops, 1..6; p[1] run: neighbouring bytes copied at a time; p[2] 1: the edge itself is not repeated.
 * table: for each loop, innermost first: output extent, border before, input extent, input step in bytes. */
#include "tinyc_rt.h"

int tinyc_mirror_pad(const tinyc_layer* l, uint8_t* arena);

int tinyc_mirror_pad(const tinyc_layer* l, uint8_t* arena) {
  const uint8_t* const x = arena + l->in0;
  uint8_t* out = arena + l->out;
  const int32_t loops = l->p[0], run = l->p[1], reflect = l->p[2];
  int32_t at[6] = {0, 0, 0, 0, 0, 0}, d;
  do {
    const int32_t* row = l->table;
    int32_t from = 0;
    for (d = 0; d < loops; ++d, row += 4) {
      const int32_t extent = tinyc_ld32(row + 2);
      int32_t i = at[d] - tinyc_ld32(row + 1);
      if (i < 0) i = reflect - 1 - i;
      if (i >= extent) i = 2 * extent - 1 - reflect - i;
      from += i * tinyc_ld32(row + 3);
    }
    memcpy(out, x + from, (size_t)run);
    out += run;
    for (d = 0; d < loops && ++at[d] == tinyc_ld32(l->table + 4 * d); ++d) at[d] = 0;
  } while (d < loops);
  return TINYC_OK;
}
