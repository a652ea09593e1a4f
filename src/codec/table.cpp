#include "codec/table.h"

#include <algorithm>
#include <bit>

#include "codec/huffman.h"
#include "tinyc/error.h"

namespace tinyc {
namespace {
constexpr int kMaxLookupBits = 8;
constexpr std::size_t kSectionHeader = 4;
constexpr std::size_t kMaxRows = 63;  // a row's byte position must fit into a lookup entry

[[noreturn]] void bad(const char* why) {
  throw Error(ErrorCode::damaged_program, std::string("the decode table of a coded tensor is damaged: ") + why);
}

/// Codewords of one length and one kind, consecutive in the code and in the symbol array.
struct Row {
  std::uint32_t last;    // the greatest 16-bit window that starts with one of its codewords
  std::uint32_t offset;  // codeword + offset = position of the symbol, modulo 512
  int length;
};

std::uint32_t window(const Codeword& w) { return static_cast<std::uint32_t>(w.bits) << (16 - w.length); }

/// Literals keep their order at the front of the symbol array, runs at its end.
std::vector<Row> rows_of(const PrefixCode& code) {
  const auto literals = static_cast<std::uint32_t>(std::ranges::count(code.words, false, &Codeword::run));
  std::uint32_t next[2] = {0, literals};
  std::vector<Row> rows;
  for (std::size_t i = 0; i < code.words.size(); ++i) {
    const Codeword& w = code.words[i];
    const bool opens = i == 0 || code.words[i - 1].length != w.length || code.words[i - 1].run != w.run;
    const std::uint32_t position = next[w.run]++;
    if (opens) rows.push_back({0, (position - w.bits) & 511u, w.length});
    rows.back().last = window(w) + (1u << (16 - w.length)) - 1;
  }
  return rows;
}

/// Entry i serves the windows that start with the K bits of i: the literal when its codeword is that short, else the
/// row where the search begins.
std::vector<std::uint16_t> lookup_of(const PrefixCode& code, const std::vector<Row>& rows) {
  std::vector<std::uint16_t> entries;
  std::size_t word = 0, row = 0;
  for (std::uint32_t i = 0; i < 1u << code.lookup_bits; ++i) {
    const std::uint32_t at = i << (16 - code.lookup_bits);
    while (word + 1 < code.words.size() && window(code.words[word + 1]) <= at) ++word;
    while (rows[row].last < at) ++row;
    const Codeword& w = code.words[word];
    const bool direct = !w.run && w.length <= code.lookup_bits;
    entries.push_back(static_cast<std::uint16_t>(direct ? w.symbol << 8 | w.length : static_cast<int>(4 * row) << 8));
  }
  return entries;
}

void put16(Bytes& out, std::uint32_t v) {
  out.push_back(static_cast<std::uint8_t>(v));
  out.push_back(static_cast<std::uint8_t>(v >> 8));
}

void serialize_section(const PrefixCode& code, Bytes& out) {
  const std::vector<Row> rows = rows_of(code);
  if (rows.size() > kMaxRows) throw Error(ErrorCode::defect, "a weight code has too many rows");
  out.push_back(static_cast<std::uint8_t>(code.lookup_bits));
  out.push_back(static_cast<std::uint8_t>(rows.size()));
  put16(out, static_cast<std::uint32_t>(std::ranges::count(code.words, false, &Codeword::run)));
  for (const std::uint16_t e : lookup_of(code, rows)) put16(out, e);
  for (const Row& r : rows) {
    put16(out, r.last);
    put16(out, r.offset << 5 | static_cast<std::uint32_t>(r.length));
  }
  for (const bool run : {false, true})
    for (const Codeword& w : code.words)
      if (w.run == run) out.push_back(w.symbol);
}

PrefixCode parse_section(std::span<const std::uint8_t> s, int exact, bool literals_only) {
  const auto u16 = [&](std::size_t i) { return static_cast<std::uint32_t>(s[i] | s[i + 1] << 8); };
  if (s.size() < kSectionHeader) bad("a code is cut off");
  PrefixCode code;
  code.lookup_bits = s[0];
  if (s[0] < 1 || s[0] > kMaxLookupBits) bad("the size of a lookup is out of range");
  const std::size_t row_count = s[1], literals = u16(2), rows_at = kSectionHeader + (std::size_t{2} << s[0]),
                    symbols_at = rows_at + 4 * row_count;
  if (row_count < 1 || row_count > kMaxRows || symbols_at >= s.size()) bad("its rows do not fit");
  const std::size_t symbols = s.size() - symbols_at;
  if (literals > symbols || symbols > 512) bad("it has too many symbols or too few");
  if (literals_only && literals != symbols) bad("the code after a run holds a run");

  std::vector<Row> rows;
  std::vector<std::uint8_t> used(symbols, 0);
  std::uint32_t from = 0;
  for (std::size_t r = 0; r < row_count; ++r) {
    const std::uint32_t last = u16(rows_at + 4 * r), packed = u16(rows_at + 4 * r + 2);
    const int length = static_cast<int>(packed & 31);
    if (length < 1 || length > kMaxCodeLength) bad("a code length is out of range");
    const std::uint32_t step = 1u << (16 - length), offset = packed >> 5 & 511;
    if (packed >> 14 != 0 || from % step != 0 || (last + 1) % step != 0 || last < from) bad("a row is out of order");
    const std::size_t first = ((from >> (16 - length)) + offset) & 511, count = (last + 1 - from) / step;
    if (first + count > symbols) bad("a row points outside of the symbols");
    if ((first < literals) != (first + count <= literals)) bad("a row mixes literals and runs");
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint8_t symbol = s[symbols_at + first + i];
      const bool run = first >= literals;
      if (used[first + i]++) bad("a symbol is used twice");
      if (run && symbol >= (1 << exact) + kMaxExtraBits - exact + 1) bad("a run is too long");
      code.words.push_back(
          {run, symbol, static_cast<std::uint8_t>(length), static_cast<std::uint16_t>((from >> (16 - length)) + i)});
    }
    rows.push_back({last, offset, length});
    from = last + 1;
  }
  if (from != 0x10000) bad("a code is not complete");
  if (std::ranges::count(used, 0)) bad("a symbol has no codeword");
  const std::vector<std::uint16_t> lookup = lookup_of(code, rows);
  for (std::size_t i = 0; i < lookup.size(); ++i)
    if (u16(kSectionHeader + 2 * i) != lookup[i]) bad("a lookup does not agree with its code");
  return code;
}
}  // namespace

