// The output error of one group of filters as a quadratic form in its weights, and the real weights that it is least
// for.
#pragma once
#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "tinyc/curvature.h"

namespace tinyc {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXd;

/// The quadratic form of one group of filters. Inputs are ordered by variance, the largest last.
struct QuadraticForm {
  std::vector<Eigen::Index> order;
  Matrix h;  ///< covariance of x' + damping
  Matrix r;  ///< upper triangular, r^T r = h

  QuadraticForm(const InputMoments& m, double damping) {
    const auto k = static_cast<Eigen::Index>(m.size);
    const Eigen::Map<const Matrix> covariance(m.covariance.data(), k, k);
    order.resize(m.size);
    std::iota(order.begin(), order.end(), Eigen::Index{0});
    std::ranges::stable_sort(order,
                             [&](Eigen::Index a, Eigen::Index b) { return covariance(a, a) < covariance(b, b); });
    h.resize(k, k);
    for (Eigen::Index i = 0; i < k; ++i)
      for (Eigen::Index j = 0; j < k; ++j)
        h(i, j) = covariance(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(j)]);
    double ridge = damping * h.diagonal().mean();
    if (!(ridge > 0)) ridge = 1;  // inputs that never change: every weight for itself
    h.diagonal().array() += ridge;
    r = h.llt().matrixU();
  }

  Vector permuted(std::span<const float> w) const {
    Vector v(static_cast<Eigen::Index>(w.size()));
    for (std::size_t i = 0; i < w.size(); ++i) v[static_cast<Eigen::Index>(i)] = w[static_cast<std::size_t>(order[i])];
    return v;
  }
};

/// What the inputs have moved by: cross - covariance, in the order of the form.
inline Matrix drift_of(const QuadraticForm& f, const InputMoments& m) {
  const auto k = static_cast<Eigen::Index>(m.size);
  Matrix drift(k, k);
  for (Eigen::Index i = 0; i < k; ++i)
    for (Eigen::Index j = 0; j < k; ++j) {
      const auto at =
          static_cast<std::size_t>(f.order[static_cast<std::size_t>(i)] * k + f.order[static_cast<std::size_t>(j)]);
      drift(i, j) = m.cross[at] - m.covariance[at];
    }
  return drift;
}

/// The real weights that would be best for x': w + w (cross - covariance) h^-1.
inline Vector best_target(const QuadraticForm& f, const Matrix& drift, const Vector& w) {
  Vector pull = drift.transpose() * w;
  f.r.transpose().triangularView<Eigen::Lower>().solveInPlace(pull);
  f.r.triangularView<Eigen::Upper>().solveInPlace(pull);
  return w + pull;
}

inline double nearest_level(double v, double levels) { return std::clamp(std::round(v), -levels, levels); }

}  // namespace tinyc
