#include "codec/list.h"

#include <algorithm>
#include <array>

#include "tinyc/error.h"

namespace tinyc {
namespace {

constexpr std::size_t kHeader = 8, kMaxFilter = 65535;
constexpr std::uint32_t kRound = 4;  // entries that kernels do in a round; a filter's first one may be shorter

/// A group of weights that shares an offset.
struct Group {
  std::uint32_t offset;
  std::size_t first, size;  ///< place in the filter
};

std::uint32_t groups_of_tap(const ListLayout& l) {
  return l.group == 1 ? l.channels : static_cast<std::uint32_t>(l.starts.size());
}

/// In the filter's own order.
std::vector<Group> groups(const ListLayout& l) {
  std::vector<Group> all;
  const std::uint32_t count = groups_of_tap(l);
  all.reserve(l.taps.size() * count);
  for (std::size_t t = 0; t < l.taps.size(); ++t)
    for (std::uint32_t g = 0; g < count; ++g) {
      const std::uint32_t first = l.group == 1 ? g : l.starts[g], end = l.group == 1    ? g + 1
                                                                        : g + 1 < count ? l.starts[g + 1]
                                                                                        : l.channels;
      all.push_back({l.taps[t] + g * l.step, t * l.channels + first, end - first});
    }
  return all;
}

[[noreturn]] void damaged(const char* why) {
  throw Error(ErrorCode::damaged_program, std::string("a list of weights ") + why);
}

/// Groups of one to four channels that cover all, and kernels may read four channels from each start on.
bool good_starts(const ListLayout& l) {
  if (l.group != 4 || l.starts.empty() || l.starts[0] != 0) return false;
  for (std::size_t g = 1; g < l.starts.size(); ++g)
    if (l.starts[g] <= l.starts[g - 1] || l.starts[g] > l.starts[g - 1] + 4) return false;
  return l.channels < 4 ? l.starts.size() == 1 : l.starts.back() + 4 == l.channels;
}

class Writer {
 public:
  void word(std::uint32_t v) {
    for (int i = 0; i < 4; ++i) bytes_.push_back(static_cast<std::uint8_t>(v >> 8 * i));
  }
  /// Two weights, doubled.
  void pair(int low, int high) {
    word(static_cast<std::uint16_t>(2 * low) | static_cast<std::uint32_t>(static_cast<std::uint16_t>(2 * high)) << 16);
  }
  Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) : left_(bytes) {}
  std::uint32_t word() {
    if (left_.size() < 4) damaged("is too short");
    std::uint32_t v = 0;
    for (std::size_t i = 0; i < 4; ++i) v |= static_cast<std::uint32_t>(left_[i]) << 8 * i;
    left_ = left_.subspan(4);
    return v;
  }
  /// Two weights.
  std::array<std::int8_t, 2> pair() {
    const std::uint32_t v = word();
    std::array<std::int8_t, 2> out{};
    for (std::size_t i = 0; i < 2; ++i) {
      const auto w = static_cast<std::int16_t>(v >> 16 * i);
      out[i] = static_cast<std::int8_t>(w / 2);
      if (2 * out[i] != w) damaged("holds a number that is not twice a weight");
    }
    return out;
  }
  bool done() const { return left_.empty(); }

