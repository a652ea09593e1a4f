// Which parameters make a tensor's stream small: descent along one parameter at a time, by the coder's own bytes.
#include <algorithm>
#include <array>

#include "codec/range.h"
#include "tinyc_rt/tinyc_rt.h"

namespace tinyc {
namespace {
using Weights = std::span<const std::int8_t>;

constexpr std::size_t kTried = std::size_t{1} << 17;  // weights that candidates are tried on
constexpr std::uint32_t kStateBytes = 512;            // scratch that adaptive bits may take
constexpr std::size_t kMaxPalette = 64;
constexpr int kMaxDepth = 4;

struct Facts {
  std::vector<std::int8_t> values;  ///< that occur, in order
  std::int8_t median = 0, mode = 0;
  explicit Facts(Weights w) {
    std::array<std::size_t, 256> count{};
    for (const std::int8_t v : w) ++count[static_cast<std::size_t>(v + 128)];
    std::size_t below = 0, most = 0;
    for (int v = -128; v < 128; ++v) {
      const std::size_t n = count[static_cast<std::size_t>(v + 128)];
      if (n == 0) continue;
      values.push_back(static_cast<std::int8_t>(v));
      if (2 * below <= w.size()) median = static_cast<std::int8_t>(v);
      if (n > most) most = n, mode = static_cast<std::int8_t>(v);
      below += n;
    }
  }
};

/// Sets the middle, and the greatest size that follows from it. `value` need not occur.
void set_middle(RangeHeader& h, const Facts& f, std::int8_t value, bool with_palette) {
  h.palette.clear();
  if (with_palette) {
    h.palette = f.values;
    const auto at = std::ranges::lower_bound(f.values, value) - f.values.begin();
    const int zero = std::min(static_cast<int>(at), static_cast<int>(f.values.size()) - 1);
    h.zero = static_cast<std::uint8_t>(zero);
    h.top = std::max(zero, static_cast<int>(f.values.size()) - 1 - zero);
    return;
  }
  h.zero = static_cast<std::uint8_t>(value);
  h.top = 0;
  for (const std::int8_t v : f.values) h.top = std::max(h.top, std::abs(static_cast<std::int8_t>(v - value)));
}

class Search {
 public:
  Search(Weights w, const FilterShape& shape) : shape_(shape), facts_(w), weights_(w) {
    if (shape.step == 1 && w.size() > kTried) weights_ = w.first(kTried);
    set_middle(best_, facts_, 0, false);
    cost_ = cost(best_);
  }

  RangeHeader run() {
    for (std::size_t before = cost_ + 1; cost_ < before;) {
      before = cost_;
      middle();
      try_all(&RangeHeader::depth, 0, kMaxDepth);
      contexts();
      try_all(&RangeHeader::limit, kRangeFastest, kRangeFastest + 3);
      for (const auto flag : {&RangeHeader::peak, &RangeHeader::skew}) {
        RangeHeader h = best_;
        h.*flag = !(h.*flag);
        consider(h);
      }
    }
    return best_;
  }

 private:
  std::size_t cost(const RangeHeader& h) const {
    const Bytes bytes = h.bytes();
    if (tinyc_range_bytes(bytes.data(), 0) > kStateBytes) return ~std::size_t{0};
    const auto stream = range_encode(h, weights_, shape_);
    return stream ? stream->size() + bytes.size() : ~std::size_t{0};
  }
  void consider(const RangeHeader& h) {
    const std::size_t c = cost(h);
    if (c < cost_) best_ = h, cost_ = c;
  }
  void try_all(int RangeHeader::*field, int first, int last) {
    const RangeHeader start = best_;
    for (int v = first; v <= last; ++v) {
      RangeHeader h = start;
      h.*field = v;
      if (v != start.*field) consider(h);
    }
  }
  void middle() {
    const RangeHeader start = best_;
    const bool gaps = facts_.values.size() <= kMaxPalette &&
                      facts_.values.back() - facts_.values.front() >= static_cast<int>(facts_.values.size());
    for (const bool palette : {false, true}) {
      if (palette && !gaps) continue;
      for (const bool peak : {false, true})
        for (const std::int8_t value : {std::int8_t{0}, facts_.median, facts_.mode}) {
          RangeHeader h = start;
          set_middle(h, facts_, value, palette);
          h.peak = peak;
          consider(h);
        }
    }
  }
  void contexts() {
    const RangeHeader start = best_;
    for (int which = 0; which < 4; ++which)
      for (int shift = 1; shift <= (which ? 6 : 1); ++shift) {
        if (which > 1 && shape_.channels == 1) continue;
        RangeHeader h = start;
        h.local = which & 1;
        h.channel = which & 2;
        h.shift = shift;
        consider(h);
      }
  }

  FilterShape shape_;
  Facts facts_;
  Weights weights_;
  RangeHeader best_;
  std::size_t cost_ = 0;
};
}  // namespace

RangeHeader range_header(Weights weights, const FilterShape& shape) {
  if (weights.empty()) return {};
  return Search(weights, shape).run();
}

}  // namespace tinyc
