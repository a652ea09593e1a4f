/* tinyc runtime: what emitted models and firmware see. C99 and C++, integers only, no heap, no mutable globals.
 *
 * A model is a const array of tinyc_layer records; tinyc_run() calls each record's kernel on one arena. Offsets and
 * shapes were proved offline; only coded streams are checked at run time. Over 450 lines because it is one header. */
#ifndef TINYC_RT_H
#define TINYC_RT_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* On AVR constants live in another address space: every read of a constant goes through these. */
#if defined(__AVR__)
#include <avr/pgmspace.h>
#define TINYC_FLASH PROGMEM
#else
#define TINYC_FLASH
#endif
/* Where weights lie: -D'TINYC_WEIGHTS_ATTR=__attribute__((section(".qspi")))' for a section of your own. It must be
 * readable as memory; on AVR it stays in the first 64 KB of program memory. */
#ifndef TINYC_WEIGHTS_ATTR
#define TINYC_WEIGHTS_ATTR TINYC_FLASH
#endif

/* Kernels are written once for several constant arguments; each use must become its own loop. */
#if defined(__GNUC__)
#define TINYC_INLINE static inline __attribute__((always_inline))
#define TINYC_APART static __attribute__((noinline)) /* its loop wants all registers */
#else
#define TINYC_INLINE static inline
#define TINYC_APART static
#endif
/* One copy where 64-bit products take a page of code. */
#if defined(__AVR__)
#define TINYC_ONCE static __attribute__((noinline, unused))
#define TINYC_BY_FOUR 0
#else
#define TINYC_ONCE static inline
#define TINYC_BY_FOUR 1 /* a second loop for four outputs at a time */
#endif

#if defined(__AVR_HAVE_MUL__) && defined(__AVR_HAVE_LPMX__)
#define TINYC_AVR_MUL 1
#else
#define TINYC_AVR_MUL 0
#endif

/* Between the steps of an unrolled loop: else gcc's scheduler for RISC-V loads everything first, more than there are
 * registers, and the stack carries the rest. */
#if defined(__GNUC__) && defined(__riscv)
#define TINYC_IN_TURN __asm__ volatile("" ::: "memory")
#else
#define TINYC_IN_TURN (void)0
#endif

/* Armv6-M: eight registers that every instruction reaches, no 64-bit products. */
#if defined(__GNUC__) && defined(__ARM_ARCH_6M__)
#define TINYC_ARMV6M 1
#else
#define TINYC_ARMV6M 0
#endif
/* Armv7-M and what includes it. */
#if defined(__GNUC__) && defined(__thumb2__) && defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'
#define TINYC_ARMV7M 1
#else
#define TINYC_ARMV7M 0
#endif

/* The DSP extension of Armv7E-M and Armv8-M: pairs of 16-bit products. Kernels named _dsp run the portable one where it
 * is missing. */
#if TINYC_ARMV7M && defined(__ARM_FEATURE_DSP)
#define TINYC_DSP 1
#else
#define TINYC_DSP 0
#endif

/* The vector extension of Armv8.1-M (Helium). Kernels named _mve run the portable one where it is missing. */
#if defined(__GNUC__) && defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1) && !defined(__ARM_BIG_ENDIAN)
#define TINYC_MVE 1
#else
#define TINYC_MVE 0
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define TINYC_OK 0
#define TINYC_E_STREAM (-1)    /* a coded weight stream is damaged */
#define TINYC_E_NO_DATA (-2)   /* --emit blob: NAME_load has not succeeded yet */
#define TINYC_E_ALIGNMENT (-3) /* the data's address is no multiple of 16 */
#define TINYC_E_FORMAT (-4)    /* no tinyc data, of another format version, or cut off */
#define TINYC_E_CHECKSUM (-5)  /* the data are damaged */
#define TINYC_E_STRUCTURE (-6) /* the data are for other kernels or a larger arena than the firmware's */

typedef struct tinyc_layer tinyc_layer;
/* Runs one layer; returns TINYC_OK or a negative TINYC_E_... code. `l` is in RAM or in a flat address space. */
typedef int (*tinyc_kernel)(const tinyc_layer* l, uint8_t* arena);

