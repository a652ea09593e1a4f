/* Products of one patch with four filters on Armv6-M: 14 instructions for four products (LDRSB of the value; for each
 * filter LDRSB, MULS and ADD; one for the index) and, unrolled, a branch for sixteen. Written whole: the sums are in
 * high registers, which only ADD reaches and a compiler leaves unused. */
#include "tinyc_rt.h"

#if TINYC_ARMV6M
#define TINYC_FILTERS_PRODUCT(w, sum) \
  "ldrsb r7, [" w                     \
  ", r5]\n"                           \
  "muls r7, r6\n"                     \
  "add " sum ", r7\n"
#define TINYC_FILTERS_TAP                                                                    \
  "ldrsb r6, [r0, r5]\n" TINYC_FILTERS_PRODUCT("r1", "r8") TINYC_FILTERS_PRODUCT("r2", "r9") \
      TINYC_FILTERS_PRODUCT("r3", "r10") TINYC_FILTERS_PRODUCT("r4", "r11") "adds r5, #1\n"

/* Adds to sum[0 .. 3]; the index in r5 counts from -k up to 0. */
__attribute__((naked)) void tinyc_filters_armv6m(const int8_t* x, const int8_t* w, unsigned k, int32_t* sum);
void tinyc_filters_armv6m(const int8_t* x __attribute__((unused)), const int8_t* w __attribute__((unused)),
                          unsigned k __attribute__((unused)), int32_t* sum __attribute__((unused))) {
  __asm__ volatile(
      ".syntax unified\n"
      "push {r4, r5, r6, r7, lr}\n"
      "mov r4, r8\n"
      "mov r5, r9\n"
      "mov r6, r10\n"
      "mov r7, r11\n"
      "push {r4, r5, r6, r7}\n"
      "mov r12, r3\n"
      "ldmia r3!, {r4, r5, r6, r7}\n"
      "mov r8, r4\n"
      "mov r9, r5\n"
      "mov r10, r6\n"
      "mov r11, r7\n"
      "rsbs r5, r2, #0\n"
      "lsrs r6, r2, #2\n"
      "lsls r6, #2\n"
      "rsbs r6, r6, #0\n"
      "mov lr, r6\n" /* where four taps at a time begin */
      "adds r0, r2\n"
      "adds r1, r2\n"
      "adds r3, r1, r2\n"
      "adds r4, r3, r2\n"
      "mov r6, r3\n"
      "mov r3, r4\n"
      "adds r4, r2\n"
      "mov r2, r6\n"
      "b 2f\n"
      "1:\n" TINYC_FILTERS_TAP
      "2: cmp r5, lr\n"
      "bne 1b\n"
      "cmp r5, #0\n"
      "beq 4f\n"
      "3:\n" TINYC_FILTERS_TAP TINYC_FILTERS_TAP TINYC_FILTERS_TAP TINYC_FILTERS_TAP
      "bne 3b\n"
      "4: mov r3, r12\n"
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
