/* BBC micro:bit (nRF51822, Cortex-M0), real or QEMU's: start-up, text over the serial port, time, and how much RAM has
 * been used. */
#include "microbit.h"

#include "board.h"

#define REGISTER(address) (*(volatile uint32_t*)(address))
#define UART 0x40002000u
#define TIMER 0x40008000u

extern uint32_t stack_top, data_load, data_start, data_end, bss_start, bss_end;
int main(void);

static void put(char c) {
  REGISTER(UART + 0x11C) = 0; /* sent */
  REGISTER(UART + 0x51C) = (uint8_t)c;
  while (REGISTER(UART + 0x11C) == 0) {
  }
}

void print(const char* text) {
  while (*text) put(*text++);
}

static uint32_t now(void) {
  REGISTER(TIMER + 0x040) = 1; /* capture */
  return REGISTER(TIMER + 0x540);
}

void wait_until_next(uint32_t microseconds) {
  static uint32_t last;
  while (now() - last < microseconds) {
  }
  last = now();
}

uint32_t ram_used(void) {
  const uint32_t* p = &bss_end;
  while (p < &stack_top && *p == 0xC5C5C5C5u) p++;
  return 16384u - (uint32_t)((const char*)p - (const char*)&bss_end);
}

void reset(void) {
  uint32_t *d, *s;
  for (d = &data_start, s = &data_load; d < &data_end;) *d++ = *s++;
  for (d = &bss_start; d < &bss_end;) *d++ = 0;
  for (; d < (uint32_t*)__builtin_frame_address(0) - 16;) *d++ = 0xC5C5C5C5u; /* what nobody uses stays so */
  REGISTER(UART + 0x50C) = 24;         /* transmits on the pin of the USB interface */
  REGISTER(UART + 0x524) = 0x01D7E000; /* 115200 baud */
  REGISTER(UART + 0x500) = 4;
  REGISTER(UART + 0x008) = 1;
  REGISTER(TIMER + 0x508) = 3; /* 32 bits */
  REGISTER(TIMER + 0x510) = 4; /* of a microsecond */
  REGISTER(TIMER + 0x000) = 1;
  main();
  for (;;) {
  }
}

static void fault(void) {
  print("fault\n");
  for (;;) {
  }
}

__attribute__((section(".vectors"), used)) static const void* const vectors[16] = {
    &stack_top, (const void*)reset, (const void*)fault, (const void*)fault};
