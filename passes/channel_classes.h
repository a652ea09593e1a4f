// Channels that stay or go together, and cutting those that go out of a graph.
#pragma once
#include <span>
#include <vector>

#include "channels.h"

namespace tinyc {

/// What a node does to channels: it mixes them by weights, or links them one by one, or (neither) pins all of them.
struct ChannelRole {
  std::optional<MixingWeights> mixing;
  std::optional<std::vector<ChannelLink>> links;
};
ChannelRole channel_role(const Graph& g, const Node& n);

/// Channels of all tensors in classes that can only go together (through sums, depthwise layers, concatenations,
/// flattening). A class goes unless it is kept; those of graph inputs and outputs are kept from the start.
class ChannelClasses {
 public:
  explicit ChannelClasses(const Graph& g);
  /// Ties what the node links, or keeps what it pins.
  void add(const Graph& g, const Node& n, const ChannelRole& r);
  /// The number of a channel's class: equal for tied channels, meaningful until the next add().
  std::size_t class_of(TensorId t, std::size_t c) { return find(index(t, c)); }
  bool kept(TensorId t, std::size_t c) { return kept_[class_of(t, c)] != 0; }
  void keep(TensorId t, std::size_t c) { kept_[class_of(t, c)] = 1; }
  void keep_all(const Graph& g, TensorId t);
  std::vector<std::int32_t> kept_channels(const Graph& g, TensorId t);

 private:
  std::size_t index(TensorId t, std::size_t c) const { return first_[static_cast<std::size_t>(t)] + c; }
  std::size_t find(std::size_t i);
  std::vector<std::size_t> first_, parent_;
  std::vector<std::uint8_t> kept_;
};

/// Adds one number to the bias of each output of a mixing node; makes the bias where there is none and something to
/// add. In a quantized graph the numbers count the bias's own steps.
void add_to_bias(Graph& g, Node& n, const MixingWeights& m, std::span<const double> sums);

/// Cuts weights, bias and per-channel constants of node `n` down to the kept channels. Activations still have their old
/// shapes; once all nodes are done, shrink_activations() gives them the new ones.
void slice_constants(Graph& g, Node& n, const ChannelRole& r, ChannelClasses& classes);
void shrink_activations(Graph& g, ChannelClasses& classes);

}  // namespace tinyc
