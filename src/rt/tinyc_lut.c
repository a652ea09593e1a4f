/* Elementwise functions of one int8 tensor by table.
 * p[0] elements; weights: 256 outputs, indexed by the input's bit pattern. May run in place. */
#include "tinyc_rt.h"

int tinyc_lut(const tinyc_layer* l, uint8_t* arena);

int tinyc_lut(const tinyc_layer* l, uint8_t* arena) {
  const uint8_t *in = arena + l->in0, *const end = in + l->p[0];
  int8_t* out = (int8_t*)(arena + l->out);
  const int8_t* const table = l->weights;
  for (; TINYC_BY_FOUR && end - in >= 4; in += 4, out += 4) { /* 3.5 instructions an output */
    out[0] = table[in[0]];
    out[1] = table[in[1]];
    out[2] = table[in[2]];
    out[3] = table[in[3]];
  }
  while (in != end) *out++ = tinyc_ld8(table + *in++);
  return TINYC_OK;
}
