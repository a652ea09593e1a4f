// prune_gradual: sets weights to zero little by little while the network trains (Zhu and Gupta 2017, "To prune, or not
// to prune", section 3: the sparsity follows a cubic that is steep at first). Then the pattern is frozen and the rest
// of the training mends what is left. Weights that were cut are not trained on: letting them come back (as in "Dynamic
// network surgery", Guo et al. 2016) was tried and lost accuracy on LeNet-300-100 at 95 %, because Adam moves a
// cut weight as fast as any other and the pattern never settles.
#include <algorithm>

#include "learn.h"
#include "sparsity.h"
#include "tinyc/error.h"

namespace tinyc {
namespace {

constexpr double kRamp = 0.5;  // share of the training in which the sparsity grows
constexpr int kUpdates = 100;  // so many patterns on the way

PassResult run(Graph& g, const PassOptions& o) {
  check_prune(o.prune);
  PassResult result;
  if (o.prune.fraction == 0 || !o.training.data) return result;
  std::vector<PrunableLayer> layers = prunable_layers(g);
  TrainJob job = job_of(o);
  int done = -1;
  job.schedule = [&](double progress, std::span<Parameter> parameters) {
    const double t = std::min(progress / kRamp, 1.0);
    const int update = static_cast<int>(t * kUpdates);
    if (update == done) return false;
    done = update;
    for (PrunableLayer& l : layers) l.w = std::ranges::find(parameters, l.id, &Parameter::id)->value;
    const double left = 1 - t;
    zero_least_important(layers, o.prune, static_cast<double>(o.prune.fraction) * (1 - left * left * left));
    for (const PrunableLayer& l : layers) {
      Parameter& p = *std::ranges::find(parameters, l.id, &Parameter::id);
      for (std::size_t i = 0; i < l.w.size(); ++i) p.keep[i] = l.w[i] != 0.0f;
    }
    return update >= kUpdates;
  };
  result.training = train(g, job);
  result.changed = true;
  result.notes = sparsity_notes(prunable_layers(g));
  result.notes.push_back(training_note(result.training));
  return result;
}

}  // namespace

extern const Pass pass_prune_gradual;
const Pass pass_prune_gradual{
    "prune_gradual", "zero weights little by little while training", Stage::Float, Stage::Float, false, false, run};

}  // namespace tinyc