PrefixCode make_code(std::span<const Counted> symbols, int limit) {
  PrefixCode code;
  std::vector<std::uint64_t> freq;
  for (const Counted& s : symbols) {
    code.words.push_back({s.run, s.symbol, 1, 0});
    freq.push_back(s.count);
  }
  if (code.words.size() == 1) {
    code.words.push_back(code.words[0]);
    code.words[1].bits = 1;
    return code;
  }
  const std::vector<std::uint8_t> lengths = code_lengths(freq, limit);
  for (std::size_t i = 0; i < lengths.size(); ++i) code.words[i].length = lengths[i];
  std::ranges::sort(code.words, [](const Codeword& a, const Codeword& b) {
    if (a.length != b.length) return a.length < b.length;
    return a.run != b.run ? b.run : static_cast<std::int8_t>(a.symbol) < static_cast<std::int8_t>(b.symbol);
  });
  std::uint32_t next = 0;  // left-aligned
  for (Codeword& w : code.words) {
    w.bits = static_cast<std::uint16_t>(next >> (16 - w.length));
    next += 1u << (16 - w.length);
  }
  return code;
}

std::size_t section_bytes(const PrefixCode& code) {
  return kSectionHeader + (std::size_t{2} << code.lookup_bits) + 4 * rows_of(code).size() + code.words.size();
}

Bytes serialize(const Codes& codes) {
  Bytes out{static_cast<std::uint8_t>(codes.exact), 0, 0};
  serialize_section(codes.codes.at(0), out);
  if (codes.codes.size() > 1) {
    out[1] = static_cast<std::uint8_t>(out.size());
    out[2] = static_cast<std::uint8_t>(out.size() >> 8);
    serialize_section(codes.codes[1], out);
  }
  return out;
}

Codes parse_table(std::span<const std::uint8_t> table) {
  if (table.size() < kTableHeader) bad("it is cut off");
  if (table.size() > 0xffff) bad("it is too long");
  Codes codes;
  codes.exact = table[0];
  if (codes.exact < 1 || codes.exact > 6) bad("the number of short runs is out of range");
  const std::size_t second = table[1] | static_cast<std::size_t>(table[2]) << 8;
  if (second != 0 && (second <= kTableHeader || second >= table.size())) bad("the second code lies outside");
  const std::size_t first_end = second ? second : table.size();
  codes.codes.push_back(parse_section(table.subspan(kTableHeader, first_end - kTableHeader), codes.exact, false));
  if (second) codes.codes.push_back(parse_section(table.subspan(second), codes.exact, true));
  return codes;
}

RunSymbol run_symbol(std::uint32_t run, int exact) {
  if (run < 1u << exact) return {static_cast<std::uint8_t>(run), 0, 0};
  const int octave = static_cast<int>(std::bit_width(run)) - 1;
  return {static_cast<std::uint8_t>((1 << exact) + octave - exact), static_cast<std::uint8_t>(octave),
          static_cast<std::uint16_t>(run - (1u << octave))};
}

}  // namespace tinyc
