// A range decoder written from docs/weight_format.md alone, word by word: the oracle for the shipped one.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tinyc/codec.h"

namespace tinyc::test {

class NaiveRangeDecoder {
 public:
  NaiveRangeDecoder(std::span<const std::uint8_t> header, std::span<const std::uint8_t> stream,
                    const FilterShape& shape)
      : h_(header), s_(stream), shape_(shape) {}

  /// The n weights, or nothing when the stream is seen to be damaged.
  std::optional<std::vector<std::int8_t>> decode(std::size_t n) {
    const unsigned flags = h_[0] % 32, zero = h_[3];
    const bool local = flags & 1, channel = flags & 2, with_peak = flags & 4, with_palette = flags & 16;
    skew_ = flags & 8;
    limit_ = h_[0] / 32 % 4;
    first_ = h_[1] / 32;
    shift_ = h_[1] / 4 % 8;
    depth_ = h_[1] % 4;
    top_ = h_[2];
    while (top_ >= 1u << octaves_) ++octaves_;
    for (int i = 0; i < 4; ++i) code_ = 256 * code_ + byte();

    const std::size_t filter = std::size_t{shape_.channels} * shape_.taps;
    std::vector<unsigned> last(shape_.channels, 0);
    std::vector<std::int8_t> out(n);
    std::size_t place = filter;
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      if (with_peak && i % filter == 0) place = below(filter + 1);
      const std::size_t c = i % filter % shape_.channels;
      std::uint32_t around = 0;
      if (local) around += sum;
      if (channel) around += 16 * last[c];
      int size_class = 0;
      for (around >>= shift_; around > 0 && size_class < 7; around /= 2) ++size_class;
      const int v = weight(size_class, with_peak && i % filter == place);
      const auto size = static_cast<unsigned>(v < 0 ? -v : v);
      last[c] = size;
      sum = sum + 8 * size - sum / 2;
      int value = static_cast<int>(zero) + v;
      if (with_palette) {
        if (value < 0 || value > h_[4]) return std::nullopt;
        value = h_[static_cast<std::size_t>(5 + value)];
      }
      const std::size_t at = shape_.step == 1 ? i : i % filter * shape_.step + i / filter;
      out[at] = static_cast<std::int8_t>(value);
    }
    if (behind_ > 4) return std::nullopt;
    return out;
  }

 private:
  struct Bit {
    std::uint32_t p = 1u << 19, rate = 1, visits = 0;
  };

  std::uint32_t byte() {
    if (next_ < s_.size()) return s_[next_++];
    ++behind_;
    return 0;
  }
  void refill() {
    while (range_ < 1u << 24) {
      range_ *= 256;
      code_ = 256 * code_ + byte();
    }
  }
  unsigned plain(unsigned count) {
    unsigned v = 0;
    for (; count > 0; --count) {
      range_ /= 2;
      const bool one = code_ >= range_;
      if (one) code_ -= range_;
      v = 2 * v + one;
      refill();
    }
    return v;
  }
  unsigned adaptive(Bit& b) {
    const std::uint32_t bound = range_ / 65536 * (b.p / 16);
    const bool one = code_ >= bound;
    if (one) {
      range_ -= bound;
      code_ -= bound;
      b.p -= b.p >> b.rate;
    } else {
      range_ = bound;
      b.p += ((1u << 20) - 1 - b.p) >> b.rate;
    }
    if (b.rate < limit_ + 5) {
      if (b.visits > 0) {
        --b.visits;
      } else {
        b.visits = (1u << b.rate) - 1;
        ++b.rate;
      }
    }
    refill();
    return one;
  }
  std::size_t below(std::size_t n) {
    unsigned b = 0;
    while (n >= std::size_t{2} << b) ++b;
    const std::size_t s = (std::size_t{2} << b) - n, v = plain(b);
    return v < s ? v : 2 * v + plain(1) - s;
  }
  int weight(int size_class, bool is_peak) {
    auto& more = more_.at(static_cast<std::size_t>(size_class));
    int octave = is_peak ? octaves_ : 0;
    if (!is_peak) {
      int at = first_, before = -1;
      while (at >= 0 && at < octaves_) {
        const int bit = static_cast<int>(adaptive(more.at(static_cast<std::size_t>(at))));
        octave = at + bit;
        if (before >= 0 && bit != before) break;
        before = bit;
        at += bit ? 1 : -1;
      }
    }
    if (octave == 0) return 0;
    const auto o = static_cast<std::size_t>(octave);
    const bool negative = skew_ ? adaptive(tree_[0].at(o)[0]) : plain(1);
    unsigned size = 1;
    auto& nodes = tree_[skew_ && negative].at(o);
    for (int i = 0; !is_peak && i < octave - 1; ++i)
      size = 2 * size + (i < depth_ ? adaptive(nodes.at(size)) : plain(1));
    if (is_peak) size = top_;
    return negative ? -static_cast<int>(size) : static_cast<int>(size);
  }

  std::span<const std::uint8_t> h_, s_;
  FilterShape shape_;
  std::size_t next_ = 0, behind_ = 0;
  std::uint32_t range_ = 0xffffffff, code_ = 0, limit_ = 0;
  unsigned top_ = 0, shift_ = 0;
  int octaves_ = 0, first_ = 0, depth_ = 0;
  bool skew_ = false;
  std::array<std::array<Bit, 8>, 8> more_;
  std::array<std::array<std::array<Bit, 8>, 9>, 2> tree_;
};

}  // namespace tinyc::test
