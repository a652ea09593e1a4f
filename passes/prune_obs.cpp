// prune_obs: sets the weights to zero whose loss the others can best make good, and adjusts those (layer-wise Optimal
// Brain Surgeon), for pruning without training.
//
//   before:  %y = conv_2d(%x, %w, %b)
//   after:   %y = conv_2d(%x, %w', %b'),   w' = argmin E|w (x - E x) - w' (x' - E x')|^2 over the weights that stay
//
// With H the covariance of a layer's inputs on calibration samples, removing weight i costs w_i^2 / [H^-1]_ii when the
// others adjust. These saliencies take the place of magnitudes in prune_magnitude's order, patterns and balance between
// layers. Weights go in a few rounds, since each changes what the next ones cost; after each round all layers are
// refitted one after the other, later ones to what earlier ones now give. Needs samples, no labels. Depthwise weights
// stay (they are adjusted), transposed convolutions are pruned by magnitude. Source: Hassibi, Stork 1992, "Second order
// derivatives for network pruning: Optimal Brain Surgeon"; Dong et al. 2017, "Learning to Prune Deep Neural Networks
// via Layer-wise Optimal Brain Surgeon".
#include <algorithm>
#include <cmath>

#include "layer_rounding.h"
#include "sparsity.h"

namespace tinyc {
namespace {

constexpr int kRounds = 4;

/// Refits every layer of `reference` without the weights that are zero in `layers`; leaves the saliencies there.
Graph refit(const Graph& reference, const PassOptions& o, std::size_t n, std::vector<PrunableLayer>& layers) {
  Graph g = reference;
  std::vector<PrunableLayer*> by_tensor(reference.tensors.size(), nullptr);
  for (PrunableLayer& l : layers) by_tensor[static_cast<std::size_t>(l.id)] = &l;
  walk_layers(reference, g, *o.calibration, n, {}, Moments::second,
              [&](std::size_t node, std::span<const InputMoments> moments) {
                const Filters old = *filters_of(reference, reference.nodes[node]);
                PrunableLayer* layer = by_tensor[static_cast<std::size_t>(reference.nodes[node].inputs[1])];
                const std::vector<float> kept = layer ? layer->w : std::vector<float>(old.values.size(), 1.0f);
                Filters now = old;
                const std::size_t per_group = old.values.size() / old.groups;
                for (std::size_t group = 0; group < old.groups; ++group) {
                  const std::size_t first = group * per_group;
                  const RefittedFilters f =
                      refit_filters(moments[group], std::span(old.values).subspan(first, per_group),
                                    std::span(kept).subspan(first, per_group), ridge_for(moments[group]));
                  std::ranges::copy(f.values, now.values.begin() + static_cast<std::ptrdiff_t>(first));
                  if (layer) std::ranges::copy(f.saliency, layer->w.begin() + static_cast<std::ptrdiff_t>(first));
                }
                replace_filters(g, node, old, now, moments);
              });
  return g;
}

PassResult run(Graph& g, const PassOptions& o) {
  check_prune(o.prune);
  if (o.prune.fraction == 0) return {};
  const std::size_t n = calibration_count(o, "second-order pruning");
  std::vector<PrunableLayer> layers = prunable_layers(g);
  for (PrunableLayer& l : layers)
    for (float& w : l.w)
      if (std::isnan(w)) return {};
  const int rounds = o.prune.kind == PassOptions::Prune::Kind::n_m ? 1 : kRounds;
  const Graph reference = g;
  g = refit(reference, o, n, layers);
  for (int round = 1; round <= rounds; ++round) {
    zero_least_important(layers, o.prune, static_cast<double>(o.prune.fraction) * round / rounds);
    g = refit(reference, o, n, layers);
  }
  // transposed convolutions are not refitted
  for (const PrunableLayer& l : layers) {
    Tensor& t = g.at(l.id);
    std::vector<float> w(t.as<float>().begin(), t.as<float>().end());
    for (std::size_t i = 0; i < w.size(); ++i)
      if (l.w[i] == 0) w[i] = 0;
    t = make_const(t.name, t.shape, w);
  }
  remove_unused(g);
  return {true, sparsity_notes(layers)};
}

}  // namespace

extern const Pass pass_prune_obs;
const Pass pass_prune_obs{
    "prune_obs",  "zero the weights whose loss the others can best make good (unstructured, block4 or N:M)",
    Stage::Float, Stage::Float,
    false,        false,
    run};

}  // namespace tinyc
