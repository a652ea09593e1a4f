// How channels (the last axis) of activations depend on each other through the nodes of a graph.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tinyc/graph.h"

namespace tinyc {

/// Length of the last axis; 1 for a scalar.
std::size_t channel_count(const Tensor& t);

/// Output channel `out` of a node is computed from channel `in` of its input number `input` (and others linked to it)
/// alone. Removing one means removing the other.
struct ChannelLink {
  std::size_t input, in, out;
};

/// The links of a node whose output channels are computed one by one from input channels: elementwise operators, pools,
/// depthwise convolution, concatenation, flattening and so on. Empty for nodes that mix channels and for those that
/// `slice_channels` cannot shrink.
std::optional<std::vector<ChannelLink>> channel_links(const Graph& g, const Node& n);

/// A node that mixes all input channels by constant weights: conv_2d, transpose_conv and fully_connected. Its weights
/// are [out][tap][in].
struct MixingWeights {
  TensorId x, weights, bias;  ///< bias may be kNoTensor
  std::size_t outputs, taps, inputs;
  bool pads;   ///< not all outputs see all taps: windows reach over the border, where an input channel is real 0
  bool dense;  ///< fully_connected: tap t reads its own elements of the input
};
std::optional<MixingWeights> mixing_weights(const Graph& g, const Node& n);

/// Rows, columns and taps of a tensor seen as [outer][axis][inner]: keeps the given indexes of `axis`, the
/// quantization's too when it runs along that axis.
Tensor slice_axis(const Tensor& t, std::size_t axis, std::span<const std::int32_t> kept);

}  // namespace tinyc
