/* CONV_2D by a list with the DSP extension: the record of tinyc_conv_2d_list; every sum below 2^30, every shift -22 to
 * -1, outputs from -128 to 127. 12 instructions for the 16 products of an entry with four pixels, 1/2 for the loop, 42
 * for a filter's four outputs. scratch: the band, then for each filter twice the bias, multiplier, rounding constant
 * and shift, and a word more. */
#include "tinyc_rt.h"

int tinyc_conv_2d_list(const tinyc_layer* l, uint8_t* arena);
int tinyc_conv_2d_list_dsp(const tinyc_layer* l, uint8_t* arena);

#if TINYC_DSP
int tinyc_conv_2d_list_band(const tinyc_layer* l, uint8_t* arena, int32_t row);
int32_t tinyc_conv_2d_list_size(const tinyc_layer* l);

/* An entry: one LDM of offset and weights, two of the pixels' values. */
#define TINYC_CONV_2D_LIST_ENTRY     \
  "ldmia r1!, {r2, r3, r12}\n"       \
  "add r2, r0\n"                     \
  "ldmia r2!, {r8, r9, r10, r11}\n"  \
  "smlad r4, r3, r8, r4\n"           \
  "smlad r5, r3, r10, r5\n"          \
  "smlad r4, r12, r9, r4\n"          \
  "smlad r5, r12, r11, r5\n"         \
  "ldmia.w r2, {r8, r9, r10, r11}\n" \
  "smlad r6, r3, r8, r6\n"           \
  "smlad r7, r3, r10, r7\n"          \
  "smlad r6, r12, r9, r6\n"          \
  "smlad r7, r12, r11, r7\n"
/* tinyc_dsp_requant of v by the multiplier in r3, the rounding constant in r8 and the shift in r9. */
#define TINYC_CONV_2D_LIST_REQUANT(v) \
  "smmulr " v ", " v                  \
  ", r3\n"                            \
  "add " v ", " v ", " v              \
  ", asr #31\n"                       \
  "add " v ", " v                     \
  ", r8\n"                            \
  "asr " v ", " v                     \
  ", r9\n"                            \
  "ssat " v ", #8, " v "\n"

/* All filters of a list on four pixels whose windows begin at x; scales: the first filter's multiplier. r0 = x,
 * r1 = list, r4 to r7 = sums; in the frame: scales, their end, out, step[0 .. 2]. The entries that are no multiple of
 * four are done in the first round, which begins in the middle of the loop. */
__attribute__((naked)) static void tinyc_conv_2d_list_filters(const int16_t* x __attribute__((unused)),
                                                              const int8_t* list __attribute__((unused)),
                                                              const int32_t* scales __attribute__((unused)),
                                                              const int32_t* end __attribute__((unused)),
                                                              int8_t* out __attribute__((unused)),
                                                              const int32_t* step __attribute__((unused))) {
  __asm__ volatile(
      "push {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"
      "ldrd r4, r5, [sp, #36]\n"
      "ldmia r5, {r5, r6, r7}\n"
      "sub sp, #28\n"
      "stmia sp, {r2, r3, r4, r5, r6, r7}\n"
      "ldr r10, [r2, #-4]\n"
      "1: ldr lr, [r1], #4\n"
      "mov r4, r10\n"
      "mov r5, r10\n"
      "mov r6, r10\n"
      "mov r7, r10\n"
      "and r2, lr, #3\n"
      "lsrs lr, lr, #2\n"
      "beq 6f\n"
      "tbb [pc, r2]\n"
      "2: .byte (5f - 2b + 138) / 2, (5f - 2b + 92) / 2, (5f - 2b + 46) / 2, (5f - 2b) / 2\n"
      "5:\n" TINYC_CONV_2D_LIST_ENTRY TINYC_CONV_2D_LIST_ENTRY TINYC_CONV_2D_LIST_ENTRY TINYC_CONV_2D_LIST_ENTRY
      "subs lr, #1\n"
      "bne 5b\n"
      "6: ldr r2, [sp]\n"
      "ldr r11, [sp, #4]\n"
      "ldmia r2!, {r3, r8, r9, r10}\n"
      "str r2, [sp]\n"
      TINYC_CONV_2D_LIST_REQUANT("r4") TINYC_CONV_2D_LIST_REQUANT("r5")
      TINYC_CONV_2D_LIST_REQUANT("r6") TINYC_CONV_2D_LIST_REQUANT("r7")
      "cmp r2, r11\n"
      "ldrd r2, r3, [sp, #16]\n"
      "ldrd r12, r8, [sp, #8]\n"
      "strb r7, [r12, r3]\n" /* a pixel that is not there has step 0: the first pixel's output replaces it */
      "strb r6, [r12, r2]\n"
      "strb r5, [r12, r8]\n"
      "strb r4, [r12], #1\n"
      "str r12, [sp, #8]\n"
      "bne 1b\n"
      "add sp, #28\n"
      "pop {r4, r5, r6, r7, r8, r9, r10, r11, pc}\n");
}

int tinyc_conv_2d_list_dsp(const tinyc_layer* l, uint8_t* arena) {
  const int16_t* const band = (const int16_t*)(const void*)(arena + l->scratch);
  int32_t* const scales = (int32_t*)(void*)(arena + l->scratch) + l->k_h * tinyc_conv_2d_list_size(l) / 2;
  int8_t* out = (int8_t*)(arena + l->out);
  int32_t row, c;
  int pixels, x;
  for (c = 0; c < l->out_c; ++c) {
    int32_t* const s = scales + 4 * c;
    s[3] = -l->shift[c & -(l->p[5] & 1)];
    s[2] = tinyc_dsp_round(l->out_zp, s[3]);
    s[1] = l->mult[c & (l->p[5] >> 1)];
    s[0] = tinyc_dsp_twice(l->bias[c]);
  }
  for (row = 0; (pixels = tinyc_conv_2d_list_band(l, arena, row)) > 0; ++row)
    for (x = 0; x < pixels; x += 4) {
      const int there = pixels - x < 4 ? pixels - x : 4;
      int32_t step[3];
      int i;
      for (i = 1; i < 4; ++i) step[i - 1] = i < there ? i * l->out_c : 0;
      tinyc_conv_2d_list_filters(band + 4 * x, l->weights, scales + 1, scales + 1 + 4 * l->out_c, out, step);
      out += there * l->out_c;
    }
  return TINYC_OK;
}
#else
int tinyc_conv_2d_list_dsp(const tinyc_layer* l, uint8_t* arena) { return tinyc_conv_2d_list(l, arena); }
#endif
