/* The inner loop of tinyc_conv_2d_pair on Armv6-M. */
#include "tinyc_rt.h"

#if TINYC_ARMV6M
__attribute__((naked)) void tinyc_pair_armv6m(const uint32_t* x, const int8_t* w, const int8_t* w1, unsigned k,
                                              uint32_t* sums);
/* Two taps of two filters: 21 instructions for 8 products. r3 counts up to 0, where x ends. */
#define TINYC_PAIR_TAPS   \
  "ldmia r0!, {r4, r5}\n" \
  "ldrsb r6, [r1, r3]\n"  \
  "ldrsb r7, [r2, r3]\n"  \
  "adds r3, #1\n"         \
  "muls r6, r4\n"         \
  "muls r7, r4\n"         \
  "ldrsb r4, [r1, r3]\n"  \
  "muls r4, r5\n"         \
  "adds r6, r4\n"         \
  "ldrsb r4, [r2, r3]\n"  \
  "muls r4, r5\n"         \
  "adds r7, r4\n"         \
  "add r6, r12\n"         \
  "add r7, r12\n"         \
  "add r8, r6\n"          \
  "add r10, r7\n"         \
  "lsrs r6, #16\n"        \
  "lsrs r7, #16\n"        \
  "add r9, r6\n"          \
  "add r11, r7\n"         \
  "adds r3, #1\n"

/* k taps, an even number. The sums are in the high registers, which only ADD and CMP reach: written whole, because a
 * compiler would spill. */
void tinyc_pair_armv6m(const uint32_t* x __attribute__((unused)), const int8_t* w __attribute__((unused)),
                       const int8_t* w1 __attribute__((unused)), unsigned k __attribute__((unused)),
                       uint32_t* sums __attribute__((unused))) {
  __asm__ volatile(
      ".syntax unified\n"
      "push {r4, r5, r6, r7, lr}\n"
      "mov r4, r8\n"
      "mov r5, r9\n"
      "mov r6, r10\n"
      "mov r7, r11\n"
      "push {r4, r5, r6, r7}\n"
      "ldr r4, [sp, #36]\n"
      "ldmia r4, {r4, r5, r6, r7}\n"
      "mov r8, r4\n"
      "mov r9, r5\n"
      "mov r10, r6\n"
      "mov r11, r7\n"
      "movs r4, #0\n"
      "mvns r4, r4\n"
      "lsrs r4, #17\n"
      "lsls r5, r4, #16\n"
      "orrs r4, r5\n"
      "mov r12, r4\n" /* 0x7fff7fff */
      "adds r1, r3\n"
      "adds r2, r3\n"
      "lsrs r4, r3, #3\n"
      "lsls r4, #3\n"
      "rsbs r4, r4, #0\n"
      "mov lr, r4\n" /* where eight taps at a time begin */
      "rsbs r3, r3, #0\n"
      "b 2f\n"
      "1:\n" TINYC_PAIR_TAPS
      "2: cmp r3, lr\n"
      "bne 1b\n"
      "cmp r3, #0\n"
      "beq 4f\n"
      "3:\n" TINYC_PAIR_TAPS TINYC_PAIR_TAPS TINYC_PAIR_TAPS TINYC_PAIR_TAPS
      "beq 4f\n"
      "b 3b\n"
      "4: ldr r3, [sp, #36]\n"
      "mov r4, r8\n"
      "mov r5, r9\n"
      "mov r6, r10\n"
      "mov r7, r11\n"
      "stmia r3!, {r4, r5, r6, r7}\n"
      "pop {r4, r5, r6, r7}\n"
      "mov r8, r4\n"
      "mov r9, r5\n"
      "mov r10, r6\n"
      "mov r11, r7\n"
      "pop {r4, r5, r6, r7, pc}\n");
}
#endif
