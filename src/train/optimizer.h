// Gradient descent on flat parameter arrays.
#pragma once
#include <vector>

#include "tinyc/train.h"

namespace tinyc {

/// Adam with decoupled weight decay (Kingma and Ba 2015; Loshchilov and Hutter 2019), or SGD with momentum. Adam's
/// steps do not depend on the gradient's size, so each tensor's are scaled by the root mean square of its values at the
/// start (Shazeer and Stern 2018, "Adafactor", section 8): folded normalization and raw 0..255 inputs make weights that
/// differ a hundredfold between layers, and steps that suit one would destroy the other.
class Descent {
 public:
  Descent(const TrainOptions& options, std::span<const Parameter> parameters);
  /// One step. gradients[c][p][i]: the gradient of parameter p from chunk c; their sum in the order of chunks counts.
  /// Entries that are not kept stay as they are.
  void step(std::span<Parameter> parameters, const std::vector<std::vector<std::vector<float>>>& gradients,
            std::size_t chunks, float learning_rate);

 private:
  const TrainOptions& options_;
  std::vector<std::vector<float>> first_, second_, sum_;
  std::vector<float> scale_;        // of Adam's steps, by parameter
  double decay1_ = 1, decay2_ = 1;  // beta^t
};

/// The learning rate at `step` of `steps`.
float learning_rate(const TrainOptions& o, std::size_t step, std::size_t steps);

}  // namespace tinyc
