// The serialized decode table (docs/weight_format.md): codes as objects, their bytes, and reading them back.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "tinyc/graph.h"

namespace tinyc {

inline constexpr int kMaxCodeLength = 16;
inline constexpr int kMaxExtraBits = 15;  ///< of a run symbol: runs up to 2^16 - 1
inline constexpr std::uint32_t kMaxRun = 65535;
inline constexpr std::size_t kTableHeader = 3;

/// One symbol with its codeword. Literals come from a byte of the alphabet of int8, runs from the run alphabet.
struct Codeword {
  bool run = false;
  std::uint8_t symbol = 0;
  std::uint8_t length = 0;  ///< bits, 1..16
  std::uint16_t bits = 0;   ///< the codeword, right-aligned
  bool operator==(const Codeword&) const = default;
};

/// A complete prefix code in increasing order of left-aligned codewords: canonical, within a length literals first.
struct PrefixCode {
  std::vector<Codeword> words;
  int lookup_bits = 1;  ///< K, 1..8
};

/// A whole table: one code, or two of which the second serves for the literal after each run.
struct Codes {
  int exact = 1;  ///< runs below 2^exact have a symbol each, longer ones share one an octave
  std::vector<PrefixCode> codes;
};

/// A symbol with how often it occurs.
struct Counted {
  bool run = false;
  std::uint8_t symbol = 0;
  std::uint64_t count = 0;
};

/// The best code of at most `limit` bits for symbols that occur (at least one); a single symbol gets both codewords of
/// one bit, so that every code is complete. lookup_bits is left at 1.
PrefixCode make_code(std::span<const Counted> symbols, int limit);

/// Size of a code's section in the table.
std::size_t section_bytes(const PrefixCode& code);

Bytes serialize(const Codes& codes);

/// Reads a table and checks all that the runtime reader relies on. Throws Error(input).
Codes parse_table(std::span<const std::uint8_t> table);

/// The run symbol of a run (0..65535), and how many extra bits follow its codeword.
struct RunSymbol {
  std::uint8_t symbol = 0;
  std::uint8_t extra_bits = 0;
  std::uint16_t extra = 0;
};
RunSymbol run_symbol(std::uint32_t run, int exact);

}  // namespace tinyc
