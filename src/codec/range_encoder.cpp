// The binary range coder and the model of a tensor's weights; src/rt/tinyc_range.c reads what is written here.
//
// Sources: Martin 1979, "Range encoding: an algorithm for removing redundancy from a digitised message" (the coder);
// Pavlov, LZMA (carries held back, so that the decoder needs none); Elias 1975, "Universal codeword sets" (gamma code:
// a size as its number of bits, then the bits); Krichevsky and Trofimov 1981 (a probability from counts, here by
// shifts).
#include <algorithm>
#include <bit>

#include "codec/range.h"
#include "tinyc/error.h"
#include "tinyc_rt/tinyc_rt.h"

namespace tinyc {
namespace {

class RangeCoder {
 public:
  explicit RangeCoder(int limit) : limit_(static_cast<std::uint32_t>(limit)) {}

  /// See tinyc_range_bit for the state.
  void adaptive(std::uint32_t& state, bool bit) {
    const std::uint32_t p = state >> 12, rate = state & 15, bound = (range_ >> 16) * (state >> 16);
    if (bit) {
      low_ += bound;
      range_ -= bound;
      state -= p >> rate << 12;
    } else {
      range_ = bound;
      state += (0xfffffu - p) >> rate << 12;
    }
    if (rate < limit_) state += state & 0xff0u ? -0x10u : ((1u << rate) - 1) * 0x10 + 1;
    normalize();
  }

  void plain(std::uint32_t value, std::uint32_t bits) {
    while (bits-- > 0) {
      range_ >>= 1;
      if (value >> bits & 1) low_ += range_;
      normalize();
    }
  }

  /// Truncated binary: the first numbers below n take a bit less.
  void below(std::uint32_t value, std::uint32_t n) {
    const auto bits = static_cast<std::uint32_t>(std::bit_width(n)) - 1;
    const std::uint32_t shorter = (2u << bits) - n;
    if (value < shorter) {
      plain(value, bits);
    } else {
      plain(value + shorter, bits + 1);
    }
  }

  /// Ends with the number of the interval that has most zeros behind; the decoder reads zeros behind the stream's end.
  Bytes finish() {
    for (int zeros = 32; zeros-- > 0;) {
      const std::uint64_t step = std::uint64_t{1} << zeros, value = (low_ + step - 1) / step * step;
      if (value - low_ >= range_) continue;
      low_ = value;
      break;
    }
    for (int i = 0; i < 5; ++i) shift_out();
    for (int i = 0; i < 4 && !out_.empty() && out_.back() == 0; ++i) out_.pop_back();
    return std::move(out_);
  }

 private:
  void normalize() {
    for (; range_ >> 24 == 0; range_ <<= 8) shift_out();
  }
  /// Moves the top byte of low_ out; bytes that a carry may still change wait.
  void shift_out() {
    if (low_ < 0xff000000u || low_ >> 32) {
      const auto carry = static_cast<std::uint8_t>(low_ >> 32);
      if (started_) out_.push_back(static_cast<std::uint8_t>(waiting_ + carry));
      out_.insert(out_.end(), waiting_ones_, static_cast<std::uint8_t>(0xff + carry));
      waiting_ = static_cast<std::uint8_t>(low_ >> 24);
      waiting_ones_ = 0;
      started_ = true;
    } else {
      ++waiting_ones_;
    }
    low_ = (low_ & 0xffffffu) << 8;
  }

  std::uint64_t low_ = 0;
  std::uint32_t range_ = 0xffffffffu, limit_;
  std::uint8_t waiting_ = 0;
  std::size_t waiting_ones_ = 0;
  bool started_ = false;
  Bytes out_;
};

constexpr std::uint32_t kNewState = 0x80000001u;  // probability one half, rate 1
constexpr std::uint32_t kClasses = 8;

/// The weights as distances in coding order; empty when the header has no place for one of them.
std::vector<int> distances(const RangeHeader& h, std::span<const std::int8_t> weights, const FilterShape& shape) {
  std::array<int, 256> distance;
  for (int v = 0; v < 256; ++v)
    distance[static_cast<std::size_t>(v)] =
        h.palette.empty() ? static_cast<std::int8_t>(v - static_cast<int>(h.zero)) : 0x1000;
  for (std::size_t i = 0; i < h.palette.size(); ++i)
    distance[static_cast<std::uint8_t>(h.palette[i])] = static_cast<int>(i) - h.zero;
  std::vector<int> out;
  out.reserve(weights.size());
  for (std::size_t first = 0; first < shape.step; ++first)
    for (std::size_t i = first; i < weights.size(); i += shape.step) {
      out.push_back(distance[static_cast<std::uint8_t>(weights[i])]);
      if (std::abs(out.back()) > h.top) return {};
    }
  return out;
}

class Model {
 public:
  Model(const RangeHeader& h, const FilterShape& shape)
      : h_(h),
        octaves_(static_cast<std::uint32_t>(h.octaves())),
        sizes_(std::size_t{octaves_} * (h.local || h.channel ? kClasses : 1), kNewState),
        trees_(std::size_t{octaves_} << (h.depth + 1), kNewState),
        history_(shape.channels, 0),
        coder_(h.limit) {}

  void below(std::uint32_t value, std::uint32_t n) { coder_.below(value, n); }

