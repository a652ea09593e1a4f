// Which parameters make a tensor's stream small: descent along one parameter at a time, by the coder's own bytes.
#include <algorithm>
#include <array>
#include <numeric>

#include "codec/range.h"
#include "tinyc/parallel.h"
#include "tinyc_rt/tinyc_rt.h"

namespace tinyc {
namespace {
using Weights = std::span<const std::int8_t>;

constexpr std::size_t kTried = std::size_t{1} << 15;  // weights that candidates are tried on
constexpr std::uint32_t kStateBytes = 512;            // scratch that adaptive bits may take
constexpr std::size_t kMaxPalette = 64;
constexpr int kMaxDepth = 3;
constexpr std::size_t kShared = 16384;  // weights of a tensor that is tried with the headers of others

struct Facts {
  std::vector<std::int8_t> values;  ///< that occur, in order
  std::int8_t median = 0, mode = 0;
  explicit Facts(Weights w) {
    std::array<std::size_t, 256> count{};
    for (const std::int8_t v : w) {
      const int at = v + 128;
      ++count[static_cast<std::size_t>(at)];
    }
    std::size_t below = 0, most = 0;
    for (int v = -128; v < 128; ++v) {
      const std::size_t n = count[static_cast<std::size_t>(v) + 128];
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
    h.first = std::min(h.first, std::max(0, h.octaves() - 1));
    return;
  }
  h.zero = static_cast<std::uint8_t>(value);
  h.top = 0;
  for (const std::int8_t v : f.values) h.top = std::max(h.top, std::abs(static_cast<std::int8_t>(v - value)));
  h.first = std::min(h.first, std::max(0, h.octaves() - 1));
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
      try_all(&RangeHeader::first, 0, best_.octaves() - 1);
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
  void try_all(int RangeHeader::* field, int first, int last) {
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

/// What tensors cost under each header of a pool, raw where that is less; greedily drops headers that save less than
/// their own bytes.
class Pool {
 public:
  Pool(std::span<const FilterWeights> tensors, std::vector<RangeHeader> own) : own_(std::move(own)) {
    for (const RangeHeader& h : own_)
      if (const Bytes b = h.bytes(); std::ranges::find(headers_, b) == headers_.end()) headers_.push_back(b);
    for (const FilterWeights& t : tensors) size_.push_back(t.weights.size());
    cost_.resize(tensors.size());
    parallel_for(tensors.size(), [&](std::size_t t, int) {
      const auto& [weights, shape] = tensors[t];
      for (const Bytes& b : headers_) {
        // a few bytes are not worth the time that large tensors take
        const bool other = b != own_[t].bytes();
        const auto stream =
            other && weights.size() > kShared ? std::nullopt : range_encode(RangeHeader::parse(b), weights, shape);
        cost_[t].push_back(stream ? std::min(stream->size(), weights.size()) : weights.size());
      }
    });
  }

  std::vector<CodeTable> choose() {
    std::vector<std::size_t> kept(headers_.size());
    std::iota(kept.begin(), kept.end(), std::size_t{0});
    for (std::size_t now = total(kept);;) {
      std::size_t best = now, drop = kept.size();
      for (std::size_t k = 0; k < kept.size() && kept.size() > 1; ++k) {
        std::vector<std::size_t> rest = kept;
        rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(k));
        if (const std::size_t c = total(rest); c < best) best = c, drop = k;
      }
      if (drop == kept.size()) break;
      kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(drop));
      now = best;
    }
    std::vector<CodeTable> out;
    for (std::size_t t = 0; t < cost_.size(); ++t) {
      const std::size_t h = cheapest(t, kept);
      out.push_back(cost_[t][h] < size_[t] ? CodeTable{headers_[h]} : CodeTable{});
    }
    return out;
  }

 private:
  std::size_t cheapest(std::size_t t, const std::vector<std::size_t>& kept) const {
    return *std::ranges::min_element(kept, {}, [&](std::size_t h) { return cost_[t][h]; });
  }
  std::size_t total(const std::vector<std::size_t>& kept) const {
    std::size_t sum = 0;
    for (const std::size_t h : kept) sum += headers_[h].size();
    for (std::size_t t = 0; t < cost_.size(); ++t) sum += cost_[t][cheapest(t, kept)];
    return sum;
  }

  std::vector<RangeHeader> own_;
  std::vector<Bytes> headers_;
  std::vector<std::size_t> size_;               ///< of the raw weights
  std::vector<std::vector<std::size_t>> cost_;  ///< by tensor and header
};
}  // namespace

RangeHeader range_header(Weights weights, const FilterShape& shape) {
  if (weights.empty()) return {};
  return Search(weights, shape).run();
}

std::vector<CodeTable> range_headers(std::span<const FilterWeights> tensors) {
  std::vector<RangeHeader> own(tensors.size());
  parallel_for(tensors.size(),
               [&](std::size_t t, int) { own[t] = range_header(tensors[t].weights, tensors[t].shape); });
  return Pool(tensors, std::move(own)).choose();
}

}  // namespace tinyc
