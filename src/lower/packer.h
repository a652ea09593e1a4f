// Packing of rectangles, time wide and bytes high, into the lowest strip: those that share a time must not overlap, but
// for pairs that may lie over each other from some distance on.
//
// Placing items in some order, each into the lowest gap that fits, is good when the order is good: several orders are
// tried, then the best one is improved by moving an item that reaches the top to an earlier turn. (With all orders this
// reaches the optimum: take a best packing, order it by offset, and no item comes to lie higher.) A lower bound that is
// reached ends the search. The search is limited by counted work, not by time, so its result never varies.
#pragma once
#include <cstdint>
#include <limits>
#include <vector>

namespace tinyc {

struct PackItem {
  std::int32_t first = 0, last = -1;  ///< times, both included
  std::int64_t bytes = 0;             ///< more than 0
};

/// What a pair of items may do instead of lying apart: upper may start `below` bytes before lower does, or `above`
/// bytes behind. Both share one time.
struct PackPair {
  std::size_t over = 0, under = 0;
  std::int64_t below = 0, above = 0;  ///< over + below <= under, or under + above <= over
  bool exact = false;                 ///< or over == under
};

struct Packing {
  std::vector<std::int64_t> offset;
  std::int64_t size = std::numeric_limits<std::int64_t>::max();
};

/// Offsets that are multiples of 4.
class Packer {
 public:
  /// `shared[t]`: bytes that items of time t can at most share because of `pairs`.
  Packer(std::vector<PackItem> items, const std::vector<PackPair>& pairs, const std::vector<std::int64_t>& shared);
  /// The most bytes that live at one time.
  std::int64_t bound() const { return bound_; }
  Packing best();

 private:
  /// The item may lie `below` bytes or more below the other one, or `above` bytes or more above it.
  struct Conflict {
    std::size_t other;
    std::int64_t below, above;
    bool exact = false;  ///< or at the same offset
  };

  void find_bounds(const std::vector<std::int64_t>& shared);
  void find_conflicts(const std::vector<PackPair>& pairs);
  Packing sweep() const;
  bool done() const { return best_.size <= goal_ || work_ >= kWorkLimit; }
  bool fits_at(std::size_t i, std::int64_t offset, const Packing& p) const;
  bool improve(const std::vector<std::size_t>& order);
  void search(std::vector<std::size_t> order);

  static constexpr std::int64_t kUnplaced = std::numeric_limits<std::int64_t>::max() / 2;
  static constexpr std::size_t kMaxPairs = 1'000'000;
  static constexpr std::uint64_t kWorkLimit = 1'000'000;  // visited neighbours: a few milliseconds

  std::vector<PackItem> items_;
  std::vector<std::size_t> by_start_;
  std::vector<std::vector<Conflict>> conflicts_;
  bool crowded_ = false;               // too many conflicts to look at each
  std::int64_t bound_ = 0, goal_ = 0;  // goal_: the bound with aligned offsets
  std::uint64_t work_ = 0;
  std::int32_t peak_ = 0;
  Packing best_;
};

}  // namespace tinyc
