// Statistics of what layers read, over samples.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "tinyc/dataset.h"
#include "tinyc/graph.h"

namespace tinyc {

/// First and second central moments of a layer's features: the elements of one window in the order of the weights' rows
/// [tap][channel], zero where the window reaches over the border.
struct FeatureMoments {
  std::vector<double> mean;        ///< empty: nothing is known
  std::vector<double> covariance;  ///< features x features; only the diagonal, one number each, over kMaxFeatures
  static constexpr std::size_t kMaxFeatures = 1152;
  bool diagonal() const noexcept { return covariance.size() == mean.size(); }
};

/// Of each of the nodes (mixing ones, see mixing_weights), over at most `max_samples` samples spread evenly over the
/// data and up to 16 windows a sample. Does not depend on the number of threads.
std::vector<FeatureMoments> feature_moments(const Graph& g, std::span<const std::int32_t> nodes, const Dataset& d,
                                            std::size_t max_samples);

}  // namespace tinyc
