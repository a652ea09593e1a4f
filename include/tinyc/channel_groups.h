// Groups of channels that a float graph can lose: for pass prune_channels, and for training loops that prune in rounds
// by a saliency of their own.
//
//   auto groups = channel_groups(g);
//   auto chosen = select_groups(g, groups, {.goal = {0.2f, PassOptions::PruneChannels::Of::macs},
//                                           .least = least_channels(g, 0.1f),
//                                           .importance = [&](std::size_t i) { return saliency_of(groups[i]); }});
//   remove_groups(g, groups, chosen);       // and train on
#pragma once
#include <functional>
#include <span>
#include <vector>

#include "tinyc/graph.h"
#include "tinyc/pass.h"

namespace tinyc {

/// Channels that only go together: tied by sums, depthwise layers, concatenations, flattening and so on.
struct ChannelGroup {
  /// Index `index` of the last axis of an activation.
  struct Channel {
    TensorId tensor;
    std::int32_t index;
    bool operator==(const Channel&) const = default;
  };
  /// The elements of input `input` (a constant) of node `node` whose index along `axis` is `index`: they go with the
  /// group. Rows and biases of the layers that make the channels, columns of those that read them, per-channel
  /// parameters on the way.
  struct Slice {
    std::int32_t node, input, axis, index;
    bool makes;  ///< the slice shapes the channels' own values; false: it weighs them in a layer that reads them
    bool operator==(const Slice&) const = default;
  };
  std::vector<Channel> channels;
  std::vector<Slice> slices;
};

/// The groups that may go, in the order of their first channel. Channels of graph inputs and outputs, and those that
/// reach an operator that mixes or moves channels (softmax, say), are in none. The graph's stage is Float.
std::vector<ChannelGroup> channel_groups(const Graph& g);

/// What a graph costs: prunable weights (of conv_2d, transpose_conv and fully_connected) or multiply-accumulates.
std::int64_t channel_cost(const Graph& g, PassOptions::PruneChannels::Of of);

/// By tensor: the least number of channels that a share stands for, at least 1.
std::vector<std::int32_t> least_channels(const Graph& g, float share);

struct GroupSelection {
  PassOptions::PruneChannels goal;  ///< stop once this fraction of the graph's cost is gone
  std::vector<std::int32_t> least;  ///< by tensor: channels that stay in any case
  /// What is lost with a group, not negative; asked again after each removal.
  std::function<double(std::size_t group)> importance;
  std::function<void(std::size_t group)> removed;  ///< told of each choice; may be empty
};
/// Chooses groups one by one, the least importance for its cost first; costs shrink with what is gone already. Stops
/// early when nothing more may go. Equal scores: the first group. Changes nothing.
std::vector<std::size_t> select_groups(const Graph& g, std::span<const ChannelGroup> groups, const GroupSelection& s);

/// Cuts the chosen groups out of all shapes and constants. Their channels count as zero from now on.
void remove_groups(Graph& g, std::span<const ChannelGroup> groups, std::span<const std::size_t> chosen);

}  // namespace tinyc
