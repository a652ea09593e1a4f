// Coded weights: two bytes of length, a decode table (Huffman) or header (range coder) of that length, a stream.
// Whatever verifies must make the reader safe.
#include "tinyc/codec.h"
#include "tinyc/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t length = std::min<std::size_t>(data[0] | std::size_t{data[1]} << 8, size - 2);
  const tinyc::CodeTable table{tinyc::Bytes(data + 2, data + 2 + length)};
  try {
    tinyc::verify_table(table.bytes);
    for (const tinyc::FilterShape filters : {tinyc::FilterShape{16, 9, 1}, tinyc::FilterShape{1, 9, 112}})
      tinyc::decode(table, {data + 2 + length, size - 2 - length}, 1008, filters);
  } catch (const tinyc::Error&) {
  }
  return 0;
}
