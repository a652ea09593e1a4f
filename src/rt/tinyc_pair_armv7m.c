/* The inner loop of tinyc_conv_2d_pair on Armv7-M. */
#include "tinyc_rt.h"

#if TINYC_ARMV7M
__attribute__((naked)) void tinyc_pair_armv7m(const uint32_t* x, const int8_t* w, const int8_t* w1, unsigned k,
                                              uint32_t* sums);
/* Two taps of two filters: 13 instructions for 8 products. */
#define TINYC_PAIR_TAPS        \
  "ldrd r9, r10, [r0], #8\n"   \
  "ldrsb r11, [r1], #1\n"      \
  "ldrsb r12, [r1], #1\n"      \
  "mla r11, r11, r9, r8\n"     \
  "mla r11, r12, r10, r11\n"   \
  "ldrsb r12, [r2], #1\n"      \
  "ldrsb lr, [r2], #1\n"       \
  "mla r12, r12, r9, r8\n"     \
  "mla r12, lr, r10, r12\n"    \
  "add r4, r11\n"              \
  "add r5, r5, r11, lsr #16\n" \
  "add r6, r12\n"              \
  "add r7, r7, r12, lsr #16\n"

/* k taps, an even number. Written whole: four sums, their constant and what is added to them take all registers, and a
 * compiler would spill. */
void tinyc_pair_armv7m(const uint32_t* x __attribute__((unused)), const int8_t* w __attribute__((unused)),
                       const int8_t* w1 __attribute__((unused)), unsigned k __attribute__((unused)),
                       uint32_t* sums __attribute__((unused))) {
  __asm__ volatile(
      "push {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"
      "ldr r8, [sp, #36]\n"
      "ldmia r8, {r4, r5, r6, r7}\n"
      "mvn r8, #0x80008000\n"
      "and r9, r3, #6\n"
      "add r3, r1\n" /* the end, and where eight taps at a time begin */
      "add r9, r1\n"
      "push {r3, r9}\n"
      "cmp r1, r9\n"
      "beq 2f\n"
      "1:\n" TINYC_PAIR_TAPS
      "ldr r3, [sp, #4]\n"
      "cmp r1, r3\n"
      "bne 1b\n"
      "2: ldr r3, [sp]\n"
      "cmp r1, r3\n"
      "beq 4f\n"
      "3:\n" TINYC_PAIR_TAPS TINYC_PAIR_TAPS TINYC_PAIR_TAPS TINYC_PAIR_TAPS
      "cmp r1, r3\n"
      "bne 3b\n"
      "4: ldr r3, [sp, #44]\n"
      "stmia r3, {r4, r5, r6, r7}\n"
      "add sp, #8\n"
      "pop {r4, r5, r6, r7, r8, r9, r10, r11, pc}\n");
}
#endif
