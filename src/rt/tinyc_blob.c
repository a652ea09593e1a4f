/* Models whose data lie outside of the firmware (NAME.bin). All numbers are little-endian, all offsets from the start.
 *
 * 32 bytes: "TNYB", format version, bytes of all, CRC-32 (IEEE 802.3) of all that follows it, structure, bytes of the
 *           arena, layers, inputs and outputs together
 * for each input, then for each output: scale (float), zero point (int32)
 * for each layer: offsets of weights, codec, bias, mult, shift and table (0: none), then tinyc_layer from in0 on
 * arrays, each at a multiple of 16
 *
 * `structure` stands for the kernels in their order, the decoders, and the place and type of inputs and outputs: what
 * the firmware holds. Kernels trust the rest as they trust constants: the checksum finds damage, not malice. */
#include "tinyc_rt.h"

#define TINYC_BLOB_MAGIC 0x42594E54u
#define TINYC_BLOB_VERSION 1u
enum {
  blob_magic,
  blob_version,
  blob_bytes,
  blob_crc,
  blob_structure,
  blob_arena,
  blob_layers,
  blob_values,
  blob_words
};
enum { blob_numbers = 96 }; /* bytes of a tinyc_layer from in0 on */
typedef char tinyc_blob_numbers_are_whole[offsetof(tinyc_layer, block) + 2 - offsetof(tinyc_layer, in0) == blob_numbers
                                              ? 1
                                              : -1];

static uint32_t tinyc_blob_word(const uint8_t* blob, int index) {
  return (uint32_t)tinyc_ld32((const int32_t*)(const void*)blob + index);
}

static uint32_t tinyc_blob_crc32(const uint8_t* p, const uint8_t* end) {
  uint32_t crc = 0xFFFFFFFFu;
  for (; p != end; ++p) {
    int bit;
    crc ^= tinyc_ldu8(p);
    for (bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xEDB88320u & (0u - (crc & 1u)));
  }
  return ~crc;
}

int tinyc_blob_check(const uint8_t* blob, uint32_t bytes, uint32_t structure, uint32_t arena_bytes) {
  const uint32_t header = 4u * blob_words;
  uint32_t size;
  if (!blob) return TINYC_E_NO_DATA;
  if ((uintptr_t)blob & 15u) return TINYC_E_ALIGNMENT;
  if (bytes < header || tinyc_blob_word(blob, blob_magic) != TINYC_BLOB_MAGIC ||
      tinyc_blob_word(blob, blob_version) != TINYC_BLOB_VERSION)
    return TINYC_E_FORMAT;
  size = tinyc_blob_word(blob, blob_bytes);
  if (size < header || size > bytes) return TINYC_E_FORMAT;
  if (tinyc_blob_crc32(blob + 4 * blob_structure, blob + size) != tinyc_blob_word(blob, blob_crc))
    return TINYC_E_CHECKSUM;
  if (tinyc_blob_word(blob, blob_structure) != structure || tinyc_blob_word(blob, blob_arena) > arena_bytes)
    return TINYC_E_STRUCTURE;
  return TINYC_OK;
}

int tinyc_blob_run(const tinyc_kernel* kernels, int count, const uint8_t* blob, uint8_t* arena) {
  const uint8_t* entry = blob + 4 * blob_words + 8 * tinyc_blob_word(blob, blob_values);
  int i;
  for (i = 0; i < count; ++i, entry += 24 + blob_numbers) {
    const uint8_t* arrays[6];
    tinyc_layer l;
    int k, rc;
    for (k = 0; k < 6; ++k) {
      const uint32_t offset = tinyc_blob_word(entry, k);
      arrays[k] = offset ? blob + offset : 0;
    }
    tinyc_load((void*)&l.run, (const void*)(kernels + i), sizeof l.run, 1);
    l.weights = (const int8_t*)arrays[0];
    l.codec = arrays[1];
    l.bias = (const int32_t*)(const void*)arrays[2];
    l.mult = (const int32_t*)(const void*)arrays[3];
    l.shift = (const int8_t*)arrays[4];
    l.table = (const int32_t*)(const void*)arrays[5];
    tinyc_load((uint8_t*)&l + offsetof(tinyc_layer, in0), entry + 24, blob_numbers, 1);
    rc = l.run(&l, arena);
    if (rc != TINYC_OK) return rc;
#ifdef TINYC_TRACE
    if (l.out_bytes > 0) tinyc_trace(i, arena + l.out, l.out_bytes);
#endif
  }
  return TINYC_OK;
}
