#include "layer_reconstruction.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

namespace tinyc {
namespace {

using Row = Eigen::Map<Eigen::ArrayXd>;
using ConstRow = Eigen::Map<const Eigen::ArrayXd>;

constexpr double kDamping = 0.01;      // of the mean variance, added to each: nearly constant features stay harmless
constexpr std::size_t kMaxJoint = 64;  // columns whose joint error is computed exactly

Row row(std::vector<double>& m, std::size_t i, std::size_t n) {
  return {m.data() + i * n, static_cast<Eigen::Index>(n)};
}
ConstRow row(const std::vector<double>& m, std::size_t i, std::size_t n) {
  return {m.data() + i * n, static_cast<Eigen::Index>(n)};
}

// In place, Gauss-Jordan without pivoting: the matrix is symmetric and positive definite.
void invert(std::vector<double>& m, std::size_t n) {
  for (std::size_t k = 0; k < n; ++k) {
    const double pivot = 1.0 / m[k * n + k];
    m[k * n + k] = 1.0;
    row(m, k, n) *= pivot;
    for (std::size_t i = 0; i < n; ++i) {
      if (i == k) continue;
      const double factor = m[i * n + k];
      m[i * n + k] = 0.0;
      row(m, i, n) -= factor * row(m, k, n);
    }
  }
}

}  // namespace

LayerReconstruction::LayerReconstruction(const Graph& g, const MixingWeights& m, FeatureMoments&& moments)
    : outputs_(m.outputs),
      features_(m.taps * m.inputs),
      measured_(!moments.mean.empty()),
      diagonal_(!measured_ || moments.diagonal()),
      mean_(std::move(moments.mean)),
      inverse_(std::move(moments.covariance)) {
  const auto w = g.at(m.weights).as<float>();
  original_.assign(w.begin(), w.end());
  weights_ = original_;
  if (!measured_) {
    mean_.assign(features_, 0.0);
    inverse_.assign(features_, 1.0);
  }
  for (std::size_t o = 0; o < outputs_; ++o) {
    const auto r = row(weights_, o, features_);
    if (diagonal_) {
      energy_ += (r.square() * row(inverse_, 0, features_)).sum();
      continue;
    }
    for (std::size_t i = 0; i < features_; ++i)
      energy_ += weights_[o * features_ + i] * (r * row(inverse_, i, features_)).sum();
  }
  if (!measured_) return;
  const std::size_t step = diagonal_ ? 1 : features_ + 1;
  double variance = 0;
  for (std::size_t i = 0; i < features_; ++i) variance += inverse_[i * step] / static_cast<double>(features_);
  const double damping = variance > 0 ? kDamping * variance : 1.0;
  for (std::size_t i = 0; i < features_; ++i) inverse_[i * step] += damping;
  if (diagonal_)
    for (double& v : inverse_) v = 1.0 / v;
  else
    invert(inverse_, features_);
}

double LayerReconstruction::element(std::size_t i, std::size_t j) const {
  if (diagonal_) return i == j ? inverse_[i] : 0.0;
  return inverse_[i * features_ + j];
}

double LayerReconstruction::error(std::span<const std::int32_t> columns) const {
  // |L^-1 w_B|^2 for each output, (C^-1)_BB = L L'; of too many columns the sum of each one's own error.
  const std::size_t n = columns.size();
  const bool joint = n <= kMaxJoint && !diagonal_;
  const auto at = [&](std::size_t i) { return static_cast<std::size_t>(columns[i]); };
  std::vector<double> l(joint ? n * n : n), z(n);
  for (std::size_t i = 0; i < n; ++i) {
    if (!joint) {
      l[i] = std::sqrt(element(at(i), at(i)));
      continue;
    }
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = element(at(i), at(j));
      for (std::size_t k = 0; k < j; ++k) sum -= l[i * n + k] * l[j * n + k];
      l[i * n + j] = i == j ? std::sqrt(std::max(sum, 1e-300)) : sum / l[j * n + j];
    }
  }
  double error = 0;
  for (std::size_t o = 0; o < outputs_; ++o)
    for (std::size_t i = 0; i < n; ++i) {
      z[i] = weights_[o * features_ + at(i)];
      if (joint)
        for (std::size_t k = 0; k < i; ++k) z[i] -= l[i * n + k] * z[k];
      z[i] /= joint ? l[i * n + i] : l[i];
      error += z[i] * z[i];
    }
  return energy_ > 0 ? error / energy_ : 0.0;
}

void LayerReconstruction::remove(std::span<const std::int32_t> columns) {
  if (!measured_) energy_ -= error(columns) * energy_;
  for (const auto c : columns) remove_one(static_cast<std::size_t>(c));
}

void LayerReconstruction::remove_one(std::size_t r) {
  const std::size_t n = features_;
  if (!diagonal_) {
    const std::vector<double> h(inverse_.begin() + static_cast<std::ptrdiff_t>(r * n),
                                inverse_.begin() + static_cast<std::ptrdiff_t>((r + 1) * n));
    for (std::size_t o = 0; o < outputs_; ++o) row(weights_, o, n) -= weights_[o * n + r] / h[r] * row(h, 0, n);
    for (std::size_t i = 0; i < n; ++i)
      if (i != r) row(inverse_, i, n) -= h[i] / h[r] * row(h, 0, n);
    for (std::size_t i = 0; i < n; ++i) inverse_[r * n + i] = inverse_[i * n + r] = i == r ? 1.0 : 0.0;
  }
  for (std::size_t o = 0; o < outputs_; ++o) weights_[o * n + r] = 0.0;
}

void LayerReconstruction::drop_output(std::size_t o) {
  row(weights_, o, features_).setZero();
  row(original_, o, features_).setZero();
}

std::vector<float> LayerReconstruction::weights() const { return {weights_.begin(), weights_.end()}; }

std::vector<double> LayerReconstruction::bias_shift() const {
  std::vector<double> shift;
  shift.reserve(outputs_);
  for (std::size_t o = 0; o < outputs_; ++o)
    shift.push_back(((row(original_, o, features_) - row(weights_, o, features_)) * row(mean_, 0, features_)).sum());
  return shift;
}

}  // namespace tinyc
