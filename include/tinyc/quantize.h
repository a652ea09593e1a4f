// The integer grids of post-training quantization: what quantize_int8 will give each activation and each weight, for
// everything that has to know it before (rounding with data, training with fake quantization).
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tinyc/graph.h"

namespace tinyc {

/// Rewrites a float graph into the form in which all activations can be int8: global average pools become means, which
/// have scales of their own, and readers that must share the fixed scale of a softmax get a requantized copy. Tensors
/// keep their ids; new ones are appended. Throws Error(unsupported) for numbers that count where no int8 form exists.
void prepare_activations(Graph& g);

/// By tensor of a prepared float graph with ranges: scale and zero point of every activation, and of constants that are
/// read as activations; none for weights, biases and numbers that count. Throws Error(data) for a missing range.
std::vector<std::optional<Quant>> activation_quants(const Graph& g);

/// The largest level of an N-bit weight, symmetric around 0: 127 for 8 bits, 7 for 4.
constexpr std::int32_t largest_level(std::int32_t bits) noexcept { return (1 << (bits - 1)) - 1; }

/// Which channel, and so which scale, each element of a weight tensor belongs to: axis -1 is one scale for all.
struct ChannelIndex {
  std::size_t channels = 1, inner = 1;
  ChannelIndex(const Shape& s, std::int32_t axis);
  std::size_t operator()(std::size_t flat) const noexcept { return flat / inner % channels; }
};

/// The grid of weights: their own `quant` where an earlier pass has chosen it, else max|w| of the channel / `levels`.
/// 0 for a channel of zeros.
Quant weight_grid(const Tensor& weights, std::int32_t axis, std::int32_t levels);

/// round-half-away(w / scale), limited to +-levels; 0 where the scale is 0.
std::int32_t weight_level(float w, float scale, std::int32_t levels) noexcept;

}  // namespace tinyc
