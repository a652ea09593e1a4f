/* Decoder of entropy-coded weights (docs/weight_format.md). The table is const data made offline and is trusted; the
 * stream is not: every byte of it is fetched within its bounds and every symbol takes at least one bit, so a damaged
 * stream ends in TINYC_E_STREAM after a bounded number of steps. */
#include "tinyc_rt.h"

/* One code of a table, opened: where its three arrays are. */
typedef struct {
  const uint8_t *lookup, *rows, *symbols;
  uint32_t literals; /* symbol positions from here on are zero runs */
  uint32_t shift;    /* 32 - K: bits of the reservoir that the lookup does not see */
} tinyc_huffman_code;

static inline uint32_t tinyc_huffman_ld16(const uint8_t* p) {
  return (uint32_t)tinyc_ldu8(p) | (uint32_t)tinyc_ldu8(p + 1) << 8;
}

static inline tinyc_huffman_code tinyc_huffman_open(const uint8_t* section) {
  tinyc_huffman_code c;
  const uint32_t k = tinyc_ldu8(section);
  c.shift = 32u - k;
  c.literals = tinyc_huffman_ld16(section + 2);
  c.lookup = section + 4;
  c.rows = c.lookup + ((size_t)2 << k);
  c.symbols = c.rows + 4u * tinyc_ldu8(section + 1);
  return c;
}

/* Tops the reservoir up to at least 16 bits while the stream lasts; behind its end zeros are read, and `count` going
 * below zero tells that they were used. */
static inline void tinyc_huffman_refill(tinyc_huffman* s) {
  if (s->end - s->next >= 2) {
    const uint32_t two = (uint32_t)tinyc_ldu8(s->next) << 8 | tinyc_ldu8(s->next + 1);
    s->bits |= two << (16 - s->count);
    s->count += 16;
    s->next += 2;
  } else if (s->next != s->end) {
    s->bits |= (uint32_t)tinyc_ldu8(s->next) << (24 - s->count);
    s->count += 8;
    s->next += 1;
  }
}

void tinyc_huffman_init(tinyc_huffman* r, const tinyc_layer* l) {
  r->next = (const uint8_t*)l->weights;
  r->end = r->next + l->stream_bytes;
  r->codec = l->codec;
  r->section = l->codec + 3;
  r->bits = 0;
  r->count = 0;
  r->zeros = 0;
}

/* Damaged for good: every later call fails too. */
static int tinyc_huffman_fail(tinyc_huffman* r) {
  r->count = -1;
  r->zeros = 0;
  return TINYC_E_STREAM;
}

int tinyc_huffman_next(tinyc_huffman* r, int8_t* dst, uint32_t n) {
  const uint8_t* const first = r->codec + 3;
  int8_t* const end = dst + n;
  tinyc_huffman s = *r;
  while (dst != end) {
    tinyc_huffman_code c;
    int8_t* stop = end;
    uint32_t entry, len, at = 0, zeros;
    if (s.zeros != 0) {
      const uint32_t left = (uint32_t)(end - dst), run = s.zeros < left ? s.zeros : left;
      memset(dst, 0, (size_t)run);
      dst += run;
      s.zeros = (uint16_t)(s.zeros - run);
      continue;
    }
    c = tinyc_huffman_open(s.section);
    if (s.section != first) stop = dst + 1; /* the code after a run serves for one literal */
    s.section = first;
    do {
      if (s.count < 16) {
        if (s.count < 0) return tinyc_huffman_fail(r);
        tinyc_huffman_refill(&s);
      }
      entry = tinyc_huffman_ld16(c.lookup + 2u * (s.bits >> c.shift));
      len = entry & 31u;
      if (len != 0) { /* a short code: the lookup holds its literal */
        entry >>= 8;
      } else {
        const uint8_t* row = c.rows + (entry >> 8);
        const uint32_t top = s.bits >> 16;
        while (top > tinyc_huffman_ld16(row)) row += 4;
        entry = tinyc_huffman_ld16(row + 2);
        len = entry & 31u;
        at = ((s.bits >> (32u - len)) + (entry >> 5)) & 511u;
        entry = tinyc_ldu8(c.symbols + at);
        if (at >= c.literals) break;
      }
      s.bits <<= len;
      s.count -= (int)len;
      *dst++ = (int8_t)(uint8_t)entry;
    } while (dst != stop);
    if (at < c.literals) continue;
    /* a run of zeros: its symbol is `entry`, `len` bits are not yet taken */
    s.bits <<= len;
    s.count -= (int)len;
    zeros = tinyc_ldu8(r->codec);
    len = entry >> zeros != 0 ? entry - ((uint32_t)1 << zeros) + zeros : 0;
    zeros = entry;
    if (len != 0) {
      if (s.count >= 0 && s.count < 16) tinyc_huffman_refill(&s);
      zeros = ((uint32_t)1 << len) + (s.bits >> (32u - len));
      s.bits <<= len;
      s.count -= (int)len;
    }
    if (s.count < 0) return tinyc_huffman_fail(r);
    s.zeros = (uint16_t)zeros;
    len = tinyc_huffman_ld16(r->codec + 1);
    if (len != 0) s.section = r->codec + len;
  }
  if (s.count < 0) return tinyc_huffman_fail(r);
  *r = s;
  return TINYC_OK;
}
