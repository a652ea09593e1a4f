/* Filters of raw weights on one patch or row, on AVR with MUL: four filters at a time, from the products to the outputs
 * in registers.
 *
 * Four taps at a time, 156 cycles for 16 products. A value is loaded once for four filters (LD 2). Two products take
 * 17: LPM 3 and MULS 2 each, and their sum, as a number of 16 bits without sign, joins 24 bits in 7; it is 0x7f00 too
 * large (-0x81 in the upper byte), so that none is below zero and the greatest, 2 * 16384 + 0x7f00, still fits. The
 * sums start that much lower. */
#include "tinyc_rt.h"

#if TINYC_AVR_MUL
#define TINYC_FILTERS_TWO(x0, x1, s0, s1, s2) \
  "lpm r20, Z+\n muls r20, " x0               \
  "\n movw r22, r0\n subi r23, 0x81\n"        \
  "lpm r20, Z+\n muls r20, " x1 "\n add r0, r22\n adc r1, r23\n add " s0 ", r0\n adc " s1 ", r1\n adc " s2 ", r21\n"
#define TINYC_FILTERS_FOUR(s0, s1, s2) \
  TINYC_FILTERS_TWO("r16", "r17", s0, s1, s2) TINYC_FILTERS_TWO("r18", "r19", s0, s1, s2)
#define TINYC_FILTERS_ONE(s0, s1, s2) \
  "lpm r20, Z\n muls r20, r16\n sbc " s2 ", r21\n add " s0 ", r0\n adc " s1 ", r1\n adc " s2 ", r21\n"
/* Sums of at most 511 products within `start` +- 2^23. */
static __attribute__((naked, noinline)) void tinyc_filters_avr_run(tinyc_avr_job* job __attribute__((unused)),
                                                                   const int8_t* w __attribute__((unused))) {
  __asm__ volatile(
      TINYC_AVR_SAVE
      "movw r28, r24\n"
      "movw r30, r22\n"
      "1: ldd r26, Y+0\n" /* a group: X = x, Z = w, r14 = next, r24 = back, r22 = fours, r21 = 0 */
      "ldd r27, Y+1\n"
      "ldd r14, Y+4\n"
      "ldd r15, Y+5\n"
      "ldd r24, Y+6\n"
      "ldd r25, Y+7\n"
      "ldd r2, Y+27\n"
      "ldd r3, Y+28\n"
      "ldd r4, Y+29\n"
      "mov r5, r2\n"
      "mov r6, r3\n"
      "mov r7, r4\n"
      "movw r8, r2\n"
      "movw r10, r4\n"
      "movw r12, r6\n"
      "clr r21\n"
      "push r28\n"
      "push r29\n"
      "ldd r28, Y+8\n"
      "tst r28\n"
      "brne 2f\n"
      "rjmp 3f\n"
      "2: ld r16, X+\n"
      "ld r17, X+\n"
      "ld r18, X+\n"
      "ld r19, X+\n"
      TINYC_FILTERS_FOUR("r2", "r3", "r4") "add r30, r14\n adc r31, r15\n"
      TINYC_FILTERS_FOUR("r5", "r6", "r7") "add r30, r14\n adc r31, r15\n"
      TINYC_FILTERS_FOUR("r8", "r9", "r10") "add r30, r14\n adc r31, r15\n"
      TINYC_FILTERS_FOUR("r11", "r12", "r13") "sub r30, r24\n sbc r31, r25\n"
      "dec r28\n"
      "breq 3f\n"
      "rjmp 2b\n"
      "3: pop r29\n"
      "pop r28\n"
      "ldd r22, Y+9\n"
      "ldd r18, Y+2\n"
      "ldd r19, Y+3\n"
      "tst r22\n"
      "breq 5f\n"
      "4: ld r16, X+\n"
      TINYC_FILTERS_ONE("r2", "r3", "r4") "add r30, r18\n adc r31, r19\n"
      TINYC_FILTERS_ONE("r5", "r6", "r7") "add r30, r18\n adc r31, r19\n"
      TINYC_FILTERS_ONE("r8", "r9", "r10") "add r30, r18\n adc r31, r19\n"
      TINYC_FILTERS_ONE("r11", "r12", "r13") "sub r30, r24\n sbc r31, r25\n"
      "adiw r30, 1\n"
      "dec r22\n"
      "brne 4b\n"
      "5: ldd r16, Y+10\n"
      "tst r16\n"
      "breq 6f\n"
      "add r30, r24\n"
      "adc r31, r25\n"
      "std Y+44, r30\n"
      "std Y+45, r31\n"
      TINYC_AVR_CALL("tinyc_avr_outputs")
      "ldd r30, Y+44\n"
      "ldd r31, Y+45\n"
      "ldd r16, Y+10\n"
      "dec r16\n"
      "std Y+10, r16\n"
      "breq 7f\n"
      "rjmp 1b\n"
      "6: std Y+30, r2\n" /* sums only */
      "std Y+31, r3\n"
      "std Y+32, r4\n"
      "std Y+33, r5\n"
      "std Y+34, r6\n"
      "std Y+35, r7\n"
      "std Y+36, r8\n"
      "std Y+37, r9\n"
      "std Y+38, r10\n"
      "std Y+39, r11\n"
      "std Y+40, r12\n"
      "std Y+41, r13\n"
      "7:\n" TINYC_AVR_RESTORE "ret\n");
}

static void tinyc_filters_avr_taps(tinyc_avr_job* job, const int8_t* x, unsigned k, unsigned taps, int32_t start) {
  job->x = x;
  job->k = k;
  job->next = k - 4;
  job->back = 3 * k;
  job->fours = (uint8_t)(taps >> 2);
  job->tail = (uint8_t)(taps & 3);
  start -= job->fours * (int32_t)0xfe00;
  memcpy(job->start, &start, 3);
}

void tinyc_filters_avr_sums(const int8_t* x, const int8_t* w, unsigned k, int32_t* sum);
void tinyc_filters_avr_sums(const int8_t* x, const int8_t* w, unsigned k, int32_t* sum) {
  tinyc_avr_job job;
  unsigned left = k;
  job.groups = 0;
  while (left > 0) {
    const unsigned taps = left < 508 ? left : 508;
    uint8_t i;
    tinyc_filters_avr_taps(&job, x, k, taps, 0);
    tinyc_filters_avr_run(&job, w);
    for (i = 0; i < 4; ++i) {
      int32_t part = 0;
      memcpy((uint8_t*)&part + 1, job.sum[i], 3);
      sum[i] += part >> 8;
    }
    x += taps;
    w += taps;
    left -= taps;
  }
}

int tinyc_filters_avr(const tinyc_layer* l, const int8_t* x, const int8_t* w, unsigned k, int c, int count,
                      int32_t less, int8_t* out);
int tinyc_filters_avr(const tinyc_layer* l, const int8_t* x, const int8_t* w, unsigned k, int c, int count,
                      int32_t less, int8_t* out) {
  tinyc_avr_job job;
  if (count < 4 || k > (less ? 255 : 511)) return 0; /* or the sums have more than 24 bits */
  tinyc_avr_begin(&job, l, c, count, out);
  count = 4 * job.groups;
  tinyc_filters_avr_taps(&job, x, k, k, -less);
  tinyc_filters_avr_run(&job, w);
  return count;
}
#endif