/* One layer. Every operator uses the fields it needs, the others are zero; what `p` and `table` hold is said at the
 * top of each kernel's file. Offsets are bytes from the arena's start. Pictures are HWC, n of them. */
struct tinyc_layer {
  tinyc_kernel run;
  const int8_t* weights;           /* int8 in the tensor's own order, or the coded stream when codec is set */
  const uint8_t* codec;            /* decode table or range coder's header; 0: weights are raw */
  const int32_t* bias;             /* one a channel, with the input zero point folded in: bias - in_zp * sum(weights) */
  const int32_t* mult;             /* requantization multipliers, Q31 */
  const int8_t* shift;             /* requantization shifts, > 0 is left */
  const int32_t* table;            /* op-specific constants */
  uint32_t in0, in1, out, scratch; /* arena offsets */
  uint32_t out_bytes;              /* bytes written at out; 0 while a layer of several parts is not complete */
  uint32_t stream_bytes;           /* bytes of a coded stream */
  int32_t n, in_c, out_c;
  int32_t p[6];
  int16_t in_h, in_w, out_h, out_w, k_h, k_w;
  int16_t stride_h, stride_w, dil_h, dil_w, pad_t, pad_l;
  int16_t in0_zp, in1_zp, out_zp, act_min, act_max;
  int16_t block; /* output channels whose weights are decoded at a time */
};

/* Runs `count` layers in order (`layers` in flash). Compiled with -DTINYC_TRACE, calls tinyc_trace after each complete
 * one. */
int tinyc_run(const tinyc_layer* layers, int count, uint8_t* arena);
#ifdef TINYC_TRACE
void tinyc_trace(int layer, const void* out, uint32_t bytes); /* supplied by the firmware */
#endif

/* Layers that run row by row (tinyc_run_rows.c says what the numbers mean). tinyc_run for models that have groups of
 * them; after a group, tinyc_trace sees its last layer. */
#define TINYC_ROWS_GROUP 4
#define TINYC_ROWS_NUMBERS 12
#define TINYC_ROWS_RECORD 156 /* bytes for a record, whatever the size of pointers, at a multiple of them */
int tinyc_run_rows(const tinyc_layer* layers, int count, const int16_t* groups, uint8_t* arena);
int tinyc_run_group(const tinyc_layer* layers, const int16_t* group, uint8_t* arena);
/* How far a stage is: rows made, rows asked for, the first row in its band, and rows of the present step. */
typedef struct {
  int16_t next, want, start, rows;
} tinyc_rows_state;
/* The stage to run next, its rows set; -1 when all are done. */
int tinyc_rows_next(const int16_t* stages, int count, tinyc_rows_state* s);
/* The record of the step, on the bands as they are; `layers` begins with the group's first one. */
void tinyc_rows_begin(const tinyc_layer* layers, const int16_t* stages, const tinyc_rows_state* s, int stage,
                      tinyc_layer* record);
/* After the step: rows that nobody needs any more go from the bands it has read. Without an arena only the state. */
void tinyc_rows_end(const tinyc_layer* layers, const int16_t* stages, int count, tinyc_rows_state* s, int stage,
                    uint8_t* arena);

/* Models whose data can be replaced without the firmware (--emit blob; the format is in tinyc_blob.c). The data lie in
 * flash. Checks them: TINYC_OK or what is wrong. */
int tinyc_blob_check(const uint8_t* blob, uint32_t bytes, uint32_t structure, uint32_t arena_bytes);
/* tinyc_run with kernels from the firmware and all the rest from checked data. */
int tinyc_blob_run(const tinyc_kernel* kernels, int count, const uint8_t* blob, uint8_t* arena);

