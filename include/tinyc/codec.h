// Entropy coding of int8 weights: canonical Huffman with zero-run symbols, or an adaptive range coder; and lists of the
// nonzero ones, which kernels execute as they lie. The formats are docs/weight_format.md; the decoders that count are
// the runtime's (src/rt/tinyc_huffman.c, tinyc_range.c), which the host uses too.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tinyc/graph.h"

namespace tinyc {

/// A serialized decode table, or the header of a range coder or a list in its place.
struct CodeTable {
  Bytes bytes;
};

/// How the weights of a layer's filters lie: `channels` * `taps` weights a filter, the input channels in turn, `step`
/// apart. The range coder goes filter by filter; Huffman codes do not look at it.
struct FilterShape {
  std::uint32_t channels = 1, taps = 1, step = 1;
  bool operator==(const FilterShape&) const = default;
};
/// Of an operator's weight tensor.
FilterShape filter_shape(OpKind op, const Shape& weights);

/// Where a list's kernel finds the values of a filter's window. Channels come in groups: group g begins at channel
/// starts[g], ends where the next begins, and lies at byte taps[t] + g * step for tap t. Single channels have no
/// starts.
struct ListLayout {
  std::uint32_t group = 4;     ///< weights under one offset: up to 4 neighbours; or 1, and four offsets an entry
  std::uint32_t channels = 1;  ///< of a tap
  std::uint32_t step = 8;      ///< bytes from group to group
  std::vector<std::uint32_t> starts, taps;
  bool operator==(const ListLayout&) const = default;
};
/// The starts with the fewest entries: channels that were removed leave blocks that no longer begin at multiples of 4.
/// All are 4 channels before the last one at least.
std::vector<std::uint32_t> list_starts(std::span<const std::int8_t> weights, std::uint32_t channels);
/// Absent when the layout does not fit the header's numbers of 16 bits.
std::optional<CodeTable> list_header(const ListLayout& layout);
/// Throws Error(input).
ListLayout parse_list_header(std::span<const std::uint8_t> header);

/// Bytes from the window's first value to behind its last.
std::uint32_t list_extent(const ListLayout& layout);

/// Builds the best code (zero-run symbols only where they pay) for the union of `tensors`. Order matters not;
/// deterministic. `lookup_share`: bytes of the direct lookup (it speeds up decoding) relative to the coded bytes, at
/// most.
CodeTable build_table(std::span<const std::span<const std::int8_t>> tensors, double lookup_share = 1.0 / 128);

/// Weights of a tensor and how they lie.
struct FilterWeights {
  std::span<const std::int8_t> weights;
  FilterShape shape;
};

/// A range coder's header for each tensor: the one that makes it smallest, or another one's where both together are
/// smaller with that (equal headers are stored once). No bytes for a tensor that stays raw.
std::vector<CodeTable> range_headers(std::span<const FilterWeights> tensors);

/// Whether this is a range coder's header.
bool is_range(std::span<const std::uint8_t> table) noexcept;

/// Whether this is a list's header.
bool is_list(std::span<const std::uint8_t> table) noexcept;

/// Codes one tensor with a table that knows all of its symbols. Throws Error(internal) when a symbol is missing.
Bytes encode(const CodeTable& table, std::span<const std::int8_t> weights, const FilterShape& shape = {});

/// Decodes exactly `n` weights with the shipped reader. Throws Error(input) on a stream that is seen to be damaged.
std::vector<std::int8_t> decode(const CodeTable& table, std::span<const std::uint8_t> stream, std::size_t n,
                                const FilterShape& shape = {});

/// Checks that a serialized table is well formed (complete code, sizes in bounds), as the reader requires: once it
/// passes, the reader is memory safe on any stream. Throws Error(input).
void verify_table(std::span<const std::uint8_t> table);

/// Bytes of scratch in which the reader keeps what it learns, a multiple of 4.
std::uint32_t reader_bytes(std::span<const std::uint8_t> table, const FilterShape& shape);

/// Instructions of decoding these weights on a Cortex-M4 once, about.
std::int64_t decode_instructions(std::span<const std::uint8_t> table, std::span<const std::int8_t> weights);
/// The same for the coders before there is a table.
std::int64_t huffman_instructions(std::span<const std::int8_t> weights);
std::int64_t range_instructions(std::span<const std::int8_t> weights);

/// Order-0 entropy in bits a weight; 0 for an empty tensor.
double entropy_bits(std::span<const std::int8_t> weights) noexcept;

}  // namespace tinyc
