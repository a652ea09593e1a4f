#include "exec/quadratic_form.h"
#include "tinyc/parallel.h"
#include "tinyc/quantize.h"

namespace tinyc {
namespace {

// Scales tried, as shares of the one that clips nothing: with few levels clipping the largest weights pays.
constexpr int kScales = 12, kSweeps = 20, kRefits = 3;

/// One filter on its grid: q * scale.
struct Candidate {
  Vector q;
  double scale = 0, error = std::numeric_limits<double>::infinity();
};

/// Last input first: each weight is rounded where the errors of those before put its optimum.
Candidate feed_back(const QuadraticForm& f, const Vector& target, const Vector& w, double scale, double levels) {
  const Eigen::Index k = target.size();
  Candidate c{Vector::Zero(k), scale, 0};
  Vector delta = Vector::Zero(k);
  for (Eigen::Index j = k; j-- > 0;) {
    const Eigen::Index rest = k - 1 - j;
    const double carried = rest > 0 ? f.r.row(j).tail(rest).dot(delta.tail(rest)) : 0.0;
    if (w[j] != 0) c.q[j] = nearest_level((target[j] - carried / f.r(j, j)) / scale, levels);
    delta[j] = c.q[j] * scale - target[j];
    const double e = f.r(j, j) * delta[j] + carried;
    c.error += e * e;
  }
  return c;
}

/// Moves single weights to other levels while that lowers the error.
void descend(const QuadraticForm& f, const Vector& target, const Vector& w, double levels, Candidate& c) {
  Vector delta = c.q * c.scale - target;
  Vector gradient = f.h * delta;
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    bool moved = false;
    for (Eigen::Index j = 0; j < delta.size(); ++j) {
      if (w[j] == 0) continue;
      const double q = nearest_level(c.q[j] - gradient[j] / f.h(j, j) / c.scale, levels);
      if (q == c.q[j]) continue;
      const double step = (q - c.q[j]) * c.scale;
      c.q[j] = q;
      delta[j] += step;
      gradient += step * f.h.row(j).transpose();
      moved = true;
    }
    if (!moved) break;
  }
  c.error = delta.dot(f.h * delta);
}

Candidate round_filter(const QuadraticForm& f, const Vector& target, const Vector& w, std::int32_t levels) {
  const double largest = w.cwiseAbs().maxCoeff(), most = levels;
  Candidate best;
  if (!(largest > 0)) return {Vector::Zero(w.size()), 0, 0};
  for (int i = 0; i < kScales; ++i) {
    const double share = 1.0 - (levels > 15 ? 0.025 : 0.05) * i;
    const Candidate c = feed_back(f, target, w, largest * share / most, most);
    if (c.error < best.error) best = c;
  }
  descend(f, target, w, most, best);
  const Vector pull = f.h * target;
  for (int i = 0; i < kRefits; ++i) {
    const double along = best.q.dot(f.h * best.q), scale = best.q.dot(pull) / along;
    if (!(scale > 0) || !std::isfinite(scale)) break;
    Candidate c{best.q, scale, 0};
    descend(f, target, w, most, c);
    if (!(c.error < best.error)) break;
    best = c;
  }
  return best;
}

// Factors of so many multiplications are taken for each filter; beyond, inputs count as uncorrelated in the saliency.
constexpr double kMostFactorWork = 2e10;
constexpr int kRelaxations = 30;

/// Diagonal of the inverse of r^T r.
Vector inverse_diagonal(const Matrix& r) {
  const Matrix inverse = r.triangularView<Eigen::Upper>().solve(Matrix::Identity(r.rows(), r.cols()));
  return inverse.rowwise().squaredNorm();
}

}  // namespace

GridFilters round_filters(const InputMoments& m, std::span<const float> filters, std::int32_t levels, double damping) {
  const QuadraticForm form(m, damping);
  const std::size_t count = filters.size() / m.size;
  const Matrix drift = drift_of(form, m);
  GridFilters out{std::vector<float>(filters.size()), std::vector<float>(count)};
  parallel_for(count, [&](std::size_t c, int) {
    const Vector w = form.permuted(filters.subspan(c * m.size, m.size));
    const Candidate best = round_filter(form, best_target(form, drift, w), w, levels);
    const auto scale = static_cast<float>(best.scale);
    out.scales[c] = scale > 0 ? scale : 1.0f;
    for (std::size_t i = 0; i < m.size; ++i)
      out.values[c * m.size + static_cast<std::size_t>(form.order[i])] =
          scale * static_cast<float>(best.q[static_cast<Eigen::Index>(i)]);
  });
  return out;
}

RefittedFilters refit_filters(const InputMoments& m, std::span<const float> filters, std::span<const float> kept,
                              double damping) {
  const QuadraticForm form(m, damping);
  const Matrix drift = drift_of(form, m);
  const std::size_t count = filters.size() / m.size;
  const double k = static_cast<double>(m.size);
  const bool exact = static_cast<double>(count) * k * k * k < kMostFactorWork;
  const Vector spread = inverse_diagonal(form.r);  // of filters that are still whole
  RefittedFilters out{std::vector<float>(filters.size()), std::vector<float>(filters.size())};
  parallel_for(count, [&](std::size_t c, int) {
    const Vector target = best_target(form, drift, form.permuted(filters.subspan(c * m.size, m.size)));
    const Vector mask = form.permuted(kept.subspan(c * m.size, m.size));
    std::vector<Eigen::Index> left;
    for (Eigen::Index i = 0; i < mask.size(); ++i)
      if (mask[i] != 0) left.push_back(i);
    const auto n = static_cast<Eigen::Index>(left.size());
    Vector w(n), saliency(n);
    if (n == target.size()) {
      w = target;
      saliency = w.cwiseAbs().cwiseQuotient(spread.cwiseSqrt());
    } else if (exact) {
      const Matrix h = form.h(left, left);
      const Matrix r = h.llt().matrixU();
      w = (form.h * target)(left);
      r.transpose().triangularView<Eigen::Lower>().solveInPlace(w);
      r.triangularView<Eigen::Upper>().solveInPlace(w);
      saliency = w.cwiseAbs().cwiseQuotient(inverse_diagonal(r).cwiseSqrt());
    } else {
      // Gauss-Seidel, from the filter without the weights that go
      Vector delta = -target;
      for (const auto i : left) delta[i] = 0;
      Vector gradient = form.h * delta;
      for (int sweep = 0; sweep < kRelaxations; ++sweep)
        for (const auto i : left) {
          const double step = -gradient[i] / form.h(i, i);
          delta[i] += step;
          gradient += step * form.h.row(i).transpose();
        }
      w = (target + delta)(left);
      saliency = w.cwiseAbs().cwiseProduct(form.h.diagonal()(left).cwiseSqrt());
    }
    for (Eigen::Index i = 0; i < n; ++i) {
      const auto at = c * m.size +
                      static_cast<std::size_t>(form.order[static_cast<std::size_t>(left[static_cast<std::size_t>(i)])]);
      out.values[at] = static_cast<float>(w[i]);
      out.saliency[at] = static_cast<float>(saliency[i]);
    }
  });
  return out;
}

}  // namespace tinyc
