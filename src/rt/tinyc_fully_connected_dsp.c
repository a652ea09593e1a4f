/* FULLY_CONNECTED with the DSP extension: the record of tinyc_fully_connected; in_c a multiple of 4, every sum below
 * 2^30 and every shift -22 to -1. Two filters at a time read a row (tinyc_dsp_row.c). p[2] = 1: the row is widened in
 * scratch first.
 * scratch: the reader's and block * in_c bytes when the weights are coded, then twice the row when p[2] is set. */
#include "tinyc_rt.h"

int tinyc_fully_connected(const tinyc_layer* l, uint8_t* arena);
int tinyc_fully_connected_dsp(const tinyc_layer* l, uint8_t* arena);

#if TINYC_DSP
void tinyc_dsp_row(const tinyc_layer* l, const uint32_t* row, int wide, const int8_t* first, unsigned k, int32_t c,
                   int32_t count, int8_t* out);

int tinyc_fully_connected_dsp(const tinyc_layer* l, uint8_t* arena) {
  const unsigned k = (unsigned)l->in_c;
  int8_t* decoded = (int8_t*)(arena + l->scratch);
  tinyc_reader reader;
  uint32_t* wide;
  int32_t c, n;
  if (tinyc_is_coded(l)) decoded = tinyc_reader_init(&reader, l, arena, k, 1, 1);
  wide = (uint32_t*)(void*)(decoded + (tinyc_is_coded(l) ? (uint32_t)l->block * k : 0u));
  for (c = 0; c < l->out_c; c += l->block) {
    const int32_t count = l->out_c - c < l->block ? l->out_c - c : l->block;
    const int8_t *w = l->weights + (uint32_t)c * k, *in = (const int8_t*)(arena + l->in0);
    int8_t* out = (int8_t*)(arena + l->out) + c;
    if (tinyc_is_coded(l)) {
      const int rc = tinyc_reader_next(&reader, l, decoded, (uint32_t)count * k);
      if (rc != TINYC_OK) return rc;
      w = decoded;
    }
    for (n = 0; n < l->n; ++n, in += k, out += l->out_c) {
      const uint32_t* x = l->p[2] ? wide : (const uint32_t*)(const void*)in;
      if (l->p[2] && (l->n > 1 || c == 0)) {
        unsigned j;
        for (j = 0; j < k; j += 4) {
          const uint32_t v = tinyc_dsp_load(in + j);
          wide[j / 2] = tinyc_dsp_even(v);
          wide[j / 2 + 1] = tinyc_dsp_odd(v);
        }
      }
      tinyc_dsp_row(l, x, l->p[2] != 0, w, k, c, count, out);
    }
  }
  return TINYC_OK;
}
#else
int tinyc_fully_connected_dsp(const tinyc_layer* l, uint8_t* arena) { return tinyc_fully_connected(l, arena); }
#endif
