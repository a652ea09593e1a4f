// What the constants of a program occupy on a 32-bit target.
#include <cstddef>

#include "tinyc/program.h"
#include "tinyc/record.h"

namespace tinyc {
namespace {
// all pointers come first: on the target they take 4 bytes each, the numbers behind them are the same
constexpr std::size_t kNumbersBegin = offsetof(tinyc_layer, in0),
                      kNumbersEnd = offsetof(tinyc_layer, block) + sizeof(tinyc_layer::block);
static_assert(kNumbersBegin == kRecordPointers * sizeof(void*));
constexpr std::size_t kRecordBytes = (std::size_t{4} * kRecordPointers + (kNumbersEnd - kNumbersBegin) + 3) / 4 * 4;
}  // namespace

FlashBytes flash_bytes(const Program& p) noexcept {
  FlashBytes f;
  for (const Blob& b : p.blobs) {
    switch (b.kind) {
      case Blob::Kind::weights: f.weights += b.bytes.size(); break;
      case Blob::Kind::tables: f.tables += b.bytes.size(); break;
      case Blob::Kind::params: f.params += b.bytes.size(); break;
    }
  }
  f.descriptors = p.layers.size() * kRecordBytes;
  if (!p.rows.empty()) f.descriptors += sizeof(std::int16_t);  // the end of the groups
  for (const RowGroup& g : p.rows)
    f.descriptors += sizeof(std::int16_t) * (TINYC_ROWS_GROUP + TINYC_ROWS_NUMBERS * static_cast<std::size_t>(g.count));
  return f;
}

}  // namespace tinyc
