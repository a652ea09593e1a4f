#include "pipeline/budget.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "pipeline/compression.h"
#include "tinyc/parallel.h"

namespace tinyc {
namespace {

// Prices in nats a bit: from one that hardly changes a model to one that leaves nothing of it.
constexpr double kFirst = 1e-6, kCoarse = 4, kLeast = 1e-9, kMost = 1e-3;
constexpr int kBisections = 4;

class Prices {
 public:
  Prices(const Compression& c, const Budget& b, const std::function<void(const std::string&, double)>& progress)
      : c_(c), b_(b), progress_(progress) {}

  void explore() {
    const PriceTrial exact = trial(0);
    const bool too_large = b_.max_flash && exact.flash > *b_.max_flash, for_size = b_.smallest && b_.max_drop;
    if (!c_.can_price() || (!too_large && !for_size) || exact.drop > b_.hopeless) return;
    const auto good = [&](const PriceTrial& t) {
      return for_size ? t.drop <= *b_.max_drop + 1e-9 : t.flash <= *b_.max_flash;
    };
    // a size budget wants the least price that is good, an accuracy budget the greatest
    double low = kFirst, high = kFirst;
    const bool up = good(trial(kFirst)) == for_size;
    if (up) {
      do high = (low = high) * kCoarse;
      while (high <= kMost && good(trial(high)) == for_size);
    } else {
      do low = (high = low) / kCoarse;
      while (low >= kLeast && good(trial(low)) != for_size);
    }
    for (int i = 0; i < kBisections && low >= kLeast && high <= kMost; ++i) {
      const double middle = std::sqrt(low * high);
      (good(trial(middle)) == for_size ? low : high) = middle;
    }
  }

  std::vector<PriceTrial> take() { return std::move(trials_); }

  Compressed finish_best() { return finish(trials_.size() == 1 ? trials_[0] : best(b_.smallest && b_.max_drop)); }

 private:
  PriceTrial trial(double price) {
    check_interrupt();
    if (progress_) progress_("trial", 0.3 + 0.3 * static_cast<double>(trials_.size()) / 12);
    const Compressed made = c_.finish(static_cast<float>(price), true);
    const Report& r = made.report;
    PriceTrial t{price, r.flash_total(), r.flash.weights + r.flash.tables + r.flash.params, r.arena, r.accuracy, 0, 0};
    if (r.accuracy && r.accuracy->float_value && r.accuracy->compressed) {
      t.value = *r.accuracy->compressed;
      t.drop = (higher_is_better(r.accuracy->metric) ? 1 : -1) * (*r.accuracy->float_value - t.value);
    }
    trials_.push_back(t);
    return t;
  }

  // Among all trials: those within the budget by what it asks for, else the nearest to it.
  PriceTrial best(bool for_size) const {
    const auto rank = [&](const PriceTrial& t) {
      const double flash = static_cast<double>(t.flash);
      if (for_size) return std::pair{std::max(0.0, t.drop - *b_.max_drop - 1e-9), flash};
      return std::pair{std::max(0.0, flash - static_cast<double>(*b_.max_flash)), t.drop};
    };
    return *std::ranges::min_element(trials_, {}, rank);
  }

  Compressed finish(const PriceTrial& chosen) {
    const double price = chosen.price;  // `chosen` may be one of those that are sorted here
    Compressed out = c_.finish(static_cast<float>(price));
    Report& r = out.report;
    PassRecord record{"fit_budget", 0, 0, 0, false, {}};
    std::ranges::sort(trials_, {}, &PriceTrial::price);
    for (const PriceTrial& t : trials_) {
      char text[120];
      std::snprintf(text, sizeof text, "bit price %g: flash %llu B, drop %.4f%s", t.price * 1e6,
                    static_cast<unsigned long long>(t.flash), t.drop, t.price == price ? " (chosen)" : "");
      record.notes.emplace_back(text);
    }
    r.passes.push_back(std::move(record));
    if (r.trade_off.empty()) return out;
    const TradeOff last = r.trade_off.back();
    r.trade_off.pop_back();
    for (const PriceTrial& t : trials_) {
      if (t.price == price) continue;
      char text[48];
      std::snprintf(text, sizeof text, "bit price %g", t.price * 1e6);
      r.trade_off.push_back({text, t.weights, t.value});
    }
    r.trade_off.push_back(last);
    return out;
  }

  const Compression& c_;
  const Budget& b_;
  const std::function<void(const std::string&, double)>& progress_;
  std::vector<PriceTrial> trials_;
};

}  // namespace

std::vector<PriceTrial> try_prices(const Compression& c, const Budget& b,
                                   const std::function<void(const std::string& stage, double fraction)>& progress) {
  Prices prices(c, b, progress);
  prices.explore();
  return prices.take();
}

Compressed fit_budget(const Compression& c, const Budget& b,
                      const std::function<void(const std::string& stage, double fraction)>& progress) {
  Prices prices(c, b, progress);
  prices.explore();
  return prices.finish_best();
}

}  // namespace tinyc
