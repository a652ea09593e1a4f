// Coded weights: first byte = table length (of a range coder's header; else in units of 8), then a table, then a
// stream. A table that verifies must make the reader safe.
#include "tinyc/codec.h"
#include "tinyc/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const bool range = size > 1 && data[1] >= 0x80;
  const std::size_t table_bytes = std::min<std::size_t>(std::size_t{data[0]} * (range ? 1 : 8), size - 1);
  const tinyc::CodeTable table{tinyc::Bytes(data + 1, data + 1 + table_bytes)};
  try {
    tinyc::verify_table(table.bytes);
    for (const tinyc::FilterShape filters : {tinyc::FilterShape{16, 9, 1}, tinyc::FilterShape{1, 9, 455}})
      tinyc::decode(table, {data + 1 + table_bytes, size - 1 - table_bytes}, 4095, filters);
  } catch (const tinyc::Error&) {
  }
  return 0;
}
