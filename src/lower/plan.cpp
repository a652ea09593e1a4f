// The arena plan: offsets of values and scratch, found offline.
//
// Each value is a rectangle, layers wide and bytes high; rectangles that share a layer must not overlap. Placing them
// in some order, each into the lowest gap that fits, is good when the order is good: several orders are tried, then the
// best one is improved by moving a value that reaches the top to an earlier turn. The largest sum of live bytes is a
// lower bound; reaching it ends the search. The search is limited by counted work, not by time, so its result never
// varies.
#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <numeric>
#include <queue>
#include <random>

#include "tinyc/error.h"
#include "tinyc/program.h"

namespace tinyc {
namespace {

constexpr std::uint32_t kAlign = 4;

std::size_t at(std::int32_t id) { return static_cast<std::size_t>(id); }

/// A rectangle to place. Time 0 is the filling of the inputs, layer i runs at i + 1, the outputs are read at the end.
struct Item {
  std::int32_t first = 0, last = -1;
  std::uint64_t bytes = 0;
};

struct Packing {
  std::vector<std::uint64_t> offset;
  std::uint64_t size = std::numeric_limits<std::uint64_t>::max();
};

class Packer {
 public:
  explicit Packer(std::vector<Item> items) : items_(std::move(items)), conflicts_(items_.size()) {
    by_start_.resize(items_.size());
    std::iota(by_start_.begin(), by_start_.end(), 0u);
    std::stable_sort(by_start_.begin(), by_start_.end(),
                     [&](auto a, auto b) { return items_[a].first < items_[b].first; });
    find_bounds();
    find_conflicts();
  }

  /// Largest sum of bytes live at one time.
  std::uint64_t bound() const { return bound_; }

  Packing best() {
    if (crowded_) return sweep();
    std::vector<std::size_t> order(items_.size());
    std::iota(order.begin(), order.end(), 0u);
    std::vector<std::size_t> best_order = order;
    const auto try_by = [&](auto key) {
      auto o = order;
      std::stable_sort(o.begin(), o.end(), [&](auto a, auto b) { return key(items_[a]) > key(items_[b]); });
      if (improve(o)) best_order = o;
    };
    const auto length = [](const Item& i) { return std::int64_t{i.last} - i.first + 1; };
    const auto bytes = [](const Item& i) { return static_cast<std::int64_t>(i.bytes); };
    // far from the peak, there is room: what is live there comes first
    const auto distance = [&](const Item& i) { return std::max<std::int64_t>({0, i.first - peak_, peak_ - i.last}); };
    try_by(bytes);
    try_by([&](const Item& i) { return bytes(i) * length(i); });
    try_by([&](const Item& i) { return std::pair(-distance(i), bytes(i)); });
    try_by([&](const Item& i) { return std::pair(-distance(i), length(i)); });
    try_by([&](const Item& i) { return std::pair(length(i), bytes(i)); });
    try_by([&](const Item& i) { return -std::int64_t{i.first}; });
    search(best_order);
    return best_;
  }

 private:
  static std::uint64_t padded(std::uint64_t bytes) { return (bytes + kAlign - 1) / kAlign * kAlign; }

  /// What is live, the item that ends first on top.
  struct EndsLater {
    const std::vector<Item>& items;
    bool operator()(std::size_t a, std::size_t b) const {
      return std::pair(items[a].last, a) > std::pair(items[b].last, b);
    }
  };
  using Live = std::priority_queue<std::size_t, std::vector<std::size_t>, EndsLater>;

  void find_bounds() {
    Live live(EndsLater{items_});
    std::uint64_t sum = 0, aligned = 0;
    std::array<std::size_t, kAlign> padding{};  // how many live items are padded by 0, 1, 2 and 3 bytes
    for (const auto i : by_start_) {
      for (; !live.empty() && items_[live.top()].last < items_[i].first; live.pop()) {
        const std::uint64_t bytes = items_[live.top()].bytes;
        sum -= bytes;
        aligned -= padded(bytes);
        --padding[padded(bytes) - bytes];
      }
      live.push(i);
      const std::uint64_t bytes = items_[i].bytes;
      sum += bytes;
      aligned += padded(bytes);
      ++padding[padded(bytes) - bytes];
      bound_ = std::max(bound_, sum);
      std::uint64_t slack = kAlign - 1;  // only the topmost item may end off the alignment
      while (slack > 0 && padding[slack] == 0) --slack;
      if (aligned - slack > goal_) {
        goal_ = aligned - slack;
        peak_ = items_[i].first;
      }
    }
  }

