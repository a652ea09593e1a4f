/* Runs single layers from the file "layers.bin" (see layers_test.cpp for its form) and compares their outputs; prints
 * the number of each wrong one. A kernel may write to its output and scratch only. */
#include "layers.h" /* kernels[] */

#include <stddef.h>
#include <string.h>

#include "board.h"
#include "tinyc_rt.h"

#define NUMBERS offsetof(tinyc_layer, in0)
static uint8_t data[160 * 1024] __attribute__((aligned(16)));
static uint8_t arena[96 * 1024] __attribute__((aligned(16)));

typedef struct {
  uint32_t bytes, kernel, weights, codec, bias, mult, shift, arena_bytes, in_bytes, scratch_bytes, numbers;
} head;

/* The next `bytes` of the case; every part begins at a multiple of 16. */
static const uint8_t* next(uint32_t* at, uint32_t bytes) {
  const uint8_t* p = data + *at;
  *at += (bytes + 15) / 16 * 16;
  return p;
}

static int wrong(const head* h) {
  uint32_t at = 0, i;
  tinyc_layer l;
  const uint8_t *input, *expected;
  memset(&l, 0, sizeof l);
  l.run = kernels[h->kernel];
  memcpy((char*)&l + NUMBERS, next(&at, h->numbers), h->numbers);
  l.weights = (const int8_t*)next(&at, h->weights);
  l.codec = next(&at, h->codec);
  if (h->codec == 0) l.codec = 0;
  l.bias = (const int32_t*)(const void*)next(&at, h->bias);
  l.mult = (const int32_t*)(const void*)next(&at, h->mult);
  l.shift = (const int8_t*)next(&at, h->shift);
  input = next(&at, h->in_bytes);
  expected = next(&at, l.out_bytes);
  memset(arena, 0xA5, h->arena_bytes);
  memcpy(arena + l.in0, input, h->in_bytes);
  if (l.run(&l, arena) != TINYC_OK) return 1;
  if (memcmp(arena + l.out, expected, l.out_bytes) != 0) return 1;
  for (i = 0; i < h->arena_bytes; ++i) {
    const uint8_t before = i - l.in0 < h->in_bytes ? input[i - l.in0] : 0xA5;
    if (arena[i] != before && i - l.out >= l.out_bytes && i - l.scratch >= h->scratch_bytes) return 1;
  }
  return 0;
}

static void print_number(uint32_t v) {
  char text[12], *p = text + 11;
  *p = 0;
  do *--p = (char)('0' + v % 10);
  while ((v /= 10) != 0);
  board_print(p);
}

int main(void) {
  const int file = board_open("layers.bin");
  uint32_t count = 0, failed = 0;
  head h;
  if (file < 0) return 2;
  for (; board_read(file, &h, sizeof h) == 0 && h.bytes > 0; ++count) {
    if (h.bytes > sizeof data || h.arena_bytes > sizeof arena || board_read(file, data, h.bytes) != 0) return 2;
    if (wrong(&h)) {
      ++failed;
      board_print("wrong: layer ");
      print_number(count);
      board_print("\n");
    }
  }
  print_number(count);
  board_print(" layers\n");
  return failed > 0 || count == 0;
}
