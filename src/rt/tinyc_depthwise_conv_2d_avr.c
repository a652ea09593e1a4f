/* The taps of a depthwise convolution on AVR with MUL: four channels at a time, from the products to the outputs in
 * registers. A tap takes 59 cycles for four products: its address 10, the values 8, a product 9 (LPM 3, MULS 2, 4 to
 * add it to 24 bits: MULS leaves the product's sign in C, which SBC subtracts from the third byte), 5 for the loop. */
#include "tinyc_rt.h"

#if TINYC_AVR_MUL
#define TINYC_TAPS_PRODUCT(x, s0, s1, s2) \
  "lpm r20, Z+\n muls r20, " x "\n sbc " s2 ", r21\n add " s0 ", r0\n adc " s1 ", r1\n adc " s2 ", r21\n"

static __attribute__((naked, noinline)) void tinyc_depthwise_conv_2d_avr_run(tinyc_avr_job* job
                                                                             __attribute__((unused))) {
  __asm__ volatile(
      TINYC_AVR_SAVE
      "movw r28, r24\n"
      "1: ldd r24, Y+0\n" /* four channels: r24 = x, Z = w, r14 = next, r22 = taps left, r21 = 0; then Y = the taps */
      "ldd r25, Y+1\n"
      "ldd r14, Y+4\n"
      "ldd r15, Y+5\n"
      "ldd r30, Y+44\n"
      "ldd r31, Y+45\n"
      "ldd r22, Y+8\n"
      "clr r21\n"
      "clr r2\n"
      "clr r3\n"
      "movw r4, r2\n"
      "movw r6, r2\n"
      "movw r8, r2\n"
      "movw r10, r2\n"
      "movw r12, r2\n"
      "push r28\n"
      "push r29\n"
      "ldd r0, Y+46\n"
      "ldd r29, Y+47\n"
      "mov r28, r0\n"
      "2: ld r26, Y+\n"
      "ld r27, Y+\n"
      "adiw r28, 2\n"
      "add r26, r24\n"
      "adc r27, r25\n"
      "ld r16, X+\n"
      "ld r17, X+\n"
      "ld r18, X+\n"
      "ld r19, X+\n"
      TINYC_TAPS_PRODUCT("r16", "r2", "r3", "r4") TINYC_TAPS_PRODUCT("r17", "r5", "r6", "r7")
      TINYC_TAPS_PRODUCT("r18", "r8", "r9", "r10") TINYC_TAPS_PRODUCT("r19", "r11", "r12", "r13")
      "add r30, r14\n"
      "adc r31, r15\n"
      "dec r22\n"
      "brne 2b\n"
      "pop r29\n"
      "pop r28\n"
      "adiw r24, 4\n"
      "std Y+0, r24\n"
      "std Y+1, r25\n"
      "ldd r24, Y+44\n"
      "ldd r25, Y+45\n"
      "adiw r24, 4\n"
      "std Y+44, r24\n"
      "std Y+45, r25\n"
      TINYC_AVR_CALL("tinyc_avr_outputs")
      "ldd r16, Y+10\n"
      "dec r16\n"
      "std Y+10, r16\n"
      "breq 3f\n"
      "rjmp 1b\n"
      "3:\n" TINYC_AVR_RESTORE "ret\n");
}

/* All channels of a pixel but the last out_c % 4, whose number it returns; x is the arena, `taps` its offsets. */
int32_t tinyc_depthwise_conv_2d_avr(const tinyc_layer* l, const uint8_t* x, const uint32_t* taps, const int8_t* w,
                                    int8_t* out);
int32_t tinyc_depthwise_conv_2d_avr(const tinyc_layer* l, const uint8_t* x, const uint32_t* taps, const int8_t* w,
                                    int8_t* out) {
  tinyc_avr_job job;
  const int channels = (int)l->out_c;
  const unsigned count = (unsigned)(l->k_h * l->k_w);
  if (channels < 4 || channels > 1020 || count > 255) return 0; /* `fours` counts taps here */
  tinyc_avr_begin(&job, l, 0, channels, out);
  job.x = (const int8_t*)x;
  job.next = (uint16_t)channels - 4;
  job.fours = (uint8_t)count;
  job.taps = taps;
  job.w = w;
  tinyc_depthwise_conv_2d_avr_run(&job);
  return channels & ~3;
}
#endif
