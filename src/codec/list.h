// Lists of nonzero weights (docs/weight_format.md, Lists).
#pragma once
#include "tinyc/codec.h"

namespace tinyc {

inline constexpr std::uint8_t kListKind = 64;  ///< the header's first byte

Bytes list_encode(const ListLayout& layout, std::span<const std::int8_t> weights);
/// Throws Error(input) where the stream is anything but what list_encode writes for n weights.
std::vector<std::int8_t> list_decode(const ListLayout& layout, std::span<const std::uint8_t> stream, std::size_t n);

}  // namespace tinyc
