// Callbacks for programs that embed tinyc: what training and the pipeline report while they run.
#pragma once
#include <cstddef>
#include <functional>

namespace tinyc {

struct Graph;
struct Pass;

/// After each optimizer step.
struct StepInfo {
  std::size_t step = 0, steps = 0;  ///< done, and all of this training
  double loss = 0;                  ///< mean over the step's mini-batch
};

/// After each epoch; epoch 0 is the state before training.
struct EpochInfo {
  std::size_t epoch = 0, epochs = 0;
  double loss = 0;        ///< mean over the epoch's training samples
  double validation = 0;  ///< share of right classes, or loss where there are no classes; of the held-out samples
  bool best = false;      ///< the best weights so far
  double seconds_left = 0;
};

struct Hooks {
  std::function<void(const StepInfo&)> on_step;
  std::function<void(const EpochInfo&)> on_epoch;
  std::function<void(const Pass&, const Graph&)> after_pass;
};

}  // namespace tinyc
