// Gradients of the loss of a float graph as it stands: what importance measures are made of.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "tinyc/train.h"

namespace tinyc {

struct GradientOptions {
  std::size_t samples = 1024;  ///< at most; taken evenly from the whole dataset
  std::size_t batch = 1;       ///< samples that share one gradient, that of their mean loss
  bool labels = true;          ///< false: as if there were none
  std::uint64_t seed = 1;
};

/// Calls `visit(parameters, gradients)` once a mini-batch, in order: parameters_of(g), and the gradient of the loss by
/// parameter and element. The loss is the cross entropy of the labels where they are classes of the first output, else
/// that of answers drawn from the network itself, by the seed: a network that is its own teacher has no other gradient
/// (the expectation of its squares is the diagonal of the Fisher information). Classes are softened by a temperature of
/// 2, outputs that are no classes projected at random. The result does not depend on threads. Throws Error(data) where
/// labels are numbers outside the classes.
void batch_gradients(const Graph& g, const Dataset& d, const GradientOptions& o,
                     const std::function<void(std::span<const Parameter> parameters,
                                              std::span<const std::vector<float>> gradients)>& visit);

}  // namespace tinyc