/* ---- constants in flash ---- */
static inline int8_t tinyc_ld8(const int8_t* p) {
#if defined(__AVR__)
  return (int8_t)pgm_read_byte(p);
#else
  return *p;
#endif
}
static inline uint8_t tinyc_ldu8(const uint8_t* p) {
#if defined(__AVR__)
  return pgm_read_byte(p);
#else
  return *p;
#endif
}
static inline int16_t tinyc_ld16(const int16_t* p) {
#if defined(__AVR__)
  return (int16_t)pgm_read_word(p);
#else
  return *p;
#endif
}
static inline int32_t tinyc_ld32(const int32_t* p) {
#if defined(__AVR__)
  return (int32_t)pgm_read_dword(p);
#else
  return *p;
#endif
}
/* Copies n bytes into RAM; in_flash: `from` is a constant. */
static inline void tinyc_load(void* to, const void* from, uint32_t n, int in_flash) {
#if defined(__AVR__)
  if (in_flash) {
    memcpy_P(to, from, (size_t)n);
    return;
  }
#else
  (void)in_flash;
#endif
  memcpy(to, from, (size_t)n);
}

/* ---- fixed-point arithmetic of the TFLite reference kernels (double rounding) ---- */
/* (a * b * 2 + 2^31) >> 32, b > INT32_MIN */
static inline int32_t tinyc_mulhi(int32_t a, int32_t b) {
#if TINYC_AVR_MUL /* unsigned products of bytes, column by column, then less what negative factors add */
#define TINYC_MULHI(x, y, c0, c1, c2) "mul %" x ", %" y "\nadd %" c0 ", r0\nadc %" c1 ", r1\nadc %" c2 ", %[z]\n"
  int32_t high;
  uint8_t c1, c2, c3, zero = 0;
  __asm__("mul %A[a], %A[b]\n"
          "mov %[c1], r1\n"
          "clr %[c2]\n"
          "clr %[c3]\n"
          "clr %A[h]\n"
          "clr %B[h]\n"
          "clr %C[h]\n"
          "clr %D[h]\n"
          TINYC_MULHI("A[a]", "B[b]", "[c1]", "[c2]", "[c3]")
          TINYC_MULHI("B[a]", "A[b]", "[c1]", "[c2]", "[c3]")
          TINYC_MULHI("A[a]", "C[b]", "[c2]", "[c3]", "A[h]")
          TINYC_MULHI("B[a]", "B[b]", "[c2]", "[c3]", "A[h]")
          TINYC_MULHI("C[a]", "A[b]", "[c2]", "[c3]", "A[h]")
          TINYC_MULHI("A[a]", "D[b]", "[c3]", "A[h]", "B[h]")
          TINYC_MULHI("B[a]", "C[b]", "[c3]", "A[h]", "B[h]")
          TINYC_MULHI("C[a]", "B[b]", "[c3]", "A[h]", "B[h]")
          TINYC_MULHI("D[a]", "A[b]", "[c3]", "A[h]", "B[h]")
          TINYC_MULHI("B[a]", "D[b]", "A[h]", "B[h]", "C[h]")
          TINYC_MULHI("C[a]", "C[b]", "A[h]", "B[h]", "C[h]")
          TINYC_MULHI("D[a]", "B[b]", "A[h]", "B[h]", "C[h]")
          TINYC_MULHI("C[a]", "D[b]", "B[h]", "C[h]", "D[h]")
          TINYC_MULHI("D[a]", "C[b]", "B[h]", "C[h]", "D[h]")
          "mul %D[a], %D[b]\n"
          "add %C[h], r0\n"
          "adc %D[h], r1\n"
          "clr __zero_reg__\n"
          "sbrs %D[a], 7\n"
          "rjmp 1f\n"
          "sub %A[h], %A[b]\n"
          "sbc %B[h], %B[b]\n"
          "sbc %C[h], %C[b]\n"
          "sbc %D[h], %D[b]\n"
          "1: sbrs %D[b], 7\n"
          "rjmp 2f\n"
          "sub %A[h], %A[a]\n"
          "sbc %B[h], %B[a]\n"
          "sbc %C[h], %C[a]\n"
          "sbc %D[h], %D[a]\n"
          "2: ldi %[c2], 0x40\n"
          "add %[c3], %[c2]\n"
          "adc %A[h], %[z]\n"
          "adc %B[h], %[z]\n"
          "adc %C[h], %[z]\n"
          "adc %D[h], %[z]\n"
          "lsl %[c3]\n"
          "rol %A[h]\n"
          "rol %B[h]\n"
          "rol %C[h]\n"
          "rol %D[h]"
          : [h] "=&r"(high), [c1] "=&r"(c1), [c2] "=&d"(c2), [c3] "=&r"(c3)
          : [a] "r"(a), [b] "r"(b), [z] "r"(zero)
          : "r0");
#undef TINYC_MULHI
  return high;
#elif TINYC_ARMV6M || defined(__AVR__) /* by halves; of the low word only the bits above 2^30 count */
  const uint16_t al = (uint16_t)a, bl = (uint16_t)b;
  const int16_t ah = (int16_t)(a >> 16), bh = (int16_t)(b >> 16);
  const int32_t mid = (int32_t)ah * bl + (int32_t)((uint32_t)al * bl >> 16), low = (int32_t)bh * al + (uint16_t)mid;
  const int32_t high = (int32_t)ah * bh + (mid >> 16) + (low >> 16);
  return (int32_t)((uint32_t)high << 1) + ((((uint16_t)low >> 14) + 1) >> 1);
#else
  return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
#endif
}
/* x / 2^e rounded half away from zero, 0 <= e <= 31 */
static inline int32_t tinyc_rshift(int32_t x, int e) {
  const int32_t mask = (int32_t)(((uint32_t)1 << e) - 1u);
  const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> e) + ((x & mask) > threshold ? 1 : 0);
}
/* x * m * 2^(shift - 31) with both roundings, -31 <= shift <= 30, m > INT32_MIN */
static inline int32_t tinyc_requant(int32_t x, int32_t m, int shift) {
  if (shift > 0) x = (int32_t)((uint32_t)x << shift);
  x = tinyc_mulhi(x, m);
  if (shift >= 0) return x;
  /* tinyc_rshift for e = -shift >= 1, shorter: halves go up, and down below zero once x is one less; mulhi is not
   * INT32_MIN */
  x += x >> 31;
#if defined(__AVR__) /* moves bytes where it would move bits one at a time */
  for (; shift <= -9; shift += 8) x >>= 8;
#endif
  return ((x >> (-shift - 1)) + 1) >> 1;
}
static inline int32_t tinyc_clamp(int32_t v, int32_t lo, int32_t hi) { return v < lo ? lo : v > hi ? hi : v; }
/* tinyc_clamp in the CPU's own width */
static inline int tinyc_clamp_int(int v, int lo, int hi) { return v < lo ? lo : v > hi ? hi : v; }
/* v within int8 */
static inline int8_t tinyc_int8(int v) {
#if defined(__ARM_FEATURE_SAT) && defined(__GNUC__)
  __asm__("ssat %0, #8, %0" : "+r"(v));
  return (int8_t)v;
#else
  return (int8_t)tinyc_clamp_int(v, -128, 127);
#endif
}
/* v >> e for 16 <= e <= 30; on AVR, which shifts bit by bit, without the lower half */
static inline int tinyc_high_shift(int32_t v, int e) {
#if defined(__AVR__)
  return (int16_t)(v >> 16) >> (e - 16);
#else
  return v >> e;
#endif
}
/* v + zp within [lo, hi] for int8 zp, lo and hi; clamped first: under a damaged scale v may be near INT32_MAX */
static inline int32_t tinyc_output(int32_t v, int32_t zp, int32_t lo, int32_t hi) {
  return tinyc_clamp(v, lo - zp, hi - zp) + zp;
}

