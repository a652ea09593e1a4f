/* RV32 on QEMU's virt machine, semihosting. */
#include "board.h"
int main(void);
extern uint32_t stack_top, data_load, data_start, data_end, bss_start, bss_end;
static int semihost(int operation, const void* argument) {
  register int a0 __asm__("a0") = operation;
  register const void* a1 __asm__("a1") = argument;
  __asm__ volatile(".option push\n.option norvc\n.balign 16\nslli x0, x0, 0x1f\nebreak\nsrai x0, x0, 7\n.option pop"
                   : "+r"(a0)
                   : "r"(a1)
                   : "memory");
  return a0;
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
__attribute__((used, noreturn)) void start(void) {
  for (uint32_t *d = &data_start, *s = &data_load; d < &data_end;) *d++ = *s++;
  for (uint32_t* b = &bss_start; b < &bss_end;) *b++ = 0;
  const uint32_t block[2] = {0x20026, (uint32_t)main()};
  for (;;) semihost(0x20, block);
}
__attribute__((section(".vectors"), naked, used)) void reset(void) { __asm__("la sp, stack_top\nj start"); }
