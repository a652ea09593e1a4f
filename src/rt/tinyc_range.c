/* Decoder of range-coded weights (docs/weight_format.md): a binary range decoder with adaptive probabilities. The
 * header is const data made offline and is trusted; the stream is not: its bytes are fetched within its bounds and
 * every weight takes a bounded number of steps, so a damaged stream gives wrong weights or TINYC_E_STREAM. */
#include "tinyc_rt.h"

/* An adaptive bit: probability of 0 in units of 2^-20 (upper 20 bits), visits left at this rate (8 bits), rate (4
 * bits). */
#define TINYC_RANGE_NEW ((uint32_t)0x80000001)
#define TINYC_RANGE_CLASSES 8u

/* One copy of what every bit goes through: inlined, it would be most of the decoder. */
#if defined(__GNUC__)
#define TINYC_RANGE_CALL static __attribute__((noinline))
#else
#define TINYC_RANGE_CALL static
#endif

uint32_t tinyc_range_bytes(const uint8_t* codec, uint32_t channels) {
  const uint32_t flags = tinyc_ldu8(codec), classes = flags & 3u ? TINYC_RANGE_CLASSES : 1;
  uint32_t octaves = 0, bits;
  while (tinyc_ldu8(codec + 2) >> octaves != 0) ++octaves;
  bits = octaves * classes + (octaves << ((tinyc_ldu8(codec + 1) & 3u) + (flags & TINYC_RANGE_SKEW ? 1u : 0u)));
  return 4 * bits + (flags & TINYC_RANGE_CHANNEL ? (channels + 3) & ~(uint32_t)3 : 0);
}

/* Restores range >= 2^24; zeros are read behind the stream's end. */
static void tinyc_range_refill(tinyc_range* s) {
  while (s->range >> 24 == 0) {
    s->range <<= 8;
    s->code <<= 8;
    if (s->next != s->end)
      s->code |= tinyc_ldu8(s->next++);
    else
      s->behind = (uint8_t)(s->behind + (s->behind < 255));
  }
}

/* A bit with its own probability, which follows it: by half, then by a quarter twice, an eighth four times and so on,
 * nearly as the mean of all bits so far would, until the rate reaches its limit. */
TINYC_RANGE_CALL uint32_t tinyc_range_bit(tinyc_range* s, uint32_t* state) {
  uint32_t b = *state, bit = 0;
  const uint32_t p = b >> 12, rate = b & 15u, bound = (s->range >> 16) * (b >> 16);
  if (s->code < bound) {
    s->range = bound;
    b += ((0xfffffu - p) >> rate) << 12;
  } else {
    s->range -= bound;
    s->code -= bound;
    b -= (p >> rate) << 12;
    bit = 1;
  }
  if (rate < s->limit) {
    if ((b & 0xff0u) != 0)
      b -= 0x10u;
    else
      b += (((uint32_t)1 << rate) - 1u) * 0x10u + 1u;
  }
  *state = b;
  if (s->range >> 24 == 0) tinyc_range_refill(s);
  return bit;
}

/* `count` bits of probability one half, most significant first, appended to v. */
TINYC_RANGE_CALL uint32_t tinyc_range_plain(tinyc_range* s, uint32_t v, uint32_t count) {
  for (; count != 0; --count) {
    s->range >>= 1;
    v <<= 1;
    if (s->code >= s->range) {
      s->code -= s->range;
      v |= 1u;
    }
    tinyc_range_refill(s);
  }
  return v;
}

/* A number below n, all alike: truncated binary. */
static uint32_t tinyc_range_below(tinyc_range* s, uint32_t n) {
  uint32_t bits = 0, v, shorter;
  while (n >> bits > 1) ++bits;
  shorter = ((uint32_t)2 << bits) - n; /* so many numbers take `bits` bits, the others one more */
  v = tinyc_range_plain(s, 0, bits);
  return v < shorter ? v : tinyc_range_plain(s, v, 1) - shorter;
}

