// prune_gradual: sets weights to zero little by little while the network trains (Zhu and Gupta 2017, "To prune, or not
// to prune", section 3: the sparsity follows a cubic that is steep at first). Then the pattern is frozen and the rest
// of the training mends what is left. Weights that were cut are not trained on: letting them come back (as in "Dynamic
// network surgery", Guo et al. 2016) was tried and lost accuracy on LeNet-300-100 at 95 %, because Adam moves a
// cut weight as fast as any other and the pattern never settles.
#include <algorithm>
#include <cmath>

#include "learn.h"
#include "taylor.h"
#include "tinyc/curvature.h"
#include "tinyc/error.h"

namespace tinyc {
namespace {

constexpr double kRamp = 0.5;          // share of the training in which the sparsity grows
constexpr int kUpdates = 100;          // so many patterns on the way
constexpr int kTaylorUpdates = 10;     // patterns for which gradients are taken once
constexpr std::size_t kSamples = 500;  // for the deviations of inputs
constexpr double kLeastShare = 1e-6;   // of a layer's mean variance: what 500 samples never show, others may

// Gives each weight the standard deviation of the input that it is multiplied with. Times the weight it is the root
// of what its removal adds to the squared error of the layer's output, when the bias makes good the mean: "Optimal
// Brain Damage" (LeCun et al. 1990), for the output of the layer instead of the loss. Weights of
// inputs that hardly ever change go first. Not the default: where samples are few it lost more than magnitudes do.
void weigh_by_inputs(std::vector<PrunableLayer>& layers, const Graph& g, const Dataset& d) {
  Graph same = g;
  walk_layers(g, same, d, std::min(kSamples, d.samples()), {}, Moments::first,
              [&](std::size_t node, std::span<const InputMoments> moments) {
                const auto layer = std::ranges::find(layers, g.nodes[node].inputs[1], &PrunableLayer::id);
                if (layer == layers.end()) return;
                double mean = 0;
                for (const InputMoments& m : moments)
                  for (const double v : m.variance) mean += v / static_cast<double>(m.size * moments.size());
                if (!(mean > 0)) return;
                std::vector<float>& of = layer->deviation;
                of.resize(layer->w.size());
                const std::size_t per_group = of.size() / moments.size();
                for (std::size_t i = 0; i < of.size(); ++i) {
                  const InputMoments& m = moments[i / per_group];
                  of[i] = static_cast<float>(std::sqrt(std::max(m.variance[i % m.size], kLeastShare * mean)));
                }
              });
}

PassResult run(Graph& g, const PassOptions& o) {
  check_prune(o.prune);
  PassResult result;
  if (o.prune.fraction == 0 || !o.training.data) return result;
  std::vector<PrunableLayer> layers = prunable_layers(g);
  using Criterion = PassOptions::Prune::Criterion;
  if (o.prune.criterion == Criterion::obs) weigh_by_inputs(layers, g, *o.training.data);
  TrainJob job = job_of(o);
  int done = -1;
  job.schedule = [&](double progress, std::span<Parameter> parameters) {
    const double t = std::min(progress / kRamp, 1.0);
    const int update = static_cast<int>(t * kUpdates);
    if (update == done) return false;
    done = update;
    if (o.prune.criterion == Criterion::taylor && update % kTaylorUpdates == 0) {
      Graph now = g;
      store(now, parameters);
      weigh_by_gradients(layers, now, o);
    }
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
