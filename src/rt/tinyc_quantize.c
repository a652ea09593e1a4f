/* QUANTIZE int8 -> int8: (x - in0_zp) * multiplier + out_zp, clamped; may write over its input.
 *   p[0] multiplier (Q31)   p[1] shift, > 0 is left */
#include "tinyc_rt.h"

int tinyc_quantize(const tinyc_layer* l, uint8_t* arena) {
  const int8_t* in = (const int8_t*)(arena + l->in0);
  int8_t* out = (int8_t*)(arena + l->out);
  uint32_t i;
  for (i = 0; i < l->out_bytes; ++i)
    out[i] = (int8_t)tinyc_clamp(tinyc_requant(in[i] - l->in0_zp, l->p[0], (int)l->p[1]) + l->out_zp, -128, 127);
  return TINYC_OK;
}
