/* Firmware of the example: classifies pictures on a Cortex-M4 and prints through semihosting (QEMU mps2-an386). On a
 * real board only semihost() and the vector table change. */
#include <stdint.h>

#include "fashion_data.h"
#include "pictures.h"

static uint8_t arena[FASHION_ARENA_SIZE] __attribute__((aligned(16)));
static const char* const names[10] = {"T-shirt", "Trouser", "Pullover", "Dress", "Coat",
                                      "Sandal",  "Shirt",   "Sneaker",  "Bag",   "Boot"};

/* ---- board: vectors, start-up, text ---- */
extern uint32_t stack_top, data_load, data_start, data_end, bss_start, bss_end;
int main(void);
static int semihost(int operation, const void* argument) {
  register int r0 __asm__("r0") = operation;
  register const void* r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}
static void print(const char* text) { semihost(4, text); }
static void print_number(uint32_t v) {
  char digits[11], *p = digits + 10;
  *p = 0;
  do *--p = (char)('0' + v % 10);
  while (v /= 10);
  print(p);
}
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

/* ---- the model ---- */
static int8_t quantized(uint8_t pixel) { /* the float input is pixel / 255 */
  const float q = (float)pixel / 255.0f / FASHION_INPUT_SCALE;
  const int v = (int)(q + 0.5f) + FASHION_INPUT_ZERO_POINT;
  return (int8_t)(v > 127 ? 127 : v);
}

int main(void) {
  int right = 0;
  for (int i = 0; i < PICTURES; i++) {
    int8_t* in = fashion_input(arena, 0);
    for (int k = 0; k < FASHION_INPUT_SIZE; k++) in[k] = quantized(pictures[i][k]);
    if (fashion_invoke(arena) != 0) {
      print("invoke failed\n");
      return 1;
    }
    const int8_t* out = fashion_output(arena, 0);
    int best = 0;
    for (int k = 1; k < FASHION_OUTPUT_SIZE; k++)
      if (out[k] > out[best]) best = k;
    right += best == labels[i];
    print("picture ");
    print_number((uint32_t)i);
    print(": ");
    print(names[best]);
    if (best != labels[i]) {
      print("   (is: ");
      print(names[labels[i]]);
      print(")");
    }
    print("\n");
  }
  print_number((uint32_t)right);
  print(" of ");
  print_number(PICTURES);
  print(" pictures right on the emulated Cortex-M4\n");
  return 0;
}
