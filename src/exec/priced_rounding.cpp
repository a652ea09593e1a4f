#include <array>

#include "exec/quadratic_form.h"
#include "tinyc/parallel.h"

namespace tinyc {
namespace {

// Scales tried: from the one that clips nothing, in steps of half an octave.
constexpr int kScales = 15, kRounds = 3, kSweeps = 8;

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
  double operator()(double q) const { return bits_[static_cast<std::size_t>(static_cast<std::int32_t>(q) + levels_)]; }

 private:
  /// A universal code: one bit more for each doubling, twice.
  static double prior(std::int32_t q) { return q == 0 ? 1.0 : 2.0 + 2.0 * std::log2(1.0 + std::abs(q)); }
  double& operator[](std::int32_t q) { return bits_[static_cast<std::size_t>(q + levels_)]; }
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

  /// The scale with the least error for these levels: no bit dearer.
  void refit(Candidate& c) const {
    const double along = c.q.dot(form.h * c.q), scale = c.q.dot(form.h * target) / along;
    if (!(scale > 0) || !std::isfinite(scale)) return;
    c.scale = scale;
    descend(c);
  }
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
  double mean = 0;
  for (const double c : curvature) mean += c / static_cast<double>(count);
  std::vector<Candidate> best(count);
  std::vector<Vector> target(count), original(count);
  std::vector<int> step(count, -1);
  std::vector<double> widest(count);
  parallel_for(count, [&](std::size_t c, int) {
    const QuadraticForm& form = forms[c / per_group];
    original[c] = form.permuted(filters.subspan(c * size, size));
    target[c] = best_target(form, drifts[c / per_group], original[c]);
    widest[c] = original[c].cwiseAbs().maxCoeff() / levels;
  });
  Rates rates(levels);
  for (int round = 0; round < kRounds; ++round) {
    parallel_for(count, [&](std::size_t c, int) {
      if (!(widest[c] > 0)) {
        best[c] = {Vector::Zero(static_cast<Eigen::Index>(size)), 1.0, 0.0};
        return;
      }
      // what a few samples call unimportant may still matter a little
      constexpr double kLeastShare = 1e-2;
      const Problem p{
          forms[c / per_group],        target[c], original[c], 0.5 * std::max(curvature[c], kLeastShare * mean), price,
          static_cast<double>(levels), rates};
      Candidate found;
      const int first = round == 0 ? 0 : std::max(0, step[c] - 2),
                last = round == 0 ? kScales - 1 : std::min(kScales - 1, step[c] + 2);
      for (int i = first; i <= last; ++i) {
        Candidate candidate = p.feed_back(widest[c] * std::exp2(0.5 * i));
        if (candidate.cost < found.cost) found = std::move(candidate), step[c] = i;
      }
      p.descend(found);
      if (round + 1 == kRounds) p.refit(found);
      best[c] = std::move(found);
    });
    std::vector<double> counts(static_cast<std::size_t>(2 * levels + 1), 0.0);
    for (std::size_t c = 0; c < count; ++c)
      for (Eigen::Index j = 0; j < best[c].q.size(); ++j)
        ++counts[static_cast<std::size_t>(static_cast<std::int32_t>(best[c].q[j]) + levels)];
    rates = Rates(levels, counts);
  }
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