 private:
  std::span<const std::uint8_t> left_;
};

/// The weights that are not zero, four to an entry; the last entry is filled up with zeros.
void encode_singles(const std::vector<Group>& all, std::span<const std::int8_t> filter, Writer& out) {
  std::vector<Group> some;
  for (const Group& g : all)
    if (filter[g.first] != 0) some.push_back(g);
  out.word(static_cast<std::uint32_t>((some.size() + 3) / 4) + kRound - 1);
  for (std::size_t i = 0; i < some.size(); i += 4) {
    std::array<std::int8_t, 4> w{};
    for (std::size_t k = 0; k < 4; ++k) {
      const bool there = i + k < some.size();
      if (there) w[k] = filter[some[i + k].first];
      out.word(there ? some[i + k].offset : all[0].offset);
    }
    out.pair(w[0], w[1]);
    out.pair(w[2], w[3]);
  }
}

void encode_fours(const std::vector<Group>& all, std::span<const std::int8_t> filter, Writer& out) {
  std::vector<Group> some;
  for (const Group& g : all)
    if (std::ranges::any_of(filter.subspan(g.first, g.size), [](std::int8_t v) { return v != 0; })) some.push_back(g);
  out.word(static_cast<std::uint32_t>(some.size()) + kRound - 1);
  for (const Group& g : some) {
    std::array<std::int8_t, 4> w{};
    for (std::size_t k = 0; k < g.size; ++k) w[k] = filter[g.first + k];
    out.word(g.offset);
    out.pair(w[0], w[2]);
    out.pair(w[1], w[3]);
  }
}

/// Finds groups by their offsets, each behind the one before.
class Places {
 public:
  explicit Places(const std::vector<Group>& all) : all_(all) {
    for (std::size_t i = 0; i < all.size(); ++i) by_offset_.emplace_back(all[i].offset, i);
    std::ranges::sort(by_offset_);
  }
  void restart() { next_ = 0; }
  const Group& find(std::uint32_t offset) {
    const auto at = std::ranges::lower_bound(by_offset_, offset, {}, &std::pair<std::uint32_t, std::size_t>::first);
    if (at == by_offset_.end() || at->first != offset) damaged("has an offset where no input is");
    if (at->second < next_) damaged("is out of order");
    next_ = at->second + 1;
    return all_[at->second];
  }

 private:
  const std::vector<Group>& all_;
  std::vector<std::pair<std::uint32_t, std::size_t>> by_offset_;
  std::size_t next_ = 0;
};

void decode_singles(Reader& in, Places& places, std::span<std::int8_t> filter, bool last) {
  std::array<std::uint32_t, 4> offset{};
  for (auto& o : offset) o = in.word();
  const auto a = in.pair(), b = in.pair();
  const std::array<std::int8_t, 4> w{a[0], a[1], b[0], b[1]};
  std::size_t used = 4;
  while (last && used > 1 && w[used - 1] == 0) --used;
  for (std::size_t k = 0; k < used; ++k) {
    if (w[k] == 0) damaged("holds a zero");
    filter[places.find(offset[k]).first] = w[k];
  }
  for (std::size_t k = used; k < 4; ++k) {  // reads some value of the window
    places.restart();
    places.find(offset[k]);
  }
}

void decode_four(Reader& in, Places& places, std::span<std::int8_t> filter) {
  const Group& g = places.find(in.word());
  const auto a = in.pair(), b = in.pair();
  const std::array<std::int8_t, 4> w{a[0], b[0], a[1], b[1]};
  if (w == std::array<std::int8_t, 4>{}) damaged("holds zeros only");
  for (std::size_t k = 0; k < 4; ++k) {
    if (k >= g.size && w[k] != 0) damaged("has a weight behind the end of a group");
    if (k < g.size) filter[g.first + k] = w[k];
  }
}

}  // namespace

std::vector<std::uint32_t> list_starts(std::span<const std::int8_t> weights, std::uint32_t channels) {
  if (channels <= 4) return {0};
  // entries that a group of each size has from each channel on
  std::vector<std::array<std::uint32_t, 5>> entries(channels);
  for (; !weights.empty(); weights = weights.subspan(channels))
    for (std::uint32_t c = 0; c < channels; ++c) {
      bool any = false;
      for (std::uint32_t k = 0; k < 4 && c + k < channels; ++k) {
        any = any || weights[c + k] != 0;
        entries[c][k + 1] += any;
      }
    }
  // the least from each channel to the end, where the last group has four channels
  constexpr std::uint32_t kNone = 0xffffffff;
  std::vector<std::uint32_t> least(channels, kNone), size(channels, 0);
  least[channels - 4] = entries[channels - 4][4];
  for (std::uint32_t c = channels - 4; c-- > 0;)
    for (std::uint32_t k = 4; k > 0; --k)
      if (c + k <= channels - 4 && least[c + k] + entries[c][k] < least[c]) {
        least[c] = least[c + k] + entries[c][k];
        size[c] = k;
      }
  std::vector<std::uint32_t> starts{0};
  while (size[starts.back()] > 0) starts.push_back(starts.back() + size[starts.back()]);
  return starts;
}