/* ---- broadcasting of two int8 operands ---- */
/* One innermost loop of l->in_c elements; operand strides l->stride_h and l->stride_w are 0 or 1. */
typedef void (*tinyc_row)(const tinyc_layer* l, const int8_t* a, const int8_t* b, int8_t* out);
/* Operand B: in flash where the layer has weights, else in the arena. */
static inline int32_t tinyc_ld_b(const tinyc_layer* l, const int8_t* b) { return l->weights ? tinyc_ld8(b) : *b; }
/* Runs `row` over l->n (at most 5) outer loops; table: count, stride of A, stride of B for each, innermost first. */
static inline int tinyc_broadcast(const tinyc_layer* l, uint8_t* arena, tinyc_row row) {
  const int8_t* a = (const int8_t*)(arena + l->in0);
  const int8_t* b = l->weights ? l->weights : (const int8_t*)(arena + l->in1);
  int8_t* out = (int8_t*)(arena + l->out);
  int32_t index[5] = {0, 0, 0, 0, 0}, d;
  do {
    const int32_t* dim = l->table;
    row(l, a, b, out);
    out += l->in_c;
    for (d = 0; d < l->n; ++d, dim += 3) {
      const int32_t count = tinyc_ld32(dim), step_a = tinyc_ld32(dim + 1), step_b = tinyc_ld32(dim + 2);
      if (++index[d] < count) {
        a += step_a;
        b += step_b;
        break;
      }
      index[d] = 0;
      a -= (count - 1) * step_a;
      b -= (count - 1) * step_b;
    }
  } while (d < l->n);
  return TINYC_OK;
}

