#include "channel_classes.h"

#include <algorithm>

#include "rewrite.h"

namespace tinyc {

ChannelRole channel_role(const Graph& g, const Node& n) {
  ChannelRole r{mixing_weights(g, n), std::nullopt};
  if (!r.mixing) r.links = channel_links(g, n);
  return r;
}

ChannelClasses::ChannelClasses(const Graph& g) {
  for (const Tensor& t : g.tensors) {
    first_.push_back(parent_.size());
    for (std::size_t c = 0; c < channel_count(t); ++c) parent_.push_back(parent_.size());
  }
  kept_.assign(parent_.size(), 0);
  for (const auto id : g.inputs) keep_all(g, id);
  for (const auto id : g.outputs) keep_all(g, id);
}

void ChannelClasses::add(const Graph& g, const Node& n, const ChannelRole& r) {
  if (r.mixing) return;
  if (r.links) {
    for (const ChannelLink& l : *r.links) {
      const std::size_t from = class_of(n.inputs[l.input], l.in), to = class_of(n.outputs[0], l.out);
      parent_[from] = to;
      kept_[to] |= kept_[from];
    }
    return;
  }
  for (const auto id : n.inputs)
    if (id != kNoTensor) keep_all(g, id);
  for (const auto id : n.outputs) keep_all(g, id);
}

void ChannelClasses::keep_all(const Graph& g, TensorId t) {
  for (std::size_t c = 0; c < channel_count(g.at(t)); ++c) keep(t, c);
}

std::vector<std::int32_t> ChannelClasses::kept_channels(const Graph& g, TensorId t) {
  std::vector<std::int32_t> list;
  for (std::size_t c = 0; c < channel_count(g.at(t)); ++c)
    if (kept(t, c)) list.push_back(static_cast<std::int32_t>(c));
  return list;
}

std::size_t ChannelClasses::find(std::size_t i) {
  while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
  return i;
}

void add_to_bias(Graph& g, Node& n, const MixingWeights& m, std::span<const double> sums) {
  if (std::all_of(sums.begin(), sums.end(), [](double s) { return s == 0; })) return;
  const bool integer = g.stage != Stage::Float;
  std::vector<double> bias(sums.begin(), sums.end());
  Tensor like;
  if (m.bias != kNoTensor) {
    like = g.at(m.bias);
    for (std::size_t o = 0; o < m.outputs; ++o)
      bias[o] += integer ? static_cast<double>(like.as<std::int32_t>()[o]) : static_cast<double>(like.as<float>()[o]);
  } else {
    like.name = n.name + "/bias";
    n.inputs.resize(3, kNoTensor);
    if (integer) {
      like.quant = g.at(m.weights).quant;
      for (float& s : like.quant->scale) s *= g.at(m.x).quant->scale[0];
      std::fill(like.quant->zero_point.begin(), like.quant->zero_point.end(), 0);
      like.quant->axis = 0;
    }
  }
  const Shape shape{static_cast<std::int32_t>(m.outputs)};
  n.inputs[2] = integer ? g.add(constant_like(like, shape, std::vector<std::int32_t>(bias.begin(), bias.end())))
                        : g.add(constant_like(like, shape, std::vector<float>(bias.begin(), bias.end())));
}

void slice_constants(Graph& g, Node& n, const ChannelRole& r, ChannelClasses& classes) {
  const auto outputs = classes.kept_channels(g, n.outputs[0]);
  const std::size_t channels = channel_count(g.at(n.outputs[0]));
  if (r.mixing) {
    const MixingWeights& m = *r.mixing;
    const auto inputs = classes.kept_channels(g, m.x);
    if (inputs.size() == m.inputs && outputs.size() == m.outputs) return;
    std::vector<std::int32_t> columns;
    for (std::size_t t = 0; t < (m.dense ? m.taps : 1); ++t)
      for (const auto c : inputs) columns.push_back(static_cast<std::int32_t>(t * m.inputs) + c);
    const Tensor rows = slice_axis(g.at(m.weights), 0, outputs);
    n.inputs[1] = g.add(slice_axis(rows, rows.shape.size() - 1, columns));
    if (const TensorId bias = input_or_none(n, 2); bias != kNoTensor)
      n.inputs[2] = g.add(slice_axis(g.at(bias), 0, outputs));
    return;
  }
  if (!r.links || outputs.size() == channels) return;
  for (auto& id : n.inputs) {
    if (id == kNoTensor || !g.at(id).is_const() || channel_count(g.at(id)) != channels) continue;
    id = g.add(slice_axis(g.at(id), g.at(id).shape.size() - 1, outputs));
  }
}

void shrink_activations(Graph& g, ChannelClasses& classes) {
  for (Node& n : g.nodes) {
    Shape shape = g.at(n.outputs[0]).shape;
    if (shape.empty()) continue;
    shape.back() = static_cast<std::int32_t>(classes.kept_channels(g, n.outputs[0]).size());
    if (auto* reshape = std::get_if<Reshape>(&n.op); reshape && g.at(n.outputs[0]).shape != shape)
      reshape->shape = shape;
    g.at(n.outputs[0]).shape = std::move(shape);
  }
}

}  // namespace tinyc
