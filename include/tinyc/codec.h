// Entropy coding of int8 weights: canonical Huffman with zero-run symbols. The format is docs/weight_format.md; the
// decoder that counts is the runtime's (src/rt/tinyc_reader.c), which the host uses too.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "tinyc/graph.h"

namespace tinyc {

/// A serialized decode table, or a range coder's header in its place.
struct CodeTable {
  Bytes bytes;
};

/// How the weights of a layer's filters lie: `channels` * `taps` weights a filter, the input channels in turn, `step`
/// apart. The range coder goes filter by filter; Huffman codes do not look at it.
struct FilterShape {
  std::uint32_t channels = 1, taps = 1, step = 1;
  bool operator==(const FilterShape&) const = default;
};

/// Builds the best code (zero-run symbols only where they pay) for the union of `tensors`. Order matters not;
/// deterministic. `lookup_share`: bytes of the direct lookup (it speeds up decoding) relative to the coded bytes, at
/// most.
CodeTable build_table(std::span<const std::span<const std::int8_t>> tensors, double lookup_share = 1.0 / 128);

/// Codes one tensor with a table that knows all of its symbols. Throws Error(internal) when a symbol is missing.
Bytes encode(const CodeTable& table, std::span<const std::int8_t> weights);

/// Decodes exactly `n` weights with the shipped reader. Throws Error(input) on a damaged stream.
std::vector<std::int8_t> decode(const CodeTable& table, std::span<const std::uint8_t> stream, std::size_t n);

/// Checks that a serialized table is well formed (complete code, sizes in bounds), as the reader requires: once it
/// passes, the reader is memory safe on any stream. Throws Error(input).
void verify_table(std::span<const std::uint8_t> table);

/// Order-0 entropy in bits a weight; 0 for an empty tensor.
double entropy_bits(std::span<const std::int8_t> weights) noexcept;

}  // namespace tinyc
