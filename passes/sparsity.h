// Which weights go when a share of all must go: what one-shot and gradual pruning have in common.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "tinyc/pass.h"

namespace tinyc {

/// The weights of one prunable tensor.
struct PrunableLayer {
  TensorId id;
  std::string name;  ///< of the first node that uses them
  std::vector<float> w;
  std::int64_t row;  ///< length of the innermost axis: input channels
  /// What a unit of each weight is worth: importance is the square of weight times deviation. Empty: 1.
  std::vector<float> deviation{};
};

/// The weights of convolutions, transposed convolutions and fully connected layers that nothing else reads. Depthwise
/// weights are left alone (few, and each one is a large part of its filter).
std::vector<PrunableLayer> prunable_layers(const Graph& g);

/// Throws Error(usage) for fractions and patterns that make no sense.
void check_prune(const PassOptions::Prune& p);

/// Sets the least important `fraction` of all weights to zero, in the pattern that `p` asks for. Importance is
/// made comparable between layers: a weight's square over the sum of the squares of all weights of its layer that are
/// at least as large (LAMP: Lee et al., "Layer-adaptive sparsity for the magnitude-based pruning", ICLR 2021). Plain
/// magnitudes are not: folded batch normalization gives every layer a scale of its own, and whole layers vanish.
/// First-order importance is comparable as it is: what the loss loses.
void zero_least_important(std::vector<PrunableLayer>& layers, const PassOptions::Prune& p, double fraction);

/// "12 of 40 weights zero (30.0 %)" for each layer, after one line for all.
std::vector<std::string> sparsity_notes(const std::vector<PrunableLayer>& layers);

}  // namespace tinyc