/* ---- weights, raw or coded ---- */
/* Which decoders are there: an emitted runtime holds those that its model uses. */
#ifndef TINYC_HUFFMAN
#define TINYC_HUFFMAN 1
#endif
#ifndef TINYC_RANGE
#define TINYC_RANGE 1
#endif
static inline int tinyc_is_coded(const tinyc_layer* l) { return (TINYC_HUFFMAN || TINYC_RANGE) && l->codec; }
typedef struct {
  const uint8_t *next, *end;      /* unread bytes of the stream */
  const uint8_t *codec, *section; /* the decode table, and the code in it that the next symbol is in */
  uint32_t bits;                  /* bit reservoir, most significant first */
  int count;                      /* valid bits in it; below zero: bits behind the end were used */
  uint16_t zeros;                 /* zeros of the current run still to deliver */
} tinyc_huffman;
void tinyc_huffman_init(tinyc_huffman* r, const tinyc_layer* l);
int tinyc_huffman_next(tinyc_huffman* r, int8_t* dst, uint32_t n);

/* Flags in the first byte of a range coder's header; docs/weight_format.md says what they mean. */
#define TINYC_RANGE_LOCAL 1u
#define TINYC_RANGE_CHANNEL 2u
#define TINYC_RANGE_PEAK 4u
#define TINYC_RANGE_SKEW 8u
#define TINYC_RANGE_PALETTE 16u
typedef struct {
  const uint8_t *next, *end; /* unread bytes of the stream */
  const uint8_t* codec;      /* the header */
  uint32_t* bits;            /* adaptive bits, in scratch */
  uint8_t* history;          /* of each input channel the last weight's size, in scratch; 0: not used */
  uint32_t range, code;
  uint32_t channels, channel; /* input channels of a filter, and the next weight's */
  uint32_t filter, left;      /* weights of a filter, and those left of this one */
  uint32_t peak;              /* weights left when the largest of this filter comes */
  uint32_t step;              /* between the weights of a filter */
  uint32_t local;             /* fading sum of the last weights' sizes */
  uint8_t limit, octaves;     /* slowest rate; bits of the greatest size */
  uint8_t behind;             /* bytes read behind the end */
} tinyc_range;
/* Bytes of scratch that reading with this header takes, a multiple of 4. */
uint32_t tinyc_range_bytes(const uint8_t* codec, uint32_t channels);
int8_t* tinyc_range_init(tinyc_range* s, const tinyc_layer* l, uint8_t* scratch, uint32_t channels, uint32_t taps,
                         uint32_t step);
int tinyc_range_next(tinyc_range* s, int8_t* dst, uint32_t n);