std::optional<CodeTable> list_header(const ListLayout& l) {
  Bytes bytes{kListKind, static_cast<std::uint8_t>(l.group)};
  const auto put = [&](std::uint32_t v) {
    bytes.push_back(static_cast<std::uint8_t>(v));
    bytes.push_back(static_cast<std::uint8_t>(v >> 8));
    return v <= 65535;
  };
  bool fits = put(l.channels) && put(l.step) && put(static_cast<std::uint32_t>(l.starts.size()));
  for (const auto& numbers : {l.starts, l.taps})
    for (const std::uint32_t v : numbers) fits = put(v) && fits;
  if (!fits) return std::nullopt;
  return CodeTable{std::move(bytes)};
}

ListLayout parse_list_header(std::span<const std::uint8_t> h) {
  if (h.size() < kHeader + 2 || h.size() % 2 != 0 || h[0] != kListKind) damaged("has a header of a wrong size");
  const auto number = [&](std::size_t i) { return static_cast<std::uint32_t>(h[2 * i] | h[2 * i + 1] << 8); };
  ListLayout l{h[1], number(1), number(2), {}, {}};
  const std::size_t taps = kHeader / 2 + number(3), end = h.size() / 2;
  if (taps >= end) damaged("has a header of a wrong size");
  for (std::size_t i = kHeader / 2; i < end; ++i) (i < taps ? l.starts : l.taps).push_back(number(i));
  if (l.channels < 1 || l.channels > kMaxFilter / l.taps.size() || !(l.group == 1 ? l.starts.empty() : good_starts(l)))
    damaged("has a header that makes no sense");
  std::vector<std::uint32_t> offsets;
  for (const Group& g : groups(l)) offsets.push_back(g.offset);
  std::ranges::sort(offsets);
  if (std::ranges::adjacent_find(offsets) != offsets.end()) damaged("has two inputs in one place");
  if (l.group == 4 && std::ranges::any_of(offsets, [](std::uint32_t o) { return o % 8 != 0; }))
    damaged("has inputs that are not aligned");
  return l;
}

std::uint32_t list_extent(const ListLayout& l) {
  std::uint32_t last = 0;
  for (const std::uint32_t t : l.taps) last = std::max(last, t);
  return last + (groups_of_tap(l) - 1) * l.step + (l.group == 4 ? 8 : 1);
}

bool is_list(std::span<const std::uint8_t> table) noexcept { return !table.empty() && table[0] == kListKind; }

Bytes list_encode(const ListLayout& l, std::span<const std::int8_t> weights) {
  const std::vector<Group> all = groups(l);
  const std::size_t filter = l.taps.size() * l.channels;
  if (weights.size() % filter != 0) throw Error(ErrorCode::defect, "a list's filters do not fit its weights");
  Writer out;
  for (; !weights.empty(); weights = weights.subspan(filter))
    (l.group == 1 ? encode_singles : encode_fours)(all, weights.first(filter), out);
  return out.take();
}

std::vector<std::int8_t> list_decode(const ListLayout& l, std::span<const std::uint8_t> stream, std::size_t n) {
  const std::vector<Group> all = groups(l);
  const std::size_t size = l.taps.size() * l.channels;
  if (n % size != 0 || n / size > stream.size() / 4) damaged("does not fit its layer");
  std::vector<std::int8_t> weights(n);
  Places places(all);
  Reader in(stream);
  for (std::size_t first = 0; first < n; first += size) {
    const std::span<std::int8_t> filter(weights.data() + first, size);
    places.restart();
    std::uint32_t left = in.word();
    if (left < kRound - 1) damaged("has fewer than no entries");
    for (left -= kRound - 1; left > 0; --left)
      if (l.group == 1)
        decode_singles(in, places, filter, left == 1);
      else
        decode_four(in, places, filter);
  }
  if (!in.done()) damaged("is too long");
  return weights;
}

}  // namespace tinyc
