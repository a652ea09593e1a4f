/* PRELU: x where x >= 0, else alpha * x; alpha (operand B, in flash or in the arena) is broadcast to the input's shape.
 * Equal to the TFLite reference kernel bit for bit. p[0], p[1] multiplier and shift for x >= 0; p[2], p[3] for x *
 * alpha. Loops as in tinyc_broadcast. May run in place. */
#include "tinyc_rt.h"

int tinyc_prelu(const tinyc_layer* l, uint8_t* arena);

static void tinyc_prelu_row(const tinyc_layer* l, const int8_t* a, const int8_t* b, int8_t* out) {
  int32_t i;
  for (i = 0; i < l->in_c; ++i, a += l->stride_h, b += l->stride_w) {
    const int32_t x = *a - l->in0_zp;
    const int32_t y = x >= 0 ? tinyc_requant(x, l->p[0], (int)l->p[1])
                             : tinyc_requant(x * (tinyc_ld_b(l, b) - l->in1_zp), l->p[2], (int)l->p[3]);
    out[i] = (int8_t)tinyc_output(y, l->out_zp, -128, 127);
  }
}

int tinyc_prelu(const tinyc_layer* l, uint8_t* arena) { return tinyc_broadcast(l, arena, tinyc_prelu_row); }