typedef union {
  tinyc_huffman huffman;
#if TINYC_RANGE
  tinyc_range range;
#endif
} tinyc_reader;
static inline int tinyc_is_range(const tinyc_layer* l) {
  return TINYC_RANGE && (!TINYC_HUFFMAN || tinyc_ldu8(l->codec) >= 0x80);
}
/* Starts reading the layer's coded weights from the first one. A filter has `channels` * `taps` weights, of one input
 * channel each, in turn; `step` bytes lie between them. Returns where the scratch begins that the reader leaves. */
static inline int8_t* tinyc_reader_init(tinyc_reader* r, const tinyc_layer* l, uint8_t* arena, uint32_t channels,
                                        uint32_t taps, uint32_t step) {
#if TINYC_RANGE
  if (tinyc_is_range(l)) return tinyc_range_init(&r->range, l, arena + l->scratch, channels, taps, step);
#endif
#if TINYC_HUFFMAN
  tinyc_huffman_init(&r->huffman, l);
#endif
  (void)r, (void)channels, (void)taps, (void)step;
  return (int8_t*)(arena + l->scratch);
}
/* Decodes the next n weights (all of them where step is not 1) into dst (RAM). TINYC_OK, or TINYC_E_STREAM when the
 * stream ends early or is damaged. */
static inline int tinyc_reader_next(tinyc_reader* r, const tinyc_layer* l, int8_t* dst, uint32_t n) {
#if TINYC_RANGE
  if (tinyc_is_range(l)) return tinyc_range_next(&r->range, dst, n);
#endif
#if TINYC_HUFFMAN
  (void)l;
  return tinyc_huffman_next(&r->huffman, dst, n);
#else
  (void)r, (void)l, (void)dst, (void)n;
  return TINYC_E_STREAM;
#endif
}

/* ---- layers with weights ---- */
/* p[4] = zero point of the weights. p[5] = -1: a multiplier and a shift for each channel, 1: one multiplier and a shift
 * for each, 0: one of both. */
/* A weight: decoded ones (in_flash 0) are in RAM. */
static inline int8_t tinyc_ldw(const int8_t* p, int in_flash) {
#if defined(__AVR__)
  return in_flash ? tinyc_ld8(p) : *p;
#else
  (void)in_flash;
  return *p;
#endif
}
/* The output of accumulator acc. On AVR also called from assembly. */
#if TINYC_AVR_MUL
static __attribute__((noinline, noclone, used)) int8_t
#else
TINYC_INLINE int8_t
#endif
tinyc_finish_with(const tinyc_layer* l, int32_t acc, int32_t m, int8_t shift) {
  return (int8_t)tinyc_output(tinyc_requant(acc, m, shift), l->out_zp, l->act_min, l->act_max);
}
/* The output of channel c from its sum of products. */
TINYC_ONCE int8_t tinyc_finish(const tinyc_layer* l, int32_t c, int32_t sum) {
  const int32_t acc = (int32_t)((uint32_t)sum + (uint32_t)tinyc_ld32(l->bias + c));
  return tinyc_finish_with(l, acc, tinyc_ld32(l->mult + (c & (l->p[5] >> 1))),
                           tinyc_ld8(l->shift + (c & -(l->p[5] & 1))));
}
/* `count` filters of k < 65536 weights each, the first for channel c, on one patch x of k values; `less` is subtracted
 * from each sum. Outputs go to out[0], out[step] ... */
void tinyc_filters(const tinyc_layer* l, const int8_t* x, const int8_t* w, unsigned k, int c, int count, int32_t less,
                   int8_t* out, int step);
/* Sum of k activations. */
static inline int32_t tinyc_sum(const int8_t* x, unsigned k) {
  int32_t sum = 0;
  for (unsigned i = 0; i < k; ++i) sum += x[i];
  return sum;
}

#if TINYC_AVR_MUL
/* ---- assembly for AVR ---- */
/* Rows of four filters, or of four channels of a depthwise convolution, and what their outputs need; assembly knows the
 * places. */
