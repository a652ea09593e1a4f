// Samples in the order and form in which training sees them.
#pragma once
#include <span>
#include <vector>

#include "tinyc/train.h"

namespace tinyc {

/// Rows of the training and of the validation set.
struct Split {
  std::vector<std::size_t> train, validation;
};
/// Shuffled by the seed; at least one sample on each side unless there is only one, which then serves both.
Split split(std::size_t samples, float validation, std::uint64_t seed);

/// One sample of input k, changed as `augment` says. The same for the same (seed, epoch, row).
class Augmenter {
 public:
  Augmenter(const Graph& g, const Dataset& d, const Augment& augment, std::uint64_t seed);
  /// `partner`: another row of the same mini-batch, for mixup.
  void sample(std::size_t k, std::size_t row, std::size_t partner, std::size_t epoch, std::span<float> out) const;

 private:
  void picture(std::size_t k, std::size_t row, std::size_t epoch, std::span<float> out) const;

  const Graph& graph_;
  const Dataset& data_;
  const Augment& augment_;
  std::uint64_t seed_;
};

}  // namespace tinyc
