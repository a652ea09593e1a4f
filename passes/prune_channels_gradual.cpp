// prune_channels_gradual: whole channels go in rounds, and the network is trained between them, so that each choice is
// made on a network that has recovered from the one before (Molchanov et al. 2017, "Pruning Convolutional Neural
// Networks for Resource Efficient Inference", section 2: iterative pruning). What each round removes is chosen by
// prune_channels; the last training is as long as was asked for.
#include <algorithm>
#include <cmath>

#include "learn.h"

namespace tinyc {
namespace {

constexpr std::size_t kRounds = 4;

PassResult run(Graph& g, const PassOptions& o) {
  PassResult result;
  if (o.prune_channels.fraction <= 0 || !o.training.data) return result;
  PassOptions round = o;
  // each round takes the same share of what is left
  round.prune_channels.fraction =
      1 - static_cast<float>(std::pow(1 - o.prune_channels.fraction, 1.0 / static_cast<double>(kRounds)));
  for (std::size_t r = 1; r <= kRounds; ++r) {
    PassResult cut = find_pass("prune_channels")->run(g, round);
    result.changed = result.changed || cut.changed;
    result.notes.insert(result.notes.end(), cut.notes.begin(), cut.notes.end());
    TrainJob job = job_of(o);
    if (r < kRounds) job.options.epochs = std::max<std::size_t>(1, o.training.options.epochs / (2 * kRounds));
    result.training = train(g, job);
    result.notes.push_back(training_note(result.training));
    result.changed = result.changed || result.training.best_epoch > 0;
    if (result.training.interrupted) break;
  }
  return result;
}

}  // namespace

extern const Pass pass_prune_channels_gradual;
const Pass pass_prune_channels_gradual{"prune_channels_gradual",
                                       "remove whole channels in rounds, training between them",
                                       Stage::Float,
                                       Stage::Float,
                                       false,
                                       false,
                                       run};

}  // namespace tinyc
