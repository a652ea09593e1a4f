/* Products of one row with four filters on AVR with MUL, four taps at a time: 164 cycles for 16 products. A value is
 * loaded once for four filters (LD 2), a product takes 9: LPM 3, MULS 2, and 4 to add it to 24 bits: MULS leaves the
 * product's sign in C, which SBC subtracts from the third byte before ADD, ADC, ADC. */
#include "tinyc_rt.h"

#if TINYC_AVR_MUL
#define TINYC_FILTERS_PRODUCT(x, s0, s1, s2) \
  "lpm r20, Z+\n"                            \
  "muls r20, " x                             \
  "\n"                                       \
  "sbc " s2                                  \
  ", r21\n"                                  \
  "add " s0                                  \
  ", r0\n"                                   \
  "adc " s1                                  \
  ", r1\n"                                   \
  "adc " s2 ", r21\n"
#define TINYC_FILTERS_FOUR(s0, s1, s2)     \
  TINYC_FILTERS_PRODUCT("r16", s0, s1, s2) \
  TINYC_FILTERS_PRODUCT("r17", s0, s1, s2) \
  TINYC_FILTERS_PRODUCT("r18", s0, s1, s2) TINYC_FILTERS_PRODUCT("r19", s0, s1, s2)
#define TINYC_FILTERS_NEXT \
  "add r30, r14\n"         \
  "adc r31, r15\n"
#define TINYC_FILTERS_BYTE(s) \
  "ld r0, Z\n"                \
  "adc r0, " s                \
  "\n"                        \
  "st Z+, r0\n"
/* sum += 24 bits with their sign. */
#define TINYC_FILTERS_ADD(s0, s1, s2) \
  "mov r20, " s2                      \
  "\n"                                \
  "lsl r20\n"                         \
  "sbc r20, r20\n"                    \
  "clc\n" TINYC_FILTERS_BYTE(s0) TINYC_FILTERS_BYTE(s1) TINYC_FILTERS_BYTE(s2) TINYC_FILTERS_BYTE("r20")
#define TINYC_FILTERS_SAVED(x)                                                                                 \
  x("r2") x("r3") x("r4") x("r5") x("r6") x("r7") x("r8") x("r9") x("r10") x("r11") x("r12") x("r13") x("r14") \
      x("r1"                                                                                                   \
        "5")

/* Adds the products of 4 * fours taps, 1 <= fours <= 64 (or the 24 bits overflow), of filters of k weights in flash,
 * k >= 4, to sum[0 .. 3]. */
__attribute__((naked, noinline)) void tinyc_filters_avr(const int8_t* x, const int8_t* w, unsigned k, uint8_t fours,
                                                        int32_t* sum);
void tinyc_filters_avr(const int8_t* x __attribute__((unused)), const int8_t* w __attribute__((unused)),
                       unsigned k __attribute__((unused)), uint8_t fours __attribute__((unused)),
                       int32_t* sum __attribute__((unused))) {
#define TINYC_FILTERS_PUSH(r) "push " r "\n"
  __asm__ volatile(
      TINYC_FILTERS_SAVED(TINYC_FILTERS_PUSH)
      "push r16\n"
      "push r17\n"
      "movw r26, r24\n"
      "movw r30, r22\n"
      "movw r14, r20\n" /* to the next filter: k - 4 */
      "movw r24, r20\n" /* back to the first one: 3 k */
      "lsl r24\n"
      "rol r25\n"
      "add r24, r20\n"
      "adc r25, r21\n"
      "ldi r21, 4\n"
      "sub r14, r21\n"
      "clr r21\n"
      "sbc r15, r21\n"
      "mov r22, r18\n"
      "clr r2\n"
      "clr r3\n"
      "movw r4, r2\n"
      "movw r6, r2\n"
      "movw r8, r2\n"
      "movw r10, r2\n"
      "movw r12, r2\n"
      "1: ld r16, X+\n"
      "ld r17, X+\n"
      "ld r18, X+\n"
      "ld r19, X+\n"
      TINYC_FILTERS_FOUR("r2", "r3", "r4") TINYC_FILTERS_NEXT
      TINYC_FILTERS_FOUR("r5", "r6", "r7") TINYC_FILTERS_NEXT
      TINYC_FILTERS_FOUR("r8", "r9", "r10") TINYC_FILTERS_NEXT
      TINYC_FILTERS_FOUR("r11", "r12", "r13")
      "sub r30, r24\n"
      "sbc r31, r25\n"
      "dec r22\n"
      "breq 2f\n"
      "rjmp 1b\n"
      "2: pop r17\n"
      "pop r16\n"
      "movw r30, r16\n"
      TINYC_FILTERS_ADD("r2", "r3", "r4") TINYC_FILTERS_ADD("r5", "r6", "r7")
      TINYC_FILTERS_ADD("r8", "r9", "r10") TINYC_FILTERS_ADD("r11", "r12", "r13")
      "clr r1\n"
      "pop r15\n"
      "pop r14\n"
      "pop r13\n"
      "pop r12\n"
      "pop r11\n"
      "pop r10\n"
      "pop r9\n"
      "pop r8\n"
      "pop r7\n"
      "pop r6\n"
      "pop r5\n"
      "pop r4\n"
      "pop r3\n"
      "pop r2\n"
      "ret\n");
}
#endif
