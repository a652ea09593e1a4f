/* Outputs on AVR with MUL, four at a time from sums in registers: what the products of filters and of depthwise taps
 * end with. An output takes about 200 cycles: bias 30, constants 40, the product with the multiplier 65 (12 MUL; four
 * more when the sum needs 32 bits), both roundings and the shift at once 45, limits and store 25.
 *
 * Both roundings are one shift: with Q = sum * multiplier / 2^24 and e = -shift >= 2, TFLite's result is
 * ((Q +- 64 >> 6 + e) + 1) >> 1 where 64 has the sum's sign, because x / 2^31 rounded, less one when it is negative, is
 * x +- 2^30 over 2^31, rounded down. */
#include "tinyc_rt.h"

#if TINYC_AVR_MUL
typedef char tinyc_avr_job_is_packed[offsetof(tinyc_avr_job, w) == 44 ? 1 : -1];

/* Adds x * y; carries go on from there. */
#define TINYC_AVR_ROW(x, y, c0, c1) "mul " x ", " y "\n add " c0 ", r0\n adc " c1 ", r1\n"
#define TINYC_AVR_CARRY(c) "adc " c ", r31\n"
#define TINYC_AVR_OUTPUT(s0, s1, s2) "mov r16, " s0 "\n mov r17, " s1 "\n mov r18, " s2 "\n rcall 20f\n"

