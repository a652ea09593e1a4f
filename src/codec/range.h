// The range coder's header (docs/weight_format.md) and the coder of one tensor.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tinyc/codec.h"

namespace tinyc {

inline constexpr std::uint8_t kRangeKind = 0x80;  ///< set in the first byte; Huffman tables have 1 to 6 there
inline constexpr int kRangeFastest = 5;           ///< the smallest limit of the rate

/// How one tensor's weights become bits. A weight is a signed distance: of its value from `zero`, or of its place in
/// the palette from place `zero`.
struct RangeHeader {
  bool local = false;    ///< class by the sizes of the weights before
  bool channel = false;  ///< class by the size of the last weight of the same input channel
  bool peak = false;     ///< each filter tells first where its first distance of size `top` is
  bool skew = false;     ///< adaptive signs, and sizes adapt for each sign
  int limit = 7;         ///< slowest rate of adaptation, 5 to 8
  int depth = 2;         ///< adaptive bits of a size below its leading one, 0 to 3
  int shift = 2;         ///< from the sum of sizes to the class, 0 to 7
  int first = 0;         ///< the octave where the search for a size's octave begins, below octaves()
  int top = 0;           ///< greatest size, 0 to 255
  std::uint8_t zero = 0;
  std::vector<std::int8_t> palette;  ///< empty: none

  int octaves() const;  ///< bits of `top`
  Bytes bytes() const;
  /// Throws Error(input).
  static RangeHeader parse(std::span<const std::uint8_t> bytes);
};

/// The stream of a tensor; nothing when the header cannot express it.
std::optional<Bytes> range_encode(const RangeHeader& h, std::span<const std::int8_t> weights, const FilterShape& shape);

/// A header that makes the stream small, found by trying.
RangeHeader range_header(std::span<const std::int8_t> weights, const FilterShape& shape);

}  // namespace tinyc
