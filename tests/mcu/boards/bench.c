/* Runs the model `net` once on made-up input and prints what it left: the largest stack (in steps of one byte, from
 * 64), a hash of output 0, and on AVR the cycles. QEMU's plugin counts from count_begin to count_end. -DTINYC_TRACE: on
 * AVR also the cycles up to the end of each layer. -DEMPTY: the same program without a model; what it takes is not the
 * model's. */
#include "board.h"
#ifndef EMPTY
#include "net_data.h"
static uint8_t arena[NET_ARENA_SIZE] __attribute__((aligned(16)));
#endif

/* stack that is painted before the model runs; it and the arena must leave as much RAM */
#ifdef __AVR__
#define PAINTED 400
#else
#define PAINTED 4096
#endif
#define APART __attribute__((noinline, used))

APART void count_begin(void) { __asm__ volatile("" ::: "memory"); }
APART void count_end(void) { __asm__ volatile("" ::: "memory"); }

static void print_number(const char* name, uint32_t v) {
  char digits[11], *p = digits + 10;
  *p = 0;
  do *--p = (char)('0' + v % 10);
  while (v /= 10);
  board_print(name);
  board_print(" ");
  board_print(p);
  board_print("\n");
}

/* The stack below this frame; both calls come from one function, so that they see the same frame. */
static APART uint32_t stack_used(int paint) {
  volatile uint8_t* const top = (volatile uint8_t*)__builtin_frame_address(0) - 64;
  volatile uint8_t* p = top - PAINTED;
  if (paint)
    while (p != top) *p++ = 0x5A;
  else
    while (p != top && *p == 0x5A) ++p;
  return (uint32_t)(top - p) + 64;
}

#ifdef TINYC_TRACE
#ifdef __AVR__
#define MARKS 12
static uint32_t mark[MARKS];
static uint8_t marks;
#endif
APART void tinyc_trace(int layer, const void* out, uint32_t bytes) {
  (void)layer, (void)out, (void)bytes;
#ifdef __AVR__
  if (marks < MARKS) mark[marks++] = board_cycles();
#endif
  __asm__ volatile("" ::: "memory");
}
#endif

static APART void measure(void) {
  uint32_t stack, begin, cycles;
  int status = 0;
  stack_used(1);
  begin = board_cycles();
  count_begin();
#ifndef EMPTY
  status = net_invoke(arena);
#endif
  count_end();
  cycles = board_cycles() - begin;
  stack = stack_used(0);
  print_number("status", status ? 1 : 0);
  print_number("stack", stack);
  print_number("cycles", cycles);
#if defined(TINYC_TRACE) && defined(__AVR__)
  for (uint8_t i = 0; i < marks; ++i) print_number("mark", mark[i] - begin);
#endif
}

int main(void) {
  uint32_t hash = 2166136261u, i;
#ifndef EMPTY
  for (i = 0; i < NET_INPUT_SIZE; ++i) net_input(arena, 0)[i] = (int8_t)(((i * 1103515245u + 12345u) >> 16) & 0xFF);
#endif
  measure();
#ifndef EMPTY
  for (i = 0; i < NET_OUTPUT_SIZE; ++i) hash = (hash ^ (uint8_t)net_output(arena, 0)[i]) * 16777619u; /* FNV-1a */
#else
  i = 0;
  hash ^= i;
#endif
  print_number("hash", hash);
  board_print("done\n");
  return 0;
}
