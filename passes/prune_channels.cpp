// prune_channels: removes whole channels from the graph, the least important for what they cost first.
//
//   before:  %a = conv_2d(%x, %w1[32,3,3,16], %b1), %y = conv_2d(%a, %w2[64,3,3,32], %b2)
//   after:   %a = conv_2d(%x, [20,3,3,16], [20]),   %y = conv_2d(%a, [64,3,3,20], %b2')
//
// Channels that are tied (by residual sums, depthwise layers, concatenations, flattening) go together; see
// tinyc/channel_groups.h. One group's score is importance / cost, cost = the weights or multiply-accumulates saved with
// what is gone already, importance = the sum over all layers that read the group of the error that its removal leaves
// in their outputs, as a share of the outputs' variance. With calibration samples that error is what remains after the
// layer's other weights and its bias made up for it by least squares (layer_reconstruction.h; He et al., "Channel
// pruning for accelerating very deep neural networks", ICCV 2017, section 3.1, for the reconstruction); statistics are
// taken anew after each of kRounds steps. Without samples (or with made-up ones) it is the share of the squared weights
// (LAMP: Lee et al. 2021), and nothing is adjusted.
//
// With --prune-criterion taylor the importance is that of taylor.h instead, taken anew after each step; the rest is the
// same.
//
// Every tensor keeps at least kLeastShare of its channels. Depthwise layers and per-channel parameters follow.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include "channel_classes.h"
#include "layer_reconstruction.h"
#include "rewrite.h"
#include "taylor.h"
#include "tinyc/channel_groups.h"
#include "tinyc/error.h"
#include "tinyc/parallel.h"

namespace tinyc {
namespace {

using Of = PassOptions::PruneChannels::Of;

constexpr int kRounds = 8;
constexpr std::size_t kSamples = 512;  // statistics need no more
constexpr float kLeastShare = 0.1f;

/// The least number of channels of each tensor of the original graph, by name: ids change between rounds.
using LeastByName = std::map<std::string, std::int32_t>;

/// The layers that read removable channels, and what removing groups does to them.
class Layers {
 public:
  Layers(const Graph& g, std::span<const ChannelGroup> groups, const Dataset* samples, std::size_t max_samples) {
    std::map<std::int32_t, std::size_t> layer_of;  // by node
    for (const ChannelGroup& group : groups)
      for (const auto& s : group.slices)
        if (!s.makes && layer_of.emplace(s.node, nodes_.size()).second) nodes_.push_back(s.node);
    std::vector<FeatureMoments> moments(nodes_.size());
    if (samples) moments = feature_moments(g, nodes_, *samples, max_samples);
    layers_.resize(nodes_.size());
    parallel_for(nodes_.size(), [&](std::size_t i, int) {
      const MixingWeights m = *mixing_weights(g, g.nodes[static_cast<std::size_t>(nodes_[i])]);
      layers_[i] = std::make_unique<LayerReconstruction>(g, m, std::move(moments[i]));
    });
    for (const ChannelGroup& group : groups) {
      Reads& reads = reads_.emplace_back();
      for (const auto& s : group.slices) {
        const auto at = layer_of.find(s.node);
        if (at == layer_of.end() || s.input != 1) continue;
        if (s.makes) {
          reads.made.emplace_back(at->second, s.index);
          continue;
        }
        // a convolution's columns are input channels at every tap, [tap][channel]
        const MixingWeights m = *mixing_weights(g, g.nodes[static_cast<std::size_t>(s.node)]);
        for (std::size_t t = 0; t < (m.dense ? 1 : m.taps); ++t)
          reads.columns[at->second].push_back(static_cast<std::int32_t>(t * m.inputs) + s.index);
      }
    }
    version_.assign(layers_.size(), 1);
  }

  double importance(std::size_t group) {
    Reads& reads = reads_[group];
    double sum = 0;
    for (auto& [layer, columns] : reads.columns) {
      auto& known = reads.errors[layer];
      if (known.version != version_[layer]) known = {version_[layer], layers_[layer]->error(columns)};
      sum += known.error;
    }
    return sum;
  }
  void remove(std::size_t group) {
    for (const auto& [layer, output] : reads_[group].made) {
      layers_[layer]->drop_output(static_cast<std::size_t>(output));
      ++version_[layer];
    }
    for (const auto& [layer, columns] : reads_[group].columns) {
      layers_[layer]->remove(columns);
      ++version_[layer];
    }
  }
  /// Puts the adjusted weights and biases into the graph.
  void apply(Graph& g) const {
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      if (version_[i] == 1) continue;
      Node& n = g.nodes[static_cast<std::size_t>(nodes_[i])];
      const MixingWeights m = *mixing_weights(g, n);
      add_to_bias(g, n, m, layers_[i]->bias_shift());
      const Tensor adjusted = constant_like(g.at(m.weights), g.at(m.weights).shape, layers_[i]->weights());
      n.inputs[1] = g.add(adjusted);
    }
  }

