/* What every layer computed, one line each, over anything that prints a character, for `tinyc trace`.
 *
 *   #define TINYC_PUTCHAR(c) uart_put(c)
 *   #include "tinyc_trace.h"                                    in one file of the firmware
 *   tinyc_trace_input(kws_input(arena, 0), KWS_INPUT_SIZE);     before kws_invoke: each input, in their order
 *
 * Compile all with -DTINYC_TRACE. The lines:
 *   tinyc: input bytes 784 hash 811c9dc5 at 20000010            FNV-1a of the bytes, and their address
 *   tinyc: layer 3 bytes 288 hash 050c5d1f at 20000410
 *   tinyc: + 00ff80...                                          32 bytes of the line above
 * -DTINYC_TRACE_DUMP=3 prints the bytes of layer 3 as well, -DTINYC_TRACE_DUMP_INPUT those of inputs. */
#ifndef TINYC_TRACE_H
#define TINYC_TRACE_H
#include <stdint.h>

#ifndef TINYC_PUTCHAR
#error "define TINYC_PUTCHAR(c) before tinyc_trace.h: how a character is printed"
#endif
#ifndef TINYC_TRACE_DUMP
#define TINYC_TRACE_DUMP (-1)
#endif

static inline void tinyc_trace_text(const char* text) {
  while (*text) TINYC_PUTCHAR(*text++);
}
static inline void tinyc_trace_hex(uint32_t v, int digits) {
  while (digits-- > 0) {
    const int digit = (int)(v >> (4 * digits)) & 15;
    TINYC_PUTCHAR((char)(digit < 10 ? '0' + digit : 'a' + digit - 10));
  }
}
static inline void tinyc_trace_number(uint32_t v) {
  char digits[11], *p = digits + 10;
  *p = 0;
  do *--p = (char)('0' + v % 10u);
  while (v /= 10u);
  tinyc_trace_text(p);
}
static inline void tinyc_trace_line(const void* data, uint32_t bytes, int dump) {
  const uint8_t* p = (const uint8_t*)data;
  uint32_t hash = 2166136261u, i;
  for (i = 0; i < bytes; i++) hash = (hash ^ p[i]) * 16777619u;
  tinyc_trace_text(" bytes ");
  tinyc_trace_number(bytes);
  tinyc_trace_text(" hash ");
  tinyc_trace_hex(hash, 8);
  tinyc_trace_text(" at ");
  tinyc_trace_hex((uint32_t)(uintptr_t)data, 8);
  for (i = 0; dump && i < bytes; i++) {
    if (i % 32u == 0) tinyc_trace_text("\ntinyc: + ");
    tinyc_trace_hex(p[i], 2);
  }
  tinyc_trace_text("\n");
}

static inline void tinyc_trace_input(const void* in, uint32_t bytes) {
#ifdef TINYC_TRACE_DUMP_INPUT
  const int dump = 1;
#else
  const int dump = 0;
#endif
  tinyc_trace_text("tinyc: input");
  tinyc_trace_line(in, bytes, dump);
}

#ifdef TINYC_TRACE
#ifdef __cplusplus
extern "C"
#endif
    void
    tinyc_trace(int layer, const void* out, uint32_t bytes);
void tinyc_trace(int layer, const void* out, uint32_t bytes) {
  tinyc_trace_text("tinyc: layer ");
  tinyc_trace_number((uint32_t)layer);
  tinyc_trace_line(out, bytes, layer == (TINYC_TRACE_DUMP));
}
#endif
#endif
