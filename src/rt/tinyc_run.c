/* Runs the layers of a model in order; the first error ends the run. */
#include "tinyc_rt.h"

int tinyc_run(const tinyc_layer* layers, int count, uint8_t* arena) {
  int i;
  for (i = 0; i < count; ++i) {
    int rc;
#if defined(__AVR__)
    tinyc_layer copy; /* records are in flash, where plain reads do not reach */
    const tinyc_layer* l = &copy;
    memcpy_P(&copy, &layers[i], sizeof copy);
#else
    const tinyc_layer* l = &layers[i];
#endif
    rc = l->run(l, arena);
    if (rc != TINYC_OK) return rc;
#ifdef TINYC_TRACE
    if (l->out_bytes > 0) tinyc_trace(i, arena + l->out, l->out_bytes);
#endif
  }
  return TINYC_OK;
}
