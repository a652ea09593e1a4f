/* tinyc_filters on AVR against its definition: random shapes, ranges, multipliers and shifts; weights and constants
 * from filters.h, in program memory. The definition multiplies in 64 bits, as no kernel does. */
#include <stdio.h>

#include "board.h"
#include "filters.h"
#include "tinyc_rt.h"

static uint32_t state = 2026;
static uint16_t in(uint16_t low, uint16_t high) {
  state = state * 1664525u + 1013904223u;
  return (uint16_t)(low + (state >> 16) % (uint16_t)(high - low + 1));
}

static int8_t finish(const tinyc_layer* l, int32_t acc, int32_t m, int8_t shift) {
  int32_t v = shift > 0 ? (int32_t)((uint32_t)acc << shift) : acc;
  v = (int32_t)(((int64_t)v * m + ((int64_t)1 << 30)) >> 31);
  if (shift < 0) { /* halves away from zero */
    const int64_t half = (int64_t)1 << (-shift - 1);
    v = (int32_t)(v < 0 ? -((-(int64_t)v + half) >> -shift) : (v + half) >> -shift);
  }
  const int64_t y = (int64_t)v + l->out_zp;
  return (int8_t)(y < l->act_min ? l->act_min : y > l->act_max ? l->act_max : y);
}

/* RAM is 2 KB: outputs and inputs share a place, many outputs for few inputs or few for many. */
static int8_t place[MOST_FILTERS + 6], *const out = place, *x;
static tinyc_layer l;
static uint16_t round;

static int8_t expected(int32_t sum, uint16_t c) {
  const int32_t acc = (int32_t)((uint32_t)sum + (uint32_t)tinyc_ld32(l.bias + c));
  return finish(&l, acc, tinyc_ld32(l.mult + (l.p[5] < 0 ? c : 0)), tinyc_ld8(l.shift + (l.p[5] ? c : 0)));
}

static int equal(uint16_t k, uint16_t count, uint16_t i, int32_t sum, uint16_t c) {
  const int8_t y = expected(sum, c);
  if (out[1 + i] == y) return 1;
  char text[120];
  snprintf(text, sizeof text, "round %u k %u count %u output %u: %d, not %d; sum %ld bias %ld\n", round, k, count, i,
           out[1 + i], y, (long)sum, (long)tinyc_ld32(l.bias + c));
  board_print(text);
  return 0;
}

static int filters(uint16_t k, uint16_t count, uint16_t c, int32_t less) {
  const int8_t* w = weights + in(0, WEIGHTS - k * count);
  tinyc_filters(&l, x, w, k, (int)c, (int)count, less, out + 1, 1);
  for (uint16_t f = 0; f < count; ++f) {
    int32_t sum = -less;
    for (uint16_t i = 0; i < k; ++i) sum += x[i] * tinyc_ld8(w + f * k + i);
    if (!equal(k, count, f, sum, c + f)) return 0;
  }
  return out[1 + count] == 77;
}

int32_t tinyc_depthwise_conv_2d_avr(const tinyc_layer* l, const uint8_t* x, const uint32_t* taps, const int8_t* w,
                                    int8_t* out);
static int taps(uint16_t count, uint16_t channels) {
  uint32_t at[16];
  const int8_t* w = weights + in(0, WEIGHTS - count * channels);
  l.out_c = (int32_t)channels;
  l.k_h = 1;
  l.k_w = (int16_t)count;
  for (uint16_t t = 0; t < count; ++t) at[t] = in(0, MOST_TAPS - channels);
  const uint16_t all = channels / 4 * 4;
  if (tinyc_depthwise_conv_2d_avr(&l, (const uint8_t*)x, at, w, out + 1) != all) return 0;
  for (uint16_t c = 0; c < all; ++c) {
    int32_t sum = 0;
    for (uint16_t t = 0; t < count; ++t) sum += x[at[t] + c] * tinyc_ld8(w + t * channels + c);
    if (!equal(count, channels, c, sum, c)) return 0;
  }
  return out[1 + all] == 77;
}

int main(void) {
  for (round = 0; round < ROUNDS; ++round) {
    const uint16_t kind = in(0, 29), k = kind == 0 ? in(500, MOST_TAPS) : kind < 4 ? in(1, 3) : in(4, 80);
    const uint16_t most = (uint16_t)(WEIGHTS / k), few = most < 14 ? most : 14, count = in(1, few);
    const int least = in(0, 7) == 0;
    const uint16_t first = in(0, CHANNELS - MOST_FILTERS);
    memset(&l, 0, sizeof l);
    x = place + (kind == 19 ? MOST_FILTERS + 4 : 100);
    memset(place, 77, sizeof place);
    for (uint16_t i = 0; i < (kind == 19 ? 1 : MOST_TAPS); ++i) x[i] = least ? -128 : (int8_t)in(0, 255);
    l.bias = biases + first;
    l.mult = multipliers + first;
    l.shift = shifts + first;
    l.p[5] = (int32_t)in(0, 2) - 1;
    l.out_zp = (int16_t)((int16_t)in(0, 255) - 128);
    l.act_min = (int16_t)(in(0, 1) ? -128 : l.out_zp);
    l.act_max = (int16_t)(in(0, 1) ? 127 : (int16_t)in((uint16_t)(l.act_min + 128), 255) - 128);
    const int32_t less = in(0, 2) ? 0 : (int32_t)k * ((int32_t)in(0, 32768) - 16384);
    if (kind < 20 ? !filters(kind == 19 ? 1 : k, kind == 19 ? in(14, MOST_FILTERS) : count, in(0, 14 - few), less)
                  : !taps(in(1, 16), in(4, 14))) {
      board_print("not equal\n");
      return 1;
    }
    if (out[0] != 77) return 1;
  }
  board_print("all equal\n");
  return 0;
}