/* Sums of 24 bits in r2..r13; Y = job. Leaves r2 to r13 and Y as they are. */
__attribute__((naked, noinline)) void tinyc_avr_outputs(void);
void tinyc_avr_outputs(void) {
  __asm__ volatile(
      "ldd r16, Y+21\n"
      "bst r16, 0\n" /* T: each its own shift */
      "ldd r26, Y+18\n"
      "ldd r27, Y+19\n"
      TINYC_AVR_OUTPUT("r2", "r3", "r4") TINYC_AVR_OUTPUT("r5", "r6", "r7")
      TINYC_AVR_OUTPUT("r8", "r9", "r10") TINYC_AVR_OUTPUT("r11", "r12", "r13")
      "std Y+18, r26\n"
      "std Y+19, r27\n"
      "ret\n"

      /* One output: a = r16..19 from 24 bits, plus bias; b = r20..23 the multiplier; r30 = -shift - 2 */
      "20: mov r19, r18\n"
      "lsl r19\n"
      "sbc r19, r19\n"
      "ldd r30, Y+12\n"
      "ldd r31, Y+13\n"
      "lpm r0, Z+\n add r16, r0\n"
      "lpm r0, Z+\n adc r17, r0\n"
      "lpm r0, Z+\n adc r18, r0\n"
      "lpm r0, Z+\n adc r19, r0\n"
      "std Y+12, r30\n"
      "std Y+13, r31\n"
      "ldd r30, Y+14\n"
      "ldd r31, Y+15\n"
      "lpm r20, Z+\n"
      "lpm r21, Z+\n"
      "lpm r22, Z+\n"
      "lpm r23, Z+\n"
      "ldd r24, Y+20\n"
      "sub r30, r24\n"
      "sbci r31, 0\n"
      "std Y+14, r30\n"
      "std Y+15, r31\n"
      "ldd r30, Y+16\n"
      "ldd r31, Y+17\n"
      "lpm r0, Z+\n"
      "brtc 35f\n"
      "std Y+16, r30\n"
      "std Y+17, r31\n"
      "35: mov r30, r0\n"
      "com r30\n"
      "dec r30\n"
      "brpl 21f\n"
      "rjmp 30f\n"
      /* bytes 1 to 6 of a0..a2 * b: r24 r25 r14 r15 r16 (a0 is done) r24 (byte 1 is done); r31 = 0 */
      "21: clr r31\n"
      "mul r16, r23\n movw r14, r0\n"
      "ldi r24, 0x40\n add r14, r24\n adc r15, r31\n" /* rounding, as for a sum above zero */
      "mul r16, r21\n movw r24, r0\n"
      "mul r16, r20\n add r24, r1\n" TINYC_AVR_CARRY("r25") TINYC_AVR_CARRY("r14") TINYC_AVR_CARRY("r15")
      TINYC_AVR_ROW("r16", "r22", "r25", "r14") TINYC_AVR_CARRY("r15")
      "clr r16\n"
      TINYC_AVR_ROW("r17", "r23", "r15", "r16")
      TINYC_AVR_ROW("r17", "r20", "r24", "r25") TINYC_AVR_CARRY("r14") TINYC_AVR_CARRY("r15") TINYC_AVR_CARRY("r16")
      TINYC_AVR_ROW("r17", "r21", "r25", "r14") TINYC_AVR_CARRY("r15") TINYC_AVR_CARRY("r16")
      TINYC_AVR_ROW("r17", "r22", "r14", "r15") TINYC_AVR_CARRY("r16")
      "clr r24\n"
      TINYC_AVR_ROW("r18", "r23", "r16", "r24")
      TINYC_AVR_ROW("r18", "r20", "r25", "r14") TINYC_AVR_CARRY("r15") TINYC_AVR_CARRY("r16") TINYC_AVR_CARRY("r24")
      TINYC_AVR_ROW("r18", "r21", "r14", "r15") TINYC_AVR_CARRY("r16") TINYC_AVR_CARRY("r24")
      TINYC_AVR_ROW("r18", "r22", "r15", "r16") TINYC_AVR_CARRY("r24")
      /* then Q in r14 r15 r16 r24 r25 */
      "clr r25\n"
      "tst r19\n"
      "breq 24f\n"
      "cpi r19, 0xff\n"
      "breq 22f\n"
      TINYC_AVR_ROW("r19", "r23", "r24", "r25")
      TINYC_AVR_ROW("r19", "r20", "r14", "r15") TINYC_AVR_CARRY("r16") TINYC_AVR_CARRY("r24") TINYC_AVR_CARRY("r25")
      TINYC_AVR_ROW("r19", "r21", "r15", "r16") TINYC_AVR_CARRY("r24") TINYC_AVR_CARRY("r25")
      TINYC_AVR_ROW("r19", "r22", "r16", "r24") TINYC_AVR_CARRY("r25")
      "sbrs r19, 7\n"
      "rjmp 24f\n"
      "sub r15, r20\n sbc r16, r21\n sbc r24, r22\n sbc r25, r23\n"
      "ldi r20, 0x80\n"
      "sub r14, r20\n sbc r15, r31\n sbc r16, r31\n sbc r24, r31\n sbc r25, r31\n"
      "rjmp 24f\n"
      "22: subi r20, 0x80\n sbci r21, 0xff\n sbci r22, 0xff\n sbci r23, 0xff\n"
      "sub r14, r20\n sbc r15, r21\n sbc r16, r22\n sbc r24, r23\n sbc r25, r25\n"
      /* shifted by 8 already; r30 more: by bytes, then by 4, 2 and 1 of the lower 24 bits */
      "24: cpi r30, 8\n"
      "brlo 26f\n"
      "mov r15, r16\n mov r16, r24\n mov r24, r25\n lsl r25\n sbc r25, r25\n"
      "subi r30, 8\n"
      "rjmp 24b\n"
      "26: mov r20, r24\n lsl r20\n sbc r20, r20\n"
      "cp r20, r25\n"
      "brne 28f\n"
      "sbrs r30, 2\n"
      "rjmp 27f\n"
      "asr r24\n ror r16\n ror r15\n asr r24\n ror r16\n ror r15\n"
      "asr r24\n ror r16\n ror r15\n asr r24\n ror r16\n ror r15\n"
      "27: sbrs r30, 1\n"
      "rjmp 31f\n"
      "asr r24\n ror r16\n ror r15\n asr r24\n ror r16\n ror r15\n"
      "31: sbrs r30, 0\n"
      "rjmp 32f\n"
      "asr r24\n ror r16\n ror r15\n"
      "32: ldd r20, Y+22\n add r15, r20\n"
      "ldd r20, Y+23\n adc r16, r20\n"
      "ldd r20, Y+24\n adc r24, r20\n"
      "ldd r20, Y+25\n" /* how far above the least, at most; loads leave the flags */
      "ldd r21, Y+26\n"
      "brlt 33f\n"
      "asr r24\n ror r16\n ror r15\n"
      "or r16, r24\n"
      "brne 34f\n"
      "cp r20, r15\n"
      "brlo 34f\n"
      "add r21, r15\n"
      "33: st X+, r21\n"
      "ret\n"
      "34: add r21, r20\n"
      "st X+, r21\n"
      "ret\n"
      "28: ldd r20, Y+25\n"
      "ldd r21, Y+26\n"
      "sbrs r25, 7\n"
      "add r21, r20\n"
      "st X+, r21\n"
      "ret\n"
      /* other shifts: tinyc_finish_with(l r24, acc r20..23, multiplier r16..19, shift r14) */
      "30: mov r14, r0\n"
      "movw r24, r16\n"
      "movw r16, r20\n"
      "movw r20, r24\n"
      "movw r24, r18\n"
      "movw r18, r22\n"
      "movw r22, r24\n"
      "ldd r24, Y+42\n"
      "ldd r25, Y+43\n"
      "push r26\n"
      "push r27\n"
      "clr r1\n"
      "ldi r30, lo8(gs(tinyc_finish_with))\n"
      "ldi r31, hi8(gs(tinyc_finish_with))\n"
      "icall\n"
      "pop r27\n"
      "pop r26\n"
      "ldd r16, Y+21\n"
      "bst r16, 0\n"
      "st X+, r24\n"
      "ret\n");
}

void tinyc_avr_begin(tinyc_avr_job* job, const tinyc_layer* l, int c, int count, int8_t* out) {
  const int each = (int)l->p[5], least = l->act_min;
  const int16_t offset = (int16_t)(1 - 2 * (least - l->out_zp));
  job->groups = (uint8_t)(count < 1020 ? count / 4 : 255);
  job->bias = l->bias + c;
  job->mult = each < 0 ? l->mult + c : l->mult;
  job->shift = each ? l->shift + c : l->shift;
  job->out = out;
  job->same = each < 0 ? 0 : 4;
  job->each = each ? 1 : 0;
  memcpy(job->offset, &offset, 2);
  job->offset[2] = offset < 0 ? 0xff : 0;
  job->range = (uint8_t)(l->act_max - least);
  job->least = (int8_t)least;
  job->l = l;
}
#endif
