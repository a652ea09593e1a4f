// Forward and backward steps of several samples at once: every activation keeps its values until its gradient is known.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "tinyc/train.h"

namespace tinyc {

/// The constants that the network sees, by tensor id; null where the tensor is an activation.
using Constants = std::vector<const float*>;

/// Those of the graph itself.
Constants constants_of(const Graph& g);

/// What of a graph is computed: the nodes that `targets` depend on, and of those the ones that gradients go through.
struct Plan {
  const Graph& graph;
  std::vector<TensorId> targets;              ///< outputs, or the logits before a final softmax or logistic
  std::vector<std::uint8_t> node_needed;      ///< by node
  std::vector<std::uint8_t> gradient_needed;  ///< by tensor: a parameter, or an activation that depends on one
  Plan(const Graph& g, std::vector<TensorId> targets, std::span<const Parameter> parameters);
  /// Activation elements of one sample.
  std::int64_t activations() const;
};

/// Memory for `samples` samples. One for each worker thread.
class Tape {
 public:
  Tape(const Plan& plan, std::int64_t samples, bool backward);
  std::span<float> input(std::size_t i, std::int64_t sample);
  /// Computes all needed nodes for the first `samples` samples. `quant` may be null.
  void forward(std::int64_t samples, const Constants& constants, const FakeQuant* quant);
  /// What the objective sees of a target: rounded where it has a grid.
  std::span<const float> output(TensorId id, std::int64_t sample) const;
  /// Where the caller puts d loss / d target before backward(); zero at first.
  std::span<float> seed(TensorId id, std::int64_t sample);
  /// After backward(): d loss / d an activation. Empty where no gradient goes.
  std::span<const float> gradient(TensorId id, std::int64_t sample) const;
  /// Widens ranges, by tensor, to the values that the last forward step gave the first `samples` samples.
  void widen(std::int64_t samples, std::span<Range> extremes) const;
  void clear_gradients(std::int64_t samples);
  /// Adds to parameter_gradients[tensor id] (null for everything else).
  void backward(std::int64_t samples, const Constants& constants, const FakeQuant* quant,
                std::span<float* const> parameter_gradients);

 private:
  struct Arguments;
  std::int64_t elements(TensorId id) const;
  const float* seen(TensorId id, const Constants& constants, const FakeQuant* quant) const;

  const Plan& plan_;
  std::vector<std::vector<float>> value_, rounded_, gradient_;  // by tensor
  std::vector<float> scratch_;
};

}  // namespace tinyc
