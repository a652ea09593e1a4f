// Coded weights: first byte = table length in units of 8, then a table, then a stream. A table that verifies must make
// the reader safe.
#include "tinyc/codec.h"
#include "tinyc/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t table_bytes = std::min<std::size_t>(std::size_t{data[0]} * 8, size - 1);
  const tinyc::CodeTable table{tinyc::Bytes(data + 1, data + 1 + table_bytes)};
  try {
    tinyc::verify_table(table.bytes);
    tinyc::decode(table, {data + 1 + table_bytes, size - 1 - table_bytes}, 4096);
  } catch (const tinyc::Error&) {
  }
  return 0;
}
