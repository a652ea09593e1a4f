// Answers drawn from a network's own outputs: the gradients that they give say how its answer depends on what is inside
// it, without labels. Their mean square is the diagonal of the Fisher information (Martens 2014, "New insights and
// perspectives on the natural gradient method", section 9.1: labels drawn from the model's own distribution).
#pragma once
#include <span>
#include <vector>

#include "ir/random.h"
#include "train/loss.h"

namespace tinyc {

class DrawnAnswers {
 public:
  /// Looks at the first `n` samples for the spread of outputs that are no classes.
  DrawnAnswers(const Graph& g, const Dataset& d, std::size_t n);

  const std::vector<Target>& targets() const { return targets_; }
  /// gradient = d(-log p) / d output of an answer to target k, times `scale`: of a class drawn at temperature 2, or
  /// normal noise in standard deviations of an output that is no class (half the squared distance to a point drawn
  /// around it, so a random projection of the outputs).
  void draw(std::size_t k, std::span<const float> output, Random& r, float scale, std::span<float> gradient) const;

  /// The same of a given class: of a target with one row, of logits, or of one logistic score. The temperature matters
  /// here: at 1, a network that knows its training samples by heart would have no gradient on most of them.
  void answer(std::size_t k, std::span<const float> output, std::size_t label, float scale,
              std::span<float> gradient) const;

 private:
  std::vector<Target> targets_;
  std::vector<double> deviations_;  // by target
};

}  // namespace tinyc
