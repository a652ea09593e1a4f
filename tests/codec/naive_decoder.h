// A decoder written from docs/weight_format.md alone, bit by bit and without the lookup: the oracle for the shipped
// reader.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tinyc::test {

class NaiveDecoder {
 public:
  NaiveDecoder(std::span<const std::uint8_t> table, std::span<const std::uint8_t> stream) : t_(table), s_(stream) {}

  /// The first n weights, or nothing when the stream ends early.
  std::optional<std::vector<std::int8_t>> decode(std::size_t n) {
    std::vector<std::int8_t> out;
    const std::size_t second = u16(1);
    std::size_t section = 3, end = second ? second : t_.size();
    while (out.size() < n) {
      const std::size_t lookup = section + 4, rows = lookup + 2 * (std::size_t{1} << t_[section]);
      const std::size_t symbols = rows + 4 * std::size_t{t_[section + 1]};
      const unsigned window = peek16();
      std::size_t row = rows;
      while (window > u16(row)) row += 4;
      const unsigned length = u16(row + 2) & 31, offset = u16(row + 2) >> 5;
      const unsigned position = ((window >> (16 - length)) + offset) % 512;
      if (symbols + position >= end) return std::nullopt;
      const unsigned symbol = t_[symbols + position];
      at_ += length;
      if (position < u16(section + 2)) {
        out.push_back(static_cast<std::int8_t>(symbol));
        section = 3;
        end = second ? second : t_.size();
      } else {
        const unsigned e = t_[0];
        unsigned run = symbol;
        if (symbol >= 1u << e) {
          const unsigned k = symbol - (1u << e) + e;
          run = 1;
          for (unsigned i = 0; i < k; ++i) run = 2 * run + bit(at_++);
        }
        out.resize(std::min(n, out.size() + run), 0);
        if (second) section = second, end = t_.size();
      }
      if (at_ > 8 * s_.size()) return std::nullopt;
    }
    return out;
  }

 private:
  unsigned u16(std::size_t i) const { return t_[i] | static_cast<unsigned>(t_[i + 1]) << 8; }
  unsigned bit(std::size_t i) const { return i / 8 < s_.size() ? s_[i / 8] >> (7 - i % 8) & 1u : 0u; }
  unsigned peek16() const {
    unsigned v = 0;
    for (std::size_t i = 0; i < 16; ++i) v = 2 * v + bit(at_ + i);
    return v;
  }
  std::span<const std::uint8_t> t_, s_;
  std::size_t at_ = 0;
};

}  // namespace tinyc::test
