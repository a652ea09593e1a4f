// Training on the float graph: supervised, distilled from a teacher, pruned and quantization-aware.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tinyc/dataset.h"
#include "tinyc/graph.h"
#include "tinyc/hooks.h"

namespace tinyc {

/// Changes to training samples, drawn anew in every epoch from the seed, the epoch and the sample's number.
struct Augment {
  bool flip = false;       ///< pictures [1,h,w,c]: left and right swapped, one time in two
  float rotate = 0;        ///< pictures: turned around their centre by up to so many degrees, bilinear
  std::int32_t shift = 0;  ///< pictures: up to so many pixels in both directions, border pixels repeated
  std::int32_t time = 0;   ///< features [1,t,...]: up to so many steps along the first axis
  float noise = 0;         ///< Gaussian noise of this share of the sample's own standard deviation
  bool mixup = false;      ///< two samples blended (Zhang et al. 2018); only where the teacher alone gives the targets
  bool any() const noexcept { return flip || rotate > 0 || shift > 0 || time > 0 || noise > 0 || mixup; }
};

struct TrainOptions {
  std::size_t epochs = 10, batch = 64;
  enum class Optimizer : std::uint8_t { adam, sgd } optimizer = Optimizer::adam;
  float learning_rate = 1e-3f;  ///< at its peak: linear warm-up, then half a cosine down to 0
  float warmup = 0.05f;         ///< share of the steps
  float momentum = 0.9f;        ///< of sgd
  float weight_decay = 0;       ///< decoupled (Loshchilov and Hutter 2019), on weights only
  float clip = 1.0f;            ///< largest norm of the whole gradient; 0: any
  float validation = 0.1f;      ///< share of the samples that is held out to choose the best epoch
  std::size_t patience = 0;     ///< epochs without a better one before training ends; 0: never
  std::uint64_t seed = 1;
  /// automatic: cross entropy where labels are class numbers, else mean squared error; a teacher is followed by the
  /// divergence of its classes where the model ends in softmax or logistic or the labels are classes, else by squares.
  /// cross_entropy: output 0 holds classes (logits where no softmax follows), whatever the labels are.
  enum class Loss : std::uint8_t { automatic, cross_entropy, mse } loss = Loss::automatic;
  bool labels = true;        ///< false: as if there were none
  float alpha = 0.5f;        ///< share of the labels' loss where there are labels and a teacher
  float temperature = 2.0f;  ///< softens teacher and student (Hinton et al. 2015)
  /// Weight of hints (Romero et al. 2015, "FitNets"): the student's inner activations follow the teacher's of the same
  /// name
  /// and shape. Few samples say a great deal more so.
  float hints = 0;
  /// Above 1: for classes the teacher is asked once, and its answer to a sample is the mean over the sample and
  /// teacher_views - 1 augmented copies (Radosavovic et al. 2018, "Data Distillation"), whatever the student then sees.
  std::size_t teacher_views = 1;
  Augment augment;
};

/// One trained constant.
struct Parameter {
  TensorId id = kNoTensor;
  bool weight = false;             ///< false: a bias or slope, which is never pruned or decayed
  std::vector<float> value;        ///< what the optimizer moves
  std::vector<std::uint8_t> keep;  ///< weights only: 0 where the network sees zero
};

/// Quantization that the network sees while it trains (Jacob et al. 2018, section 3): every tensor with an entry is
/// rounded to its grid in the forward step; gradients pass where a value lies inside the grid's range.
struct FakeQuant {
  std::vector<std::optional<Quant>> by_tensor;  ///< by tensor id; empty: none
  std::int32_t weight_limit = 127;              ///< weights lie in [-limit, limit], activations in [-128, 127]
};

struct TrainJob {
  const Dataset* data = nullptr;   ///< samples, labels optional where there is a teacher
  const Graph* teacher = nullptr;  ///< same inputs and outputs as the student
  TrainOptions options;
  Hooks hooks;
  /// Called before every step with the share of the steps done in [0, 1): may change `keep`. While it is set and until
  /// it returns true (the final sparsity is reached) no epoch counts as best. Values that are not kept are not trained.
  std::function<bool(double progress, std::span<Parameter> parameters)> schedule;
  /// Called before every epoch with the graph as it stands.
  std::function<FakeQuant(const Graph&)> quantization;
  /// Called after every step with the extremes of each activation in its forward pass, by tensor id (min > max: not
  /// computed), as they are before rounding: may move the grids that `quantization` gave, for the steps that follow.
  std::function<void(std::span<const Range> extremes, FakeQuant& grids)> follow;
};

struct TrainResult {
  std::vector<EpochInfo> curve;
  std::size_t best_epoch = 0;
  std::string measure;       ///< what `validation` is: "accuracy" or "loss"
  bool interrupted = false;  ///< Ctrl-C: the best weights so far were kept
};

/// Trains the weights, biases and slopes of `g` in place; exact zeros among the weights stay zero, unless a schedule
/// says what is kept. The best epoch's weights are left in the graph. The result depends on neither the number of
/// threads nor the machine's vector length. Throws Error(data) where samples, labels and teacher do not fit or the loss
/// is not finite (the graph is then unchanged), Error(interrupted) after Ctrl-C without any usable weights.
TrainResult train(Graph& g, const TrainJob& job);

/// What `train` would train, in node order: constant float weights and biases of operators that have them, and slopes.
std::vector<Parameter> parameters_of(const Graph& g);
/// Puts the kept values (0 where not kept) into the graph.
void store(Graph& g, std::span<const Parameter> parameters);

}  // namespace tinyc