typedef struct {
  const int8_t* x;        /* 0 */
  uint16_t k, next, back; /* 2: weights of a filter, k - 4 and 3 k */
  uint8_t fours, tail;    /* 8: taps are 4 * fours + tail; tail < 4 */
  uint8_t groups, unused; /* 10: of four filters; 0: of one group the sums, to `sum` */
  const int32_t* bias;    /* 12: these four of the group's first filter */
  const int32_t* mult;    /* 14 */
  const int8_t* shift;    /* 16 */
  int8_t* out;            /* 18 */
  uint8_t same, each;     /* 20: 4 when filters share their multiplier; 1 when each has its own shift */
  uint8_t offset[3];      /* 22: 1 - 2 * (act_min - out_zp) */
  uint8_t range;          /* 25: act_max - act_min */
  int8_t least;           /* 26: act_min */
  uint8_t start[3];       /* 27: of all sums */
  uint8_t sum[4][3];      /* 30 */
  const tinyc_layer* l;   /* 42 */
  const int8_t* w;        /* 44 */
  const uint32_t* taps;   /* 46: of a depthwise convolution: `fours` offsets from x */
} tinyc_avr_job;
/* Fills in what outputs need, for up to `count` channels from c on. */
void tinyc_avr_begin(tinyc_avr_job* job, const tinyc_layer* l, int c, int count, int8_t* out);
#define TINYC_AVR_SAVE                                                                                    \
  "push r2\n push r3\n push r4\n push r5\n push r6\n push r7\n push r8\n push r9\n push r10\n push r11\n" \
  "push r12\n push r13\n push r14\n push r15\n push r16\n push r17\n push r28\n push r29\n"
#define TINYC_AVR_RESTORE                                                                               \
  "pop r29\n pop r28\n pop r17\n pop r16\n pop r15\n pop r14\n pop r13\n pop r12\n pop r11\n pop r10\n" \
  "pop r9\n pop r8\n pop r7\n pop r6\n pop r5\n pop r4\n pop r3\n pop r2\n clr r1\n"
#define TINYC_AVR_CALL(f) "ldi r30, lo8(gs(" f "))\n ldi r31, hi8(gs(" f "))\n icall\n"
#endif

#if TINYC_DSP
/* ---- the DSP extension ---- */
static inline uint32_t tinyc_dsp_load(const int8_t* p) {
  uint32_t v;
  memcpy(&v, p, 4);
  return v;
}
/* Bytes 0 and 2 (even) or 1 and 3 (odd) as a pair of 16-bit numbers. */
static inline uint32_t tinyc_dsp_even(uint32_t v) {
  uint32_t pair;
  __asm__("sxtb16 %0, %1" : "=r"(pair) : "r"(v));
  return pair;
}
static inline uint32_t tinyc_dsp_double(uint32_t pair) {
  __asm__("sadd16 %0, %1, %1" : "=r"(pair) : "r"(pair));
  return pair;
}
static inline uint32_t tinyc_dsp_odd(uint32_t v) {
  uint32_t pair;
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(v));
  return pair;
}
static inline int32_t tinyc_dsp_smlad(uint32_t a, uint32_t b, int32_t sum) {
  __asm__("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b));
  return sum;
}
static inline int32_t tinyc_dsp_twice(int32_t v) { return (int32_t)((uint32_t)v << 1); }
/* tinyc_requant of a sum below 2^30, given doubled, by 2^(-31-e), 1 <= e <= 22, plus the output's zero point, saturated
 * to int8; `round` is tinyc_dsp_round(zp, e). SMMULR of the doubled sum rounds as tinyc_mulhi does. */
static inline int32_t tinyc_dsp_round(int32_t zp, int e) { return (int32_t)((uint32_t)(2 * zp + 1) << (e - 1)); }
static inline int32_t tinyc_dsp_requant(int32_t twice, int32_t m, int32_t round, int e) {
  int32_t v;
  __asm__("smmulr %0, %1, %2" : "=r"(v) : "r"(twice), "r"(m));
  v = (v + (v >> 31) + round) >> e;
  __asm__("ssat %0, #8, %1" : "=r"(v) : "r"(v));
  return v;
}
#endif

#ifdef __cplusplus
}
#endif
#endif
