#include <array>

#include "exec/quadratic_form.h"
#include "tinyc/parallel.h"

namespace tinyc {
namespace {

constexpr int kOctaves = 7, kRounds = 3, kSweeps = 8;
// A multiplier for each channel instead of one for the layer, where scales do not differ by powers of two.
constexpr double kMultiplierBits = 32;

/// Bits of each level under an ideal coder of the tensor's order-0 statistics.
class Rates {
 public:
  explicit Rates(std::int32_t levels) : levels_(levels), bits_(static_cast<std::size_t>(2 * levels + 1)) {
    for (std::int32_t q = -levels; q <= levels; ++q) (*this)[q] = prior(q);
  }
  /// Of counted levels; what was never seen counts as a share of the prior.
  Rates(std::int32_t levels, std::span<const double> counts) : Rates(levels) {
    constexpr double kPriorWeight = 2;
    double total = kPriorWeight, prior_total = 0;
    for (const double b : bits_) prior_total += std::exp2(-b);
    for (const double c : counts) total += c;
    for (std::size_t i = 0; i < bits_.size(); ++i)
      bits_[i] = -std::log2((counts[i] + kPriorWeight * std::exp2(-bits_[i]) / prior_total) / total);
  }
  double operator()(double q) const { return bits_[index(static_cast<std::int32_t>(q))]; }

 private:
  /// A universal code: one bit more for each doubling, twice.
  static double prior(std::int32_t q) { return q == 0 ? 1.0 : 2.0 + 2.0 * std::log2(1.0 + std::abs(q)); }
  double& operator[](std::int32_t q) { return bits_[index(q)]; }
  std::size_t index(std::int32_t q) const {
    const std::int32_t at = q + levels_;
    return static_cast<std::size_t>(at);
  }
  std::int32_t levels_;
  std::vector<double> bits_;
};

struct Candidate {
  Vector q;
  double scale = 0, cost = std::numeric_limits<double>::infinity();
};

/// One filter: cost = weight * delta^T h delta + price * bits.
struct Problem {
  const QuadraticForm& form;
  const Vector &target, &original;
  double weight, price, levels;
  const Rates& rates;

  /// The cheapest of the levels around `x` (nearest, one towards zero, zero), when an error e in it costs curvature *
  /// e^2.
  double cheapest(double x, double curvature) const {
    const double nearest = nearest_level(x, levels), inner = nearest - (nearest > 0 ? 1 : nearest < 0 ? -1 : 0);
    double best = nearest, least = std::numeric_limits<double>::infinity();
    for (const double q : {nearest, inner, 0.0}) {
      const double cost = curvature * (q - x) * (q - x) + price * rates(q);
      if (cost < least) least = cost, best = q;
    }
    return best;
  }

  double cost(const Candidate& c) const {
    const Vector delta = c.q * c.scale - target;
    double bits = 0;
    for (Eigen::Index j = 0; j < c.q.size(); ++j)
      if (original[j] != 0) bits += rates(c.q[j]);
    return weight * delta.dot(form.h * delta) + price * bits;
  }

  /// Last input first: each weight is decided where the errors of those before put its optimum.
  Candidate feed_back(double scale) const {
    const Eigen::Index k = target.size();
    Candidate c{Vector::Zero(k), scale, 0};
    Vector delta = Vector::Zero(k);
    for (Eigen::Index j = k; j-- > 0;) {
      const Eigen::Index rest = k - 1 - j;
      const double carried = rest > 0 ? form.r.row(j).tail(rest).dot(delta.tail(rest)) : 0.0, pivot = form.r(j, j);
      const double step = pivot * scale;
      if (original[j] != 0) {
        c.q[j] = cheapest((target[j] - carried / pivot) / scale, weight * step * step);
        c.cost += price * rates(c.q[j]);
      }
      delta[j] = c.q[j] * scale - target[j];
      const double e = pivot * delta[j] + carried;
      c.cost += weight * e * e;
    }
    return c;
  }

  /// Moves single weights to cheaper levels until none is left.
  void descend(Candidate& c) const {
    const Vector delta = c.q * c.scale - target;
    Vector gradient = form.h * delta;
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      bool moved = false;
      for (Eigen::Index j = 0; j < c.q.size(); ++j) {
        if (original[j] == 0) continue;
        const double h = form.h(j, j);
        const double q = cheapest(c.q[j] - gradient[j] / h / c.scale, weight * h * c.scale * c.scale);
        if (q == c.q[j]) continue;
        gradient += (q - c.q[j]) * c.scale * form.h.row(j).transpose();
        c.q[j] = q;
        moved = true;
      }
      if (!moved) break;
    }
    c.cost = cost(c);
  }
};

struct Solution {
  std::vector<Candidate> filters;
  double cost = 0;
};

/// All filters of a tensor: they share the statistics that bits are counted by.
class FilterBank {
 public:
  FilterBank(std::span<const QuadraticForm> forms, std::span<const Matrix> drifts, std::span<const float> filters,
             std::int32_t levels, std::span<const double> curvature, double price)
      : forms_(forms), count_(curvature.size()), per_group_(count_ / forms.size()), levels_(levels), price_(price) {
    // what a few samples call unimportant may still matter a little
    constexpr double kLeastShare = 1e-2;
    double mean = 0;
    for (const double c : curvature) mean += c / static_cast<double>(count_);
    target_.resize(count_);
    original_.resize(count_);
    widest_.resize(count_);
    for (const double c : curvature) weight_.push_back(0.5 * std::max(c, kLeastShare * mean));
    const std::size_t size = filters.size() / count_;
    parallel_for(count_, [&](std::size_t c, int) {
      original_[c] = form(c).permuted(filters.subspan(c * size, size));
      target_[c] = best_target(form(c), drifts[c / per_group_], original_[c]);
      widest_[c] = original_[c].cwiseAbs().maxCoeff() / levels_;
    });
  }

