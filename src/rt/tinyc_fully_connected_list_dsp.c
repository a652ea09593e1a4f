/* FULLY_CONNECTED by a list with the DSP extension: the record of tinyc_fully_connected_list; every sum below 2^30,
 * every shift -22 to -1, outputs from -128 to 127. 9 instructions for the four weights of an entry, 1/2 for the loop,
 * 25 for an output. */
#include "tinyc_rt.h"

int tinyc_fully_connected_list(const tinyc_layer* l, uint8_t* arena);
int tinyc_fully_connected_list_dsp(const tinyc_layer* l, uint8_t* arena);

#if TINYC_DSP
/* An entry: one LDM of four offsets and four weights. */
#define TINYC_FULLY_CONNECTED_LIST_ENTRY    \
  "ldmia.w r1!, {r2, r3, r4, r5, r6, r7}\n" \
  "ldrsb r2, [r0, r2]\n"                    \
  "ldrsb r3, [r0, r3]\n"                    \
  "ldrsb r4, [r0, r4]\n"                    \
  "ldrsb r5, [r0, r5]\n"                    \
  "smlabb r8, r2, r6, r8\n"                 \
  "smlabt r8, r3, r6, r8\n"                 \
  "smlabb r8, r4, r7, r8\n"                 \
  "smlabt r8, r5, r7, r8\n"

/* What a row of outputs goes through; steps are bytes from channel to channel. */
typedef struct {
  int32_t mult_step, shift_step, round; /* round: twice the zero point and 1 */
  const int8_t* end;                    /* of the outputs */
  const int32_t *bias, *mult;
  const int8_t* shift;
  int8_t* out;
} tinyc_fully_connected_list_outputs;

/* Outputs of a row x. r0 = x, r1 = list, r8 = sum, r9 = bias, r10 = multipliers, r11 = shifts, r12 = out. The entries
 * that are no multiple of four are done in the first round, which begins in the middle of the loop. */
__attribute__((naked)) static void tinyc_fully_connected_list_row(const int8_t* x __attribute__((unused)),
                                                                  const int8_t* list __attribute__((unused)),
                                                                  const tinyc_fully_connected_list_outputs* outputs
                                                                  __attribute__((unused))) {
  __asm__ volatile(
      "push {r4, r5, r6, r7, r8, r9, r10, r11, lr}\n"
      "sub sp, #20\n"
      "ldmia r2!, {r3, r4, r5, r6}\n"
      "stmia sp, {r3, r4, r5, r6}\n"
      "ldmia r2, {r9, r10, r11, r12}\n"
      "1: ldr lr, [r1], #4\n"
      "ldr r8, [r9], #4\n"
      "add r8, r8, r8\n"
      "and r2, lr, #3\n"
      "lsrs lr, lr, #2\n"
      "beq 4f\n"
      "tbb [pc, r2]\n"
      "2: .byte (3f - 2b + 84) / 2, (3f - 2b + 56) / 2, (3f - 2b + 28) / 2, (3f - 2b) / 2\n"
      "3:\n" TINYC_FULLY_CONNECTED_LIST_ENTRY TINYC_FULLY_CONNECTED_LIST_ENTRY
          TINYC_FULLY_CONNECTED_LIST_ENTRY TINYC_FULLY_CONNECTED_LIST_ENTRY
      "subs lr, #1\n"
      "bne 3b\n"
      "4: ldmia sp, {r2, r3, r4, r5}\n"
      "ldr r6, [r10]\n"
      "add r10, r2\n"
      "ldrsb r7, [r11]\n"
      "add r11, r3\n"
      "rsb r7, r7, #0\n"
      "sub r2, r7, #1\n"
      "lsl r4, r4, r2\n"
      "smmulr r8, r8, r6\n" /* tinyc_dsp_requant */
      "add r8, r8, r8, asr #31\n"
      "add r8, r8, r4\n"
      "asr r8, r8, r7\n"
      "ssat r8, #8, r8\n"
      "strb r8, [r12], #1\n"
      "cmp r12, r5\n"
      "bne 1b\n"
      "add sp, #20\n"
      "pop {r4, r5, r6, r7, r8, r9, r10, r11, pc}\n");
}

int tinyc_fully_connected_list_dsp(const tinyc_layer* l, uint8_t* arena) {
  const int8_t* x = (const int8_t*)(arena + l->in0);
  tinyc_fully_connected_list_outputs o;
  int32_t row;
  o.mult_step = l->p[5] < 0 ? 4 : 0;
  o.shift_step = l->p[5] ? 1 : 0;
  o.round = 2 * l->out_zp + 1;
  o.bias = l->bias;
  o.mult = l->mult;
  o.shift = l->shift;
  o.out = (int8_t*)(arena + l->out);
  for (row = 0; row < l->n; ++row, x += l->in_c, o.out += l->out_c) {
    o.end = o.out + l->out_c;
    tinyc_fully_connected_list_row(x, l->weights, &o);
  }
  return TINYC_OK;
}
#else
int tinyc_fully_connected_list_dsp(const tinyc_layer* l, uint8_t* arena) {
  return tinyc_fully_connected_list(l, arena);
}
#endif
