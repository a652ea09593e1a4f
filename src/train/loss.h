// What training minimises, and its gradient at the outputs.
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "tinyc/train.h"

namespace tinyc {

/// Where one output of a graph is looked at: before its final softmax or logistic, if it has one.
struct Target {
  enum class Kind : std::uint8_t { classes, independent, real } kind = Kind::real;
  TensorId id = kNoTensor;
  std::int64_t rows = 1, depth = 1;  ///< classes: one distribution a row
  float beta = 1;                    ///< of the softmax
};

/// Targets of all outputs as the graph alone tells them: classes before a softmax, independent before a logistic
/// (reshapes between are passed), else real.
std::vector<Target> find_targets(const Graph& g);

/// The whole objective of one training.
class Objective {
 public:
  /// Throws Error(data) where labels, teacher and outputs do not fit together, or there is nothing to learn from.
  Objective(const Graph& student, const TrainJob& job);

  const std::vector<Target>& targets() const { return student_; }
  const std::vector<Target>& teacher_targets() const { return teacher_; }
  /// Inner activations that follow the teacher's: student and teacher tensor. Empty without hints.
  struct Hint {
    TensorId student, teacher;
  };
  const std::vector<Hint>& hints() const { return hints_; }
  /// Squared distance of one activation from the teacher's, relative to the teacher's energy, weighted; and its
  /// gradient.
  double hint(std::span<const float> student, std::span<const float> teacher, float scale,
              std::span<float> gradient) const;
  bool has_classes() const { return label_use_ == Labels::classes; }
  /// Loss of one sample and, where `gradient` is not empty, its gradient times `scale`, for output k. `teacher` is
  /// empty without one; `input` is the sample itself, `label` its label row (empty: none).
  double sample(std::size_t k, std::span<const float> output, std::span<const float> teacher,
                std::span<const float> input, std::span<const float> label, float scale,
                std::span<float> gradient) const;
  /// Whether the arg max of output 0 is the label.
  bool right(std::span<const float> output, std::span<const float> label) const;

 private:
  enum class Labels : std::uint8_t { none, classes, real, input };
  void find_hints(const Graph& student, const TrainJob& job);

  std::vector<Target> student_, teacher_;
  std::vector<Hint> hints_;
  float hint_weight_ = 0;
  Labels label_use_ = Labels::none;
  float alpha_ = 1, temperature_ = 1;
};

/// e^x in double, the same bits on every machine; relative error below 1e-15.
double portable_exp(double x) noexcept;

}  // namespace tinyc