  void weight(int v, bool is_peak) {
    const bool negative = v < 0;
    const auto size = static_cast<std::uint32_t>(negative ? -v : v);
    const auto octave = static_cast<std::uint32_t>(std::bit_width(size));
    if (!is_peak) code_octave(octave);
    if (octave) {
      std::uint32_t* tree = trees_.data() + ((octave - 1) << h_.depth);
      if (h_.skew) {
        coder_.adaptive(*tree, negative);
        if (negative) tree += octaves_ << h_.depth;
      } else {
        coder_.plain(negative, 1);
      }
      if (!is_peak) {
        std::uint32_t below = octave - 1;
        for (int t = 0; t < h_.depth && below > 0; ++t, --below)
          coder_.adaptive(tree[size >> below], size >> (below - 1) & 1);
        coder_.plain(size & ((1u << below) - 1), below);
      }
    }
    local_ += 8 * size - (local_ >> 1);
    history_[at_] = static_cast<std::uint8_t>(size);
    at_ = at_ + 1 == history_.size() ? 0 : at_ + 1;
  }

  Bytes finish() { return coder_.finish(); }

 private:
  /// Answers "more than o?" for each o from the first on, upwards or downwards, until the answer changes.
  void code_octave(std::uint32_t octave) {
    std::uint32_t* s = sizes_.data() + std::size_t{octaves_} * size_class();
    const auto first = static_cast<std::uint32_t>(h_.first);
    if (first >= octaves_) return;
    if (octave > first) {
      for (std::uint32_t o = first; o < octaves_ && o <= octave; ++o) coder_.adaptive(s[o], octave > o);
    } else {
      const std::uint32_t last = octave > 0 ? octave - 1 : 0;
      for (std::uint32_t k = 0; k <= first - last; ++k) coder_.adaptive(s[first - k], octave > first - k);
    }
  }
  std::uint32_t size_class() const {
    const std::uint32_t sum = (h_.local ? local_ : 0) + (h_.channel ? 16u * history_[at_] : 0);
    return std::min(static_cast<std::uint32_t>(std::bit_width(sum >> h_.shift)), kClasses - 1);
  }

  const RangeHeader& h_;
  std::uint32_t octaves_, local_ = 0;
  std::vector<std::uint32_t> sizes_, trees_;
  std::vector<std::uint8_t> history_;
  std::size_t at_ = 0;
  RangeCoder coder_;
};

[[noreturn]] void bad(const char* why) {
  throw Error(ErrorCode::damaged_program, std::string("a range coder's header is damaged: ") + why);
}
}  // namespace

std::optional<Bytes> range_encode(const RangeHeader& h, std::span<const std::int8_t> weights,
                                  const FilterShape& shape) {
  const std::vector<int> v = distances(h, weights, shape);
  if (v.size() != weights.size() || (h.top > 0 && h.first >= h.octaves())) return std::nullopt;
  const std::size_t filter = std::size_t{shape.channels} * shape.taps;
  Model model(h, shape);
  std::size_t peak = v.size();
  for (std::size_t i = 0; i < v.size(); ++i) {
    if (h.peak && i % filter == 0) {
      const auto first = v.begin() + static_cast<std::ptrdiff_t>(i);
      const auto last = v.begin() + static_cast<std::ptrdiff_t>(std::min(i + filter, v.size()));
      const auto found = std::find_if(first, last, [&](int x) { return std::abs(x) == h.top; });
      peak = static_cast<std::size_t>(found - v.begin());
      const std::size_t place = found == last ? filter : static_cast<std::size_t>(found - first);
      model.below(static_cast<std::uint32_t>(place), static_cast<std::uint32_t>(filter + 1));
    }
    model.weight(v[i], h.peak && i == peak);
  }
  return model.finish();
}

int RangeHeader::octaves() const { return static_cast<int>(std::bit_width(static_cast<unsigned>(top))); }

Bytes RangeHeader::bytes() const {
  const auto byte = [](int v) { return static_cast<std::uint8_t>(v); };
  const unsigned flags = (local ? TINYC_RANGE_LOCAL : 0) | (channel ? TINYC_RANGE_CHANNEL : 0) |
                         (peak ? TINYC_RANGE_PEAK : 0) | (skew ? TINYC_RANGE_SKEW : 0) |
                         (palette.empty() ? 0 : TINYC_RANGE_PALETTE);
  Bytes out{byte(static_cast<int>(kRangeKind | flags) | (limit - kRangeFastest) << 5),
            byte(depth | shift << 2 | first << 5), byte(top), zero};
  if (palette.empty()) return out;
  out.push_back(byte(static_cast<int>(palette.size()) - 1));
  for (const std::int8_t v : palette) out.push_back(static_cast<std::uint8_t>(v));
  return out;
}

RangeHeader RangeHeader::parse(std::span<const std::uint8_t> b) {
  if (b.size() < 4) bad("it is cut off");
  RangeHeader h;
  h.local = b[0] & TINYC_RANGE_LOCAL;
  h.channel = b[0] & TINYC_RANGE_CHANNEL;
  h.peak = b[0] & TINYC_RANGE_PEAK;
  h.skew = b[0] & TINYC_RANGE_SKEW;
  h.limit = kRangeFastest + (b[0] >> 5 & 3);
  h.depth = b[1] & 3;
  h.shift = b[1] >> 2 & 7;
  h.first = b[1] >> 5;
  h.top = b[2];
  h.zero = b[3];
  if (h.first >= std::max(1, h.octaves())) bad("it begins at a size that is too large");
  std::size_t size = 4;
  if (b[0] & TINYC_RANGE_PALETTE) {
    if (b.size() < 5) bad("it is cut off");
    size = 5 + b[4] + std::size_t{1};
    if (b.size() < size) bad("its palette is cut off");
    if (h.zero > b[4]) bad("its palette has no zero");
    h.palette.assign(b.begin() + 5, b.begin() + static_cast<std::ptrdiff_t>(size));
  }
  if (b.size() != size) bad("bytes are left over");
  return h;
}

}  // namespace tinyc
