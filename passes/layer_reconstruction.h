// Removing inputs of a layer while its other weights make up for them.
#pragma once
#include <span>
#include <vector>

#include "channels.h"
#include "feature_moments.h"

namespace tinyc {

/// A layer y = W f + b with features f, whose columns of W are removed group by group. With the covariance C of the
/// features, removing the columns B and letting all others adjust costs at least
///
///   sum over outputs of w_B' ((C^-1)_BB)^-1 w_B,   reached by   w -= (C^-1)_:B ((C^-1)_BB)^-1 w_B
///
/// (Optimal Brain Surgeon, Hassibi & Stork 1993, sections 2 and 3, for several weights at a time as in Frantar &
/// Alistarh, "Optimal Brain Compression", NeurIPS 2022, section 4). The bias takes up the means. Without moments C is
/// the identity and means are 0: squared norms of columns, and nothing is adjusted.
class LayerReconstruction {
 public:
  LayerReconstruction(const Graph& g, const MixingWeights& m, FeatureMoments&& moments);

  /// The error of the outputs when these columns go, as a share of the outputs' variance; without moments of the
  /// squares of all weights left (as in LAMP: Lee et al. 2021).
  double error(std::span<const std::int32_t> columns) const;
  void remove(std::span<const std::int32_t> columns);
  /// The output goes: what happens to it counts no more.
  void drop_output(std::size_t o);

  std::vector<float> weights() const;
  /// What the bias of each output gains.
  std::vector<double> bias_shift() const;

 private:
  double element(std::size_t i, std::size_t j) const;  // of the inverse covariance
  void remove_one(std::size_t r);
  std::size_t outputs_, features_;
  bool measured_, diagonal_;
  std::vector<double> original_, weights_;  // [out][feature]
  std::vector<double> mean_, inverse_;
  double energy_ = 0;
};

}  // namespace tinyc
