/* QEMU's mps2-an386: vectors, start-up, and text through semihosting. On a real board only semihost() and the vector
 * table change. */
#include "board.h"

extern uint32_t stack_top, data_load, data_start, data_end, bss_start, bss_end;
int main(void);
static int semihost(int operation, const void* argument) {
  register int r0 __asm__("r0") = operation;
  register const void* r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}
void print(const char* text) { semihost(4, text); }
void reset(void) {
  *(volatile uint32_t*)0xE000ED88 |= 0xFu << 20; /* floating-point unit on */
  for (uint32_t *d = &data_start, *s = &data_load; d < &data_end;) *d++ = *s++;
  for (uint32_t* b = &bss_start; b < &bss_end;) *b++ = 0;
  const uint32_t exit_block[2] = {0x20026, (uint32_t)main()};
  semihost(0x20, exit_block);
  for (;;) {
  }
}
static void fault(void) {
  const uint32_t exit_block[2] = {0x20026, 3};
  print("fault\n");
  semihost(0x20, exit_block);
  for (;;) {
  }
}
__attribute__((section(".vectors"), used)) static const void* const vectors[16] = {
    &stack_top,         (const void*)reset, (const void*)fault, (const void*)fault,
    (const void*)fault, (const void*)fault, (const void*)fault};