  /// Scales from the one that clips nothing up; with `shared` they differ by powers of two, else by half octaves and
  /// a factor of each channel's own.
  Solution solve(bool shared) const {
    const double unit = *std::ranges::max_element(widest_), step = shared ? 1.0 : 0.5;
    const int last = static_cast<int>(kOctaves / step);
    std::vector<double> base = widest_;
    if (shared)
      for (double& b : base) b = b > 0 ? unit * std::exp2(std::ceil(std::log2(b / unit) - 1e-9)) : unit;
    std::vector<Candidate> best(count_);
    std::vector<int> chosen(count_, -1);
    Rates rates(levels_);
    for (int round = 0; round < kRounds; ++round) {
      parallel_for(count_, [&](std::size_t c, int) {
        if (!(widest_[c] > 0)) {
          best[c] = {Vector::Zero(target_[c].size()), shared ? unit : 1.0, 0.0};
          return;
        }
        const Problem p = problem(c, rates);
        Candidate found;
        const int from = round == 0 ? 0 : std::max(0, chosen[c] - 2),
                  to = round == 0 ? last : std::min(last, chosen[c] + 2);
        for (int i = from; i <= to; ++i) {
          Candidate candidate = p.feed_back(base[c] * std::exp2(step * i));
          if (candidate.cost < found.cost) found = std::move(candidate), chosen[c] = i;
        }
        p.descend(found);
        best[c] = std::move(found);
      });
      if (round + 1 == kRounds) refit(best, rates, shared);
      rates = Rates(levels_, counts(best));
    }
    Solution s{std::move(best), 0};
    for (std::size_t c = 0; c < count_; ++c) s.cost += problem(c, rates).cost(s.filters[c]);
    return s;
  }

 private:
  const QuadraticForm& form(std::size_t c) const { return forms_[c / per_group_]; }
  Problem problem(std::size_t c, const Rates& rates) const {
    return {form(c), target_[c], original_[c], weight_[c], price_, static_cast<double>(levels_), rates};
  }
  std::vector<double> counts(const std::vector<Candidate>& filters) const {
    std::vector<double> n(static_cast<std::size_t>(2 * levels_ + 1), 0.0);
    for (const Candidate& f : filters)
      for (Eigen::Index j = 0; j < f.q.size(); ++j) {
        const std::int32_t at = static_cast<std::int32_t>(f.q[j]) + levels_;
        ++n[static_cast<std::size_t>(at)];
      }
    return n;
  }
  /// The scales with the least error for these levels, each channel's or one factor for all, and the levels again.
  void refit(std::vector<Candidate>& filters, const Rates& rates, bool shared) const {
    std::vector<double> along(count_), pull(count_);
    parallel_for(count_, [&](std::size_t c, int) {
      const Vector& q = filters[c].q;
      const double scale = filters[c].scale;
      along[c] = weight_[c] * scale * scale * q.dot(form(c).h * q);
      pull[c] = weight_[c] * scale * q.dot(form(c).h * target_[c]);
    });
    double all_along = 0, all_pull = 0;
    for (std::size_t c = 0; c < count_; ++c) all_along += along[c], all_pull += pull[c];
    parallel_for(count_, [&](std::size_t c, int) {
      const double factor = shared ? all_pull / all_along : pull[c] / along[c];
      if (!(factor > 0) || !std::isfinite(factor)) return;
      filters[c].scale *= factor;
      problem(c, rates).descend(filters[c]);
    });
  }

  std::span<const QuadraticForm> forms_;
  std::size_t count_, per_group_;
  std::int32_t levels_;
  double price_;
  std::vector<double> weight_, widest_;
  std::vector<Vector> target_, original_;
};

}  // namespace

GridFilters price_filters(std::span<const InputMoments> groups, std::span<const float> filters, std::int32_t levels,
                          std::span<const double> curvature, double price) {
  const std::size_t count = curvature.size(), per_group = count / groups.size(), size = groups[0].size;
  std::vector<QuadraticForm> forms;
  std::vector<Matrix> drifts;
  for (const InputMoments& m : groups) {
    forms.emplace_back(m, ridge_for(m));
    drifts.push_back(drift_of(forms.back(), m));
  }
  const FilterBank bank(forms, drifts, filters, levels, curvature, price);
  const Solution own = bank.solve(false), shared = bank.solve(true);
  const double multipliers = price * kMultiplierBits * static_cast<double>(count - 1);
  const std::vector<Candidate>& best = own.cost + multipliers < shared.cost ? own.filters : shared.filters;
  GridFilters out{std::vector<float>(filters.size()), std::vector<float>(count)};
  for (std::size_t c = 0; c < count; ++c) {
    const auto scale = static_cast<float>(best[c].scale);
    out.scales[c] = scale > 0 ? scale : 1.0f;
    for (std::size_t i = 0; i < size; ++i)
      out.values[c * size + static_cast<std::size_t>(forms[c / per_group].order[i])] =
          out.scales[c] * static_cast<float>(best[c].q[static_cast<Eigen::Index>(i)]);
  }
  return out;
}

}  // namespace tinyc
