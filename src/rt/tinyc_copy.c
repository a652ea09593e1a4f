/* Copies: plain, strided, and strided into a border. None of them looks at the values.
 *
 * tinyc_copy: out_bytes bytes from in0 to out.
 *
 * tinyc_copy_strided: reshape of constants, concatenation (one layer an input), transpose, strided_slice,
 * space_to_depth, depth_to_space. The source is in0, or the constant `weights` when it is not 0. p[0] number of
 * loops, 1..6    p[1] run: neighbouring bytes copied at a time p[2] first source byte        p[3] first destination
 * byte table: for each loop, innermost first: rounds, source step, destination step (steps in bytes, may be negative)
 *
 * tinyc_pad: fills out_bytes bytes at out with p[4], then does the strided copy. */
#include "tinyc_rt.h"

int tinyc_copy(const tinyc_layer* l, uint8_t* arena) {
  memcpy(arena + l->out, arena + l->in0, (size_t)l->out_bytes);
  return TINYC_OK;
}

int tinyc_copy_strided(const tinyc_layer* l, uint8_t* arena) {
  const int flash = l->weights != 0;
  const uint8_t* const from = flash ? (const uint8_t*)l->weights : arena + l->in0;
  uint8_t* const to = arena + l->out;
  const int loops = (int)l->p[0];
  const uint32_t run = (uint32_t)l->p[1];
  const int32_t rounds = tinyc_ld32(l->table);
  const int32_t in_step = tinyc_ld32(l->table + 1), out_step = tinyc_ld32(l->table + 2);
  int32_t in_row = l->p[2], out_row = l->p[3];
  int32_t at[6] = {0, 0, 0, 0, 0, 0};
  for (;;) {
    int32_t in = in_row, out = out_row, i;
    int d;
    if (run == 1 && !flash) {
      for (i = 0; i < rounds; ++i, in += in_step, out += out_step) to[out] = from[in];
    } else {
      for (i = 0; i < rounds; ++i, in += in_step, out += out_step) tinyc_load(to + out, from + in, run, flash);
    }
    /* the outer loops count like an odometer: the first that is not done moves on, those before it start again */
    for (d = 1; d < loops; ++d) {
      const int32_t* row = l->table + 3 * d;
      const int32_t n = tinyc_ld32(row);
      in_row += tinyc_ld32(row + 1);
      out_row += tinyc_ld32(row + 2);
      if (++at[d] < n) break;
      at[d] = 0;
      in_row -= n * tinyc_ld32(row + 1);
      out_row -= n * tinyc_ld32(row + 2);
    }
    if (d == loops) return TINYC_OK;
  }
}

int tinyc_pad(const tinyc_layer* l, uint8_t* arena) {
  memset(arena + l->out, (int)l->p[4], (size_t)l->out_bytes);
  return tinyc_copy_strided(l, arena);
}
