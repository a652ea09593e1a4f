/* RESIZE_NEAREST_NEIGHBOR: n pictures in_h x in_w x in_c -> out_h x out_w x in_c.
 * The input row of output row i is min((i * p[0] + p[1]) / p[2], in_h - 1), the column likewise with p[3..5]; or, when
 * table is not 0, table[i] for rows and table[out_h + j] for columns. */
#include "tinyc_rt.h"

/* The quotient moves on with i: additions instead of a division for each pixel. */
typedef struct {
  int32_t index, rest, last;
} tinyc_nearest;

static tinyc_nearest tinyc_nearest_first(const int32_t* p, int32_t size) {
  tinyc_nearest s;
  s.index = 0;
  s.rest = p[1];
  s.last = size - 1;
  return s;
}

/* The index for the current position; then moves to the next. */
static int32_t tinyc_nearest_next(tinyc_nearest* s, const int32_t* p) {
  while (s->rest >= p[2] && s->index < s->last) {
    s->rest -= p[2];
    ++s->index;
  }
  if (s->index < s->last) s->rest += p[0];
  return s->index;
}

int tinyc_resize_nearest_neighbor(const tinyc_layer* l, uint8_t* arena) {
  const int32_t c = l->in_c, row = c * l->in_w, out_row = c * l->out_w;
  const uint8_t* picture = arena + l->in0;
  uint8_t* out = arena + l->out;
  int32_t n, y, x;
  for (n = 0; n < l->n; ++n, picture += row * l->in_h) {
    tinyc_nearest rows = tinyc_nearest_first(l->p, l->in_h);
    int32_t before = -1;
    for (y = 0; y < l->out_h; ++y, out += out_row) {
      const int32_t at = l->table ? tinyc_ld32(l->table + y) : tinyc_nearest_next(&rows, l->p);
      if (at == before) {
        memcpy(out, out - out_row, (size_t)out_row);
      } else {
        tinyc_nearest columns = tinyc_nearest_first(l->p + 3, l->in_w);
        for (x = 0; x < l->out_w; ++x) {
          const int32_t from = l->table ? tinyc_ld32(l->table + l->out_h + x) : tinyc_nearest_next(&columns, l->p + 3);
          memcpy(out + x * c, picture + at * row + from * c, (size_t)c);
        }
      }
      before = at;
    }
  }
  return TINYC_OK;
}
