/* Elementwise functions of one int8 tensor by table.
 * p[0] elements; weights: 256 outputs, indexed by the input's bit pattern. May run in place. */
#include "tinyc_rt.h"

int tinyc_lut(const tinyc_layer* l, uint8_t* arena);

int tinyc_lut(const tinyc_layer* l, uint8_t* arena) {
  const uint8_t *in = arena + l->in0, *const end = in + l->p[0];
  int8_t* out = (int8_t*)(arena + l->out);
  const int8_t* const table = l->weights;
  while (in != end) *out++ = tinyc_ld8(table + *in++);
  return TINYC_OK;
}