  void find_conflicts() {
    std::vector<std::size_t> live;
    std::size_t pairs = 0;
    for (const auto i : by_start_) {
      std::erase_if(live, [&](auto j) { return items_[j].last < items_[i].first; });
      for (const auto j : live) {
        conflicts_[i].push_back(j);
        conflicts_[j].push_back(i);
      }
      pairs += live.size();
      live.push_back(i);
      if (pairs <= kMaxPairs) continue;
      crowded_ = true;
      conflicts_.clear();
      return;
    }
  }

  /// One packing in the order of time, each item into the lowest gap that fits: for thousands of values that live
  /// together, whose pairs alone would take seconds.
  Packing sweep() const {
    Packing p{std::vector<std::uint64_t>(items_.size(), 0), 0};
    std::map<std::uint64_t, std::uint64_t> gaps{{0, kUnplaced}};  // begin to end
    Live live(EndsLater{items_});
    for (const auto i : by_start_) {
      for (; !live.empty() && items_[live.top()].last < items_[i].first; live.pop()) {
        const std::uint64_t begin = p.offset[live.top()];
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
      const std::uint64_t size = padded(items_[i].bytes);
      const auto gap =
          std::find_if(gaps.begin(), gaps.end(), [&](const auto& g) { return g.second - g.first >= size; });
      const auto [begin, end] = *gap;
      gaps.erase(gap);
      if (begin + size < end) gaps.emplace(begin + size, end);
      p.offset[i] = begin;
      p.size = std::max(p.size, begin + items_[i].bytes);
      live.push(i);
    }
    return p;
  }

  bool done() const { return best_.size <= goal_ || work_ >= kWorkLimit; }

  /// Places all items in this order; true when no earlier packing was as small.
  bool improve(const std::vector<std::size_t>& order) {
    if (best_.size <= goal_) return false;
    Packing p{std::vector<std::uint64_t>(items_.size(), kUnplaced), 0};
    std::vector<std::pair<std::uint64_t, std::uint64_t>> taken;
    for (const auto i : order) {
      taken.clear();
      for (const auto j : conflicts_[i])
        if (p.offset[j] != kUnplaced) taken.emplace_back(p.offset[j], p.offset[j] + items_[j].bytes);
      std::sort(taken.begin(), taken.end());
      work_ += conflicts_[i].size() + 4;
      std::uint64_t gap = 0;
      for (const auto& [begin, end] : taken) {
        if (begin >= gap + items_[i].bytes) break;
        gap = std::max(gap, (end + kAlign - 1) / kAlign * kAlign);
      }
      p.offset[i] = gap;
      p.size = std::max(p.size, gap + items_[i].bytes);
    }
    if (p.size > best_.size) return false;
    best_ = std::move(p);
    return true;
  }

  void search(std::vector<std::size_t> order) {
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

  static constexpr std::uint64_t kUnplaced = std::numeric_limits<std::uint64_t>::max();
  static constexpr std::size_t kMaxPairs = 1'000'000;
  static constexpr std::uint64_t kWorkLimit = 1'000'000;  // visited neighbours: a few milliseconds

  std::vector<Item> items_;
  std::vector<std::size_t> by_start_;
  std::vector<std::vector<std::size_t>> conflicts_;
  bool crowded_ = false;                           // too many conflicts to look at each
  std::uint64_t bound_ = 0, goal_ = 0, work_ = 0;  // goal_: the bound with aligned offsets
  std::int32_t peak_ = 0;
  Packing best_;
};

void find_lifetimes(Program& p) {
  const auto end = static_cast<std::int32_t>(p.layers.size());
  for (Value& v : p.values) v.first = v.last = end + 1;  // nobody writes it
  for (const ValueId id : p.inputs) p.values.at(at(id)).first = p.values[at(id)].last = -1;
  for (std::int32_t i = 0; i < end; ++i) {
    const Layer& l = p.layers[at(i)];
    for (const ValueId id : {l.in0, l.in1}) {
      if (id < 0) continue;
      if (p.values.at(at(id)).first > end)
        throw Error(ErrorKind::internal, "layer '" + printable(l.name) + "' reads a value before it is written");
      p.values[at(id)].last = i;
    }
    Value& out = p.values.at(at(l.out));
    if (out.first > end) out.first = i;
    out.last = i;
  }
  for (const ValueId id : p.outputs) {
    if (p.values.at(at(id)).first > end) throw Error(ErrorKind::internal, "an output is never written");
    p.values[at(id)].last = end;
  }
}

bool can_share(const Program& p, std::int32_t layer) {
  const Layer& l = p.layers[at(layer)];
  if (!l.in_place || l.part || l.in0 < 0 || l.in0 == l.out) return false;
  const Value &in = p.values[at(l.in0)], &out = p.values[at(l.out)];
  return in.last == layer && out.first == layer && in.bytes == out.bytes;
}

struct Placement {
  std::vector<std::uint64_t> value, scratch;  ///< offsets by value and by layer
  std::uint64_t size = 0, bound = 0;
};

/// `share`: outputs of in-place layers take their input's place.
Placement place(const Program& p, bool share) {
  std::vector<std::size_t> group(p.values.size());
  std::iota(group.begin(), group.end(), 0u);
  std::vector<Item> items;
  const auto end = static_cast<std::int32_t>(p.layers.size());
  items.reserve(p.values.size());
  for (const Value& v : p.values) items.push_back({v.first + 1, v.last + 1, v.first > end ? 0 : v.bytes});
  for (std::int32_t i = 0; share && i < end; ++i) {
    if (!can_share(p, i)) continue;
    const Layer& l = p.layers[at(i)];
    // layers come in order, so the input's group is already complete
    const std::size_t owner = group[at(l.out)] = group[at(l.in0)];
    items[owner].last = items[at(l.out)].last;
    items[at(l.out)].bytes = 0;
  }
  std::vector<std::size_t> slot(items.size(), 0), scratch_slot(p.layers.size(), 0);
  std::vector<Item> packed;
  for (std::size_t v = 0; v < items.size(); ++v) {
    slot[v] = packed.size();
    if (items[v].bytes > 0) packed.push_back(items[v]);
  }
  for (std::size_t i = 0; i < p.layers.size(); ++i) {
    scratch_slot[i] = packed.size();
    const auto time = static_cast<std::int32_t>(i) + 1;
    if (p.layers[i].scratch_bytes > 0) packed.push_back({time, time, p.layers[i].scratch_bytes});
  }
  Placement result;
  Packer packer(std::move(packed));
  const Packing best = packer.best();
  result.size = best.offset.empty() ? 0 : best.size;
  result.bound = packer.bound();
  for (std::size_t v = 0; v < items.size(); ++v)
    result.value.push_back(items[group[v]].bytes ? best.offset[slot[group[v]]] : 0);
  for (std::size_t i = 0; i < p.layers.size(); ++i)
    result.scratch.push_back(p.layers[i].scratch_bytes ? best.offset[scratch_slot[i]] : 0);
  return result;
}

}  // namespace

void plan(Program& p) {
  find_lifetimes(p);
  Placement best = place(p, true);
  const std::uint64_t bound = best.bound;
  // sharing ties two lifetimes together, which now and then packs worse
  if (best.size > bound)
    if (auto apart = place(p, false); apart.size < best.size) best = std::move(apart);
  if (best.size > kMaxArenaBytes) throw Error(ErrorKind::unsupported, "the activations need more than 256 MiB");
  p.arena_bytes = static_cast<std::uint32_t>(best.size);
  p.arena_lower_bound = static_cast<std::uint32_t>(bound);
  for (std::size_t v = 0; v < p.values.size(); ++v) p.values[v].offset = static_cast<std::uint32_t>(best.value[v]);
  const auto offset = [&](ValueId id) { return id < 0 ? 0u : p.values[at(id)].offset; };
  for (std::size_t i = 0; i < p.layers.size(); ++i) {
    Layer& l = p.layers[i];
    l.record.in0 = offset(l.in0);
    l.record.in1 = offset(l.in1);
    l.record.out = offset(l.out);
    l.record.scratch = static_cast<std::uint32_t>(best.scratch[i]);
  }
}

}  // namespace tinyc
