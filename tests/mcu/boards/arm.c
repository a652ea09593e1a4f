/* Cortex-M under QEMU: vectors, start-up, semihosting. The exit status is main's result. */
#include "board.h"
extern uint32_t stack_top, data_load, data_start, data_end, bss_start, bss_end;
int main(void);
static int semihost(int operation, const void* argument) {
  register int r0 __asm__("r0") = operation;
  register const void* r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}
static void leave(uint32_t status) {
  const uint32_t block[2] = {0x20026, status};
  for (;;) semihost(0x20, block);
}
void board_print(const char* text) { semihost(4, text); }
uint32_t board_cycles(void) { return 0; }
int board_open(const char* name) {
  uint32_t length = 0;
  while (name[length]) ++length;
  const uint32_t block[3] = {(uint32_t)(uintptr_t)name, 1, length};
  return semihost(1, block);
}
int board_read(int file, void* to, uint32_t bytes) {
  const uint32_t block[3] = {(uint32_t)file, (uint32_t)(uintptr_t)to, bytes};
  return semihost(6, block);
}
void reset(void) {
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
  *(volatile uint32_t*)0xE000ED88 |= 0xFu << 20; /* coprocessors on: floating point and MVE registers */
  __asm__ volatile("dsb\nisb");
#endif
  for (uint32_t *d = &data_start, *s = &data_load; d < &data_end;) *d++ = *s++;
  for (uint32_t* b = &bss_start; b < &bss_end;) *b++ = 0;
  leave((uint32_t)main());
}
static void fault(void) {
  board_print("fault\n");
  leave(99);
}
__attribute__((section(".vectors"), used)) static const void* const vectors[8] = {
    &stack_top,         (const void*)reset, (const void*)fault, (const void*)fault,
    (const void*)fault, (const void*)fault, (const void*)fault, 0};
