#include "lower/packer.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <queue>
#include <random>
#include <utility>

namespace tinyc {
namespace {

constexpr std::int64_t kAlign = 4;

std::int64_t padded(std::int64_t bytes) { return (bytes + kAlign - 1) / kAlign * kAlign; }

}  // namespace

Packer::Packer(std::vector<PackItem> items, const std::vector<PackPair>& pairs, const std::vector<std::int64_t>& shared)
    : items_(std::move(items)), conflicts_(items_.size()) {
  by_start_.resize(items_.size());
  std::iota(by_start_.begin(), by_start_.end(), 0u);
  std::stable_sort(by_start_.begin(), by_start_.end(),
                   [&](auto a, auto b) { return items_[a].first < items_[b].first; });
  find_bounds(shared);
  find_conflicts(pairs);
}

Packing Packer::best() {
  if (crowded_) return sweep();
  std::vector<std::size_t> order(items_.size());
  std::iota(order.begin(), order.end(), 0u);
  std::vector<std::size_t> best_order = order;
  const auto try_by = [&](auto key) {
    auto o = order;
    std::stable_sort(o.begin(), o.end(), [&](auto a, auto b) { return key(items_[a]) > key(items_[b]); });
    if (improve(o)) best_order = o;
  };
  const auto length = [](const PackItem& i) { return std::int64_t{i.last} - i.first + 1; };
  const auto bytes = [](const PackItem& i) { return i.bytes; };
  // far from the peak, there is room: what is live there comes first
  const auto distance = [&](const PackItem& i) { return std::max<std::int64_t>({0, i.first - peak_, peak_ - i.last}); };
  try_by(bytes);
  try_by([&](const PackItem& i) { return bytes(i) * length(i); });
  try_by([&](const PackItem& i) { return std::pair(-distance(i), bytes(i)); });
  try_by([&](const PackItem& i) { return std::pair(-distance(i), length(i)); });
  try_by([&](const PackItem& i) { return std::pair(length(i), bytes(i)); });
  try_by([&](const PackItem& i) { return -std::int64_t{i.first}; });
  try_by([&](const PackItem& i) { return std::int64_t{i.first}; });  // outputs in front of their inputs
  search(best_order);
  return best_;
}

void Packer::find_bounds(const std::vector<std::int64_t>& shared) {
  // what begins and ends at each time; by padding, how many items
  struct Change {
    std::int64_t bytes = 0, aligned = 0;
    std::array<std::int64_t, kAlign> padding{};
  };
  std::vector<Change> changes(shared.size() + 1);
  for (const PackItem& i : items_) {
    for (const auto& [time, sign] : {std::pair(i.first, 1), std::pair(i.last + 1, -1)}) {
      Change& c = changes.at(static_cast<std::size_t>(time));
      c.bytes += sign * i.bytes;
      c.aligned += sign * padded(i.bytes);
      c.padding[static_cast<std::size_t>(padded(i.bytes) - i.bytes)] += sign;
    }
  }
  Change live;
  for (std::size_t t = 0; t < shared.size(); ++t) {
    live.bytes += changes[t].bytes;
    live.aligned += changes[t].aligned;
    for (std::size_t k = 0; k < kAlign; ++k) live.padding[k] += changes[t].padding[k];
    std::int64_t slack = kAlign - 1;  // only the topmost item may end off the alignment
    while (slack > 0 && live.padding[static_cast<std::size_t>(slack)] == 0) --slack;
    const std::int64_t bound = live.bytes - shared[t], goal = shared[t] > 0 ? bound : live.aligned - slack;
    bound_ = std::max(bound_, bound);
    if (goal > goal_) {
      goal_ = goal;
      peak_ = static_cast<std::int32_t>(t);
    }
  }
}

void Packer::find_conflicts(const std::vector<PackPair>& pairs) {
  std::vector<std::size_t> live;
  std::size_t count = 0;
  for (const auto i : by_start_) {
    std::erase_if(live, [&](auto j) { return items_[j].last < items_[i].first; });
    for (const auto j : live) {
      conflicts_[i].push_back({j, items_[i].bytes, items_[j].bytes});
      conflicts_[j].push_back({i, items_[j].bytes, items_[i].bytes});
    }
    count += live.size();
    live.push_back(i);
    if (count <= kMaxPairs) continue;
    crowded_ = true;
    conflicts_.clear();
    return;
  }
  const auto relax = [&](std::size_t i, std::size_t j, std::int64_t below, std::int64_t above, bool exact) {
    for (Conflict& c : conflicts_[i]) {
      if (c.other != j) continue;
      c.below = std::min(c.below, below);
      c.above = std::min(c.above, above);
      c.exact = exact;
    }
  };
  for (const PackPair& p : pairs) {
    relax(p.over, p.under, p.below, p.above, p.exact);
    relax(p.under, p.over, p.above, p.below, p.exact);
  }
}

/// One packing in the order of time, each item into the lowest gap that fits: for thousands of values that live
/// together, whose pairs alone would take seconds.
Packing Packer::sweep() const {
  const auto ends_later = [&](std::size_t a, std::size_t b) {
    return std::pair(items_[a].last, a) > std::pair(items_[b].last, b);
  };
  std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(ends_later)> live(ends_later);
  Packing p{std::vector<std::int64_t>(items_.size(), 0), 0};
  std::map<std::int64_t, std::int64_t> gaps{{0, kUnplaced}};  // begin to end
  for (const auto i : by_start_) {
    for (; !live.empty() && items_[live.top()].last < items_[i].first; live.pop()) {
      const std::int64_t begin = p.offset[live.top()];
      auto gap = gaps.emplace(begin, begin + padded(items_[live.top()].bytes)).first;
      if (const auto next = std::next(gap); next != gaps.end() && next->first == gap->second) {
        gap->second = next->second;
        gaps.erase(next);
      }
      if (gap != gaps.begin() && std::prev(gap)->second == begin) {
        std::prev(gap)->second = gap->second;
        gaps.erase(gap);
      }
    }
    const std::int64_t size = padded(items_[i].bytes);
    const auto gap = std::find_if(gaps.begin(), gaps.end(), [&](const auto& g) { return g.second - g.first >= size; });
    const auto [begin, end] = *gap;
    gaps.erase(gap);
    if (begin + size < end) gaps.emplace(begin + size, end);
    p.offset[i] = begin;
    p.size = std::max(p.size, begin + items_[i].bytes);
    live.push(i);
  }
  return p;
}

/// True when item i may lie at this offset, that of a partner.
bool Packer::fits_at(std::size_t i, std::int64_t offset, const Packing& p) const {
  return std::ranges::all_of(conflicts_[i], [&](const Conflict& c) {
    const std::int64_t other = p.offset[c.other];
    return other == kUnplaced || offset + c.below <= other || other + c.above <= offset || (c.exact && other == offset);
  });
}

/// Places all items in this order; true when no earlier packing was as small.
bool Packer::improve(const std::vector<std::size_t>& order) {
  if (best_.size <= goal_) return false;
  Packing p{std::vector<std::int64_t>(items_.size(), kUnplaced), 0};
  std::vector<std::pair<std::int64_t, std::int64_t>> taken;  // offsets strictly between these are not free
  for (const auto i : order) {
    taken.clear();
    for (const Conflict& c : conflicts_[i])
      if (const std::int64_t other = p.offset[c.other]; other != kUnplaced)
        taken.emplace_back(other - c.below, other + c.above);
    std::sort(taken.begin(), taken.end());
    work_ += conflicts_[i].size() + 4;
    std::int64_t offset = 0;
    for (const auto& [last_below, first_above] : taken) {
      if (offset <= last_below) break;
      offset = std::max(offset, padded(first_above));
    }
    for (const Conflict& c : conflicts_[i])  // the place of a partner may be lower than any gap
      if (const std::int64_t place = p.offset[c.other]; c.exact && place < offset && fits_at(i, place, p))
        offset = place;
    p.offset[i] = offset;
    p.size = std::max(p.size, offset + items_[i].bytes);
  }
  if (p.size > best_.size) return false;
  best_ = std::move(p);
  return true;
}

void Packer::search(std::vector<std::size_t> order) {
  std::minstd_rand random(1);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random()) % n; };
  while (!done()) {
    auto o = order;
    std::vector<std::size_t> top;  // positions of the items that reach the arena's end
    for (std::size_t k = 0; k < o.size(); ++k)
      if (best_.offset[o[k]] + items_[o[k]].bytes == best_.size) top.push_back(k);
    const std::size_t from = below(4) ? top[below(top.size())] : below(o.size());
    const std::size_t to = below(from + 1);
    std::rotate(o.begin() + static_cast<std::ptrdiff_t>(to), o.begin() + static_cast<std::ptrdiff_t>(from),
                o.begin() + static_cast<std::ptrdiff_t>(from) + 1);
    if (below(3) == 0) std::swap(o[below(o.size())], o[below(o.size())]);
    if (improve(o)) order = std::move(o);
  }
}

}  // namespace tinyc
