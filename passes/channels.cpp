#include "channels.h"

#include <algorithm>
#include <cstring>

#include "rewrite.h"

namespace tinyc {
namespace {

using Links = std::vector<ChannelLink>;

Links one_to_one(std::size_t input, std::size_t channels) {
  Links links;
  for (std::size_t c = 0; c < channels; ++c) links.push_back({input, c, c});
  return links;
}

// Elementwise with broadcasting; constants follow along.
std::optional<Links> elementwise(const Graph& g, const Node& n, std::size_t channels) {
  Links links;
  for (std::size_t i = 0; i < n.inputs.size(); ++i) {
    const Tensor& t = g.at(n.inputs[i]);
    if (t.is_const()) continue;
    const bool broadcast = channel_count(t) != channels;
    for (std::size_t c = 0; c < channels; ++c) links.push_back({i, broadcast ? 0 : c, c});
  }
  return links;
}

std::optional<Links> concatenated(const Graph& g, const Node& n) {
  const auto rank = static_cast<std::int32_t>(g.at(n.outputs[0]).shape.size());
  const std::int32_t axis = std::get<Concatenation>(n.op).axis;
  const bool along_channels = axis == -1 || axis == rank - 1;
  Links links;
  std::size_t offset = 0;
  for (std::size_t i = 0; i < n.inputs.size(); ++i) {
    const Tensor& t = g.at(n.inputs[i]);
    if (t.is_const()) return std::nullopt;
    for (std::size_t c = 0; c < channel_count(t); ++c) links.push_back({i, c, offset + c});
    if (along_channels) offset += channel_count(t);
  }
  return links;
}

// Row-major order is kept: when one channel count divides the other, elements are grouped by the smaller one.
std::optional<Links> reshaped(std::size_t in, std::size_t out) {
  Links links;
  if (out % in != 0 && in % out != 0) return std::nullopt;
  for (std::size_t c = 0; c < std::max(in, out); ++c) links.push_back({0, c % in, c % out});
  return links;
}

std::optional<Links> depthwise(const Graph& g, const Node& n, std::size_t channels) {
  const TensorId weights = n.inputs[1], bias = input_or_none(n, 2);
  if (!g.at(weights).is_const() || (bias != kNoTensor && !g.at(bias).is_const())) return std::nullopt;
  const std::size_t multiplier = channels / channel_count(g.at(n.inputs[0]));
  Links links;
  for (std::size_t c = 0; c < channels; ++c) links.push_back({0, c / multiplier, c});
  return links;
}

bool leaves_channels(const Ints& axes, std::size_t rank) {
  const auto last = static_cast<std::int32_t>(rank) - 1;
  return std::none_of(axes.begin(), axes.end(), [&](std::int32_t a) { return a == last || a == -1; });
}

}  // namespace

std::size_t channel_count(const Tensor& t) { return t.shape.empty() ? 1 : static_cast<std::size_t>(t.shape.back()); }

std::optional<std::vector<ChannelLink>> channel_links(const Graph& g, const Node& n) {
  if (n.outputs.size() != 1 || n.inputs.empty()) return std::nullopt;
  const Tensor &in = g.at(n.inputs[0]), &out = g.at(n.outputs[0]);
  const std::size_t channels = channel_count(out), rank = in.shape.size();
  if (rank == 0 || out.shape.empty()) return std::nullopt;
  const auto if_channels_stay = [&](bool stay) { return stay ? std::optional(one_to_one(0, channels)) : std::nullopt; };
  if (traits(n.op).elementwise) return elementwise(g, n, channels);
  switch (kind(n.op)) {
    case OpKind::average_pool_2d:
    case OpKind::max_pool_2d:
    case OpKind::resize_bilinear:
    case OpKind::resize_nearest_neighbor: return if_channels_stay(true);
    case OpKind::depthwise_conv_2d: return depthwise(g, n, channels);
    case OpKind::concatenation: return concatenated(g, n);
    case OpKind::reshape: return reshaped(channel_count(in), channels);
    case OpKind::pad: {
      const auto& pad = std::get<Pad>(n.op);
      return if_channels_stay(n.inputs.size() == 1 && pad.before.back() == 0 && pad.after.back() == 0);
    }
    case OpKind::mirror_pad: {
      const auto& pad = std::get<MirrorPad>(n.op);
      return if_channels_stay(pad.before.back() == 0 && pad.after.back() == 0);
    }
    case OpKind::mean: return if_channels_stay(leaves_channels(std::get<Mean>(n.op).axes, rank));
    case OpKind::sum: return if_channels_stay(leaves_channels(std::get<Sum>(n.op).axes, rank));
    case OpKind::reduce_max: return if_channels_stay(leaves_channels(std::get<ReduceMax>(n.op).axes, rank));
    case OpKind::reduce_min: return if_channels_stay(leaves_channels(std::get<ReduceMin>(n.op).axes, rank));
    case OpKind::transpose:
      return if_channels_stay(std::get<Transpose>(n.op).perm.back() == static_cast<std::int32_t>(rank) - 1);
    default: return std::nullopt;
  }
}

std::optional<MixingWeights> mixing_weights(const Graph& g, const Node& n) {
  const OpKind op = kind(n.op);
  if (op != OpKind::conv_2d && op != OpKind::fully_connected && op != OpKind::transpose_conv) return std::nullopt;
  const TensorId bias = input_or_none(n, 2);
  const Tensor &x = g.at(n.inputs[0]), &w = g.at(n.inputs[1]);
  if (x.is_const() || !w.is_const() || x.shape.empty() || (bias != kNoTensor && !g.at(bias).is_const()))
    return std::nullopt;
  MixingWeights m{n.inputs[0], n.inputs[1],      bias,  static_cast<std::size_t>(w.shape[0]),
                  1,           channel_count(x), false, false};
  const std::size_t per_output = static_cast<std::size_t>(num_elements(w.shape)) / m.outputs;
  m.dense = op == OpKind::fully_connected;
  if (per_output % m.inputs != 0 || (!m.dense && channel_count(w) != m.inputs))
    return std::nullopt;  // grouped, or regrouped rows
  m.taps = per_output / m.inputs;
  if (const auto* conv = std::get_if<Conv2D>(&n.op)) m.pads = conv->pad != Pads{};
  if (op == OpKind::transpose_conv) m.pads = true;
  return m;
}

Tensor slice_axis(const Tensor& t, std::size_t axis, std::span<const std::int32_t> kept) {
  std::size_t inner = size_of(t.dtype), outer = 1;
  for (std::size_t d = 0; d < t.shape.size(); ++d)
    (d < axis ? outer : inner) *= d == axis ? 1 : static_cast<std::size_t>(t.shape[d]);
  const auto length = static_cast<std::size_t>(t.shape.at(axis));
  Bytes bytes(outer * kept.size() * inner);
  std::uint8_t* to = bytes.data();
  for (std::size_t o = 0; o < outer; ++o)
    for (const auto k : kept) {
      std::memcpy(to, t.data->data() + (o * length + static_cast<std::size_t>(k)) * inner, inner);
      to += inner;
    }
  Shape shape = t.shape;
  shape[axis] = static_cast<std::int32_t>(kept.size());
  Tensor result = make_const(t.name, t.dtype, std::move(shape), std::move(bytes));
  result.quant = t.quant;
  if (t.quant && t.quant->per_channel() && static_cast<std::size_t>(t.quant->axis) == axis) {
    result.quant->scale.clear();
    result.quant->zero_point.clear();
    for (const auto k : kept) {
      result.quant->scale.push_back(t.quant->scale[static_cast<std::size_t>(k)]);
      result.quant->zero_point.push_back(t.quant->zero_point[static_cast<std::size_t>(k)]);
    }
  }
  return result;
}

}  // namespace tinyc