 private:
  struct Error {
    int version = 0;
    double error = 0;
  };
  struct Reads {
    std::map<std::size_t, std::vector<std::int32_t>> columns;  // by layer
    std::map<std::size_t, Error> errors;
    std::vector<std::pair<std::size_t, std::int32_t>> made;  // layer, its output
  };
  std::vector<std::int32_t> nodes_;
  std::vector<std::unique_ptr<LayerReconstruction>> layers_;
  std::vector<int> version_;  // by layer: raised by every change
  std::vector<Reads> reads_;  // by group
};

/// Samples that tell something about activations, or null.
const Dataset* statistics(const PassOptions& o) {
  return o.made_up_samples || !o.calibration || o.calibration->samples() == 0 ? nullptr : o.calibration;
}

/// Removes the fraction of what is there. False when nothing more may go.
bool prune_round(Graph& g, PassOptions::PruneChannels goal, const PassOptions& o, const LeastByName& least_by_name) {
  const auto groups = channel_groups(g);
  const Dataset* samples = statistics(o);
  Layers layers(g, groups, samples, o.calibration_samples ? std::min(o.calibration_samples, kSamples) : kSamples);
  GroupSelection s;
  s.goal = goal;
  for (const Tensor& t : g.tensors) {
    const auto at = least_by_name.find(t.name);
    s.least.push_back(at == least_by_name.end() ? 1 : at->second);
  }
  std::vector<double> by_gradient;
  if (o.prune.criterion == PassOptions::Prune::Criterion::taylor) by_gradient = group_importance(g, o, groups);
  s.importance = [&](std::size_t i) { return by_gradient.empty() ? layers.importance(i) : by_gradient[i]; };
  s.removed = [&](std::size_t i) { layers.remove(i); };
  const auto chosen = select_groups(g, groups, s);
  if (chosen.empty()) return false;
  if (samples) layers.apply(g);
  remove_groups(g, groups, chosen);
  return true;
}

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * share);
  return text;
}

std::string change(const char* what, std::int64_t before, std::int64_t after) {
  return std::to_string(before) + " -> " + std::to_string(after) + " " + what + " (" +
         percent(1.0 - static_cast<double>(after) / static_cast<double>(std::max<std::int64_t>(before, 1))) + " gone)";
}

/// One line a layer whose channels became fewer. The pass keeps the number and order of nodes.
std::vector<std::string> layer_notes(const Graph& before, const Graph& after) {
  std::vector<std::string> notes;
  for (std::size_t i = 0; i < before.nodes.size(); ++i) {
    const Node &a = before.nodes[i], &b = after.nodes[i];
    if (traits(a.op).quant.weight < 0) continue;
    const std::size_t was = channel_count(before.at(a.outputs[0])), is = channel_count(after.at(b.outputs[0]));
    const std::int64_t macs_was = macs(before, a), macs_is = macs(after, b);
    if (was == is && macs_was == macs_is) continue;
    notes.push_back(printable(a.name.empty() ? before.at(a.outputs[0]).name : a.name) + ": " + std::to_string(was) +
                    " -> " + std::to_string(is) + " channels, " + change("MACs", macs_was, macs_is));
  }
  return notes;
}

PassResult run(Graph& g, const PassOptions& o) {
  const PassOptions::PruneChannels& p = o.prune_channels;
  if (!(p.fraction >= 0 && p.fraction < 1))
    throw Error(ErrorCode::bad_value, "the fraction to prune in whole channels must be at least 0 and below 1",
                "for example --prune 0.3:channel");
  if (p.fraction == 0) return {};
  Graph original = g;
  remove_unused(original);  // so that its nodes are those of the result
  const auto total = static_cast<double>(channel_cost(g, p.of));
  LeastByName least;
  const auto least_by_tensor = least_channels(g, kLeastShare);
  for (std::size_t i = 0; i < g.tensors.size(); ++i) least[g.tensors[i].name] = least_by_tensor[i];

  const int rounds = statistics(o) || o.prune.criterion == PassOptions::Prune::Criterion::taylor ? kRounds : 1;
  PassResult result;
  for (int round = 1; round <= rounds; ++round) {
    const auto there = static_cast<double>(channel_cost(g, p.of));
    const double left = (1 - static_cast<double>(p.fraction) * round / rounds) * total;
    if (there <= left) continue;
    if (!prune_round(g, {static_cast<float>(1 - left / there), p.of}, o, least)) break;
    result.changed = true;
  }
  if (!result.changed && total > 0) return {false, {"no channel could go"}};
  const double reached = 1 - static_cast<double>(channel_cost(g, p.of)) / std::max(total, 1.0);
  result.notes.push_back(change("MACs", channel_cost(original, Of::macs), channel_cost(g, Of::macs)) + ", " +
                         change("weights", channel_cost(original, Of::weights), channel_cost(g, Of::weights)));
  if (reached < static_cast<double>(p.fraction) * 0.999)
    result.notes.push_back("only " + percent(reached) + " of the " + (p.of == Of::macs ? "MACs" : "weights") +
                           " could go: the rest belongs to channels that are tied to inputs, outputs or operators such "
                           "as softmax, or to the last " +
                           percent(kLeastShare) + " of a tensor's channels");
  const auto layers = layer_notes(original, g);
  result.notes.insert(result.notes.end(), layers.begin(), layers.end());
  return result;
}

}  // namespace

extern const Pass pass_prune_channels;
const Pass pass_prune_channels{"prune_channels",
                               "remove the least important channels from the graph",
                               Stage::Float,
                               Stage::Float,
                               false,
                               false,
                               run};

}  // namespace tinyc