int8_t* tinyc_range_init(tinyc_range* s, const tinyc_layer* l, uint8_t* scratch, uint32_t channels, uint32_t taps,
                         uint32_t step) {
  const uint8_t* const h = l->codec;
  const uint32_t flags = tinyc_ldu8(h), all = tinyc_range_bytes(h, channels);
  s->next = (const uint8_t*)l->weights;
  s->end = s->next + l->stream_bytes;
  s->codec = h;
  s->bits = (uint32_t*)(void*)scratch;
  s->history = 0;
  s->channels = channels;
  s->filter = channels * taps;
  s->step = step;
  s->left = s->channel = s->local = s->code = 0;
  s->limit = (uint8_t)(5u + (flags >> 5 & 3u));
  s->behind = 0;
  s->octaves = 0;
  while (tinyc_ldu8(h + 2) >> s->octaves != 0) ++s->octaves;
  s->range = 1; /* four bytes come in */
  tinyc_range_refill(s);
  s->range = 0xffffff;
  tinyc_range_refill(s);
  s->range = 0xffffffff;
  for (uint32_t i = 0; i < all / 4; ++i) s->bits[i] = TINYC_RANGE_NEW;
  if (flags & TINYC_RANGE_CHANNEL) {
    s->history = scratch + (all - ((channels + 3) & ~(uint32_t)3));
    memset(s->history, 0, (size_t)channels);
  }
  return (int8_t*)scratch + all;
}

/* How large the weights around are: 0 to 7. */
static uint32_t tinyc_range_class(const tinyc_range* s, uint32_t flags, uint32_t shift) {
  uint32_t sum = flags & TINYC_RANGE_LOCAL ? s->local : 0, c = 0;
  if (s->history) sum += 16u * s->history[s->channel];
  for (sum >>= shift; sum != 0 && c < TINYC_RANGE_CLASSES - 1; sum >>= 1) ++c;
  return c;
}

int tinyc_range_next(tinyc_range* s, int8_t* dst, uint32_t n) {
  const uint8_t* const h = s->codec;
  const uint32_t flags = tinyc_ldu8(h), top = tinyc_ldu8(h + 2), depth = tinyc_ldu8(h + 1) & 3u;
  const uint32_t shift = tinyc_ldu8(h + 1) >> 2 & 7u, first = tinyc_ldu8(h + 1) >> 5, zero = tinyc_ldu8(h + 3),
                 octaves = s->octaves;
  uint32_t* const trees = s->bits + octaves * (flags & 3u ? TINYC_RANGE_CLASSES : 1);
  uint32_t to = 0;
  for (uint32_t i = 0; i < n; ++i) {
    uint32_t octave = 0, size = 0, value = zero;
    if (s->left == 0) {
      s->left = s->filter;
      s->peak = flags & TINYC_RANGE_PEAK ? s->filter - tinyc_range_below(s, s->filter + 1) : 0;
    }
    if (s->left == s->peak) {
      octave = octaves;
      size = top;
    } else {
      /* "more than `at`?", upwards or downwards from `first` until the answer changes */
      uint32_t* bits = s->bits + octaves * tinyc_range_class(s, flags, shift);
      uint32_t at = first, more = 2, before;
      while (at < octaves) {
        before = more;
        more = tinyc_range_bit(s, bits + at);
        octave = at + more;
        if (before + more == 1) break;
        at += 2 * more - 1;
      }
    }
    if (octave != 0) {
      uint32_t* tree = trees + ((octave - 1) << depth);
      const uint32_t negative = flags & TINYC_RANGE_SKEW ? tinyc_range_bit(s, tree) : tinyc_range_plain(s, 0, 1);
      if (size == 0) {
        uint32_t below = octave - 1;
        size = 1;
        if (negative && flags & TINYC_RANGE_SKEW) tree += octaves << depth;
        for (uint32_t t = depth; t != 0 && below != 0; --t, --below) size = 2 * size + tinyc_range_bit(s, tree + size);
        size = tinyc_range_plain(s, size, below);
      }
      value = negative ? zero - size : zero + size;
    }
    if (flags & TINYC_RANGE_PALETTE) {
      if (value > tinyc_ldu8(h + 4)) return TINYC_E_STREAM;
      value = tinyc_ldu8(h + 5 + value);
    }
    dst[to] = (int8_t)(uint8_t)value;
    to += s->step;
    if (to >= n) to -= n - 1;
    s->local += 8 * size - (s->local >> 1);
    if (s->history) s->history[s->channel] = (uint8_t)size;
    if (++s->channel == s->channels) s->channel = 0;
    --s->left;
  }
  return s->behind > 4 ? TINYC_E_STREAM : TINYC_OK;
}
