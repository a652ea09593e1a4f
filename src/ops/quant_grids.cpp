#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tinyc/error.h"
#include "tinyc/quantize.h"

namespace tinyc {
namespace {

using Output = QuantRule::Output;

// Tensors that must share one quantization.
class Groups {
 public:
  explicit Groups(std::size_t n) : parent_(n) { std::iota(parent_.begin(), parent_.end(), 0); }
  std::size_t find(std::size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void join(TensorId a, TensorId b) { parent_[find(static_cast<std::size_t>(a))] = find(static_cast<std::size_t>(b)); }

 private:
  std::vector<std::size_t> parent_;
};

/// Inputs with a quantization of their own kind.
bool is_weight_bias_or_index(const Node& n, std::size_t input, const Graph& g) {
  const QuantRule& rule = traits(n.op).quant;
  if (static_cast<std::int32_t>(input) == rule.index) return true;
  return g.at(n.inputs[input]).is_const() &&
         (static_cast<std::int32_t>(input) == rule.weight || static_cast<std::int32_t>(input) == rule.bias);
}

// Gives every consumer that shares scales with a fixed-output producer its own requantized copy.
void separate_fixed_outputs(Graph& g) {
  std::vector<std::uint8_t> fixed(g.tensors.size(), 0);
  std::vector<Node> nodes;
  for (Node n : g.nodes) {
    const QuantRule& rule = traits(n.op).quant;
    if (rule.output == Output::same_as_input) {
      for (auto& id : n.inputs) {
        if (id == kNoTensor || !fixed[static_cast<std::size_t>(id)] || n.inputs.size() == 1) continue;
        Tensor copy = g.at(id);
        copy.name += "/requantized";
        const TensorId to = g.add(copy);
        fixed.push_back(0);
        nodes.push_back({Quantize{}, {id}, {to}, copy.name, -1});
        id = to;
      }
      // a lone input passes its fixed quantization on
      if (n.inputs.size() == 1 && fixed[static_cast<std::size_t>(n.inputs[0])])
        for (const auto id : n.outputs) fixed[static_cast<std::size_t>(id)] = 1;
    }
    if (rule.output == Output::fixed)
      for (const auto id : n.outputs) fixed[static_cast<std::size_t>(id)] = 1;
    nodes.push_back(std::move(n));
  }
  g.nodes = std::move(nodes);
}

// Only gather and reshape take numbers that count; nothing else may make them than arg_max and the model's inputs.
void check_indices(const Graph& g, const std::vector<std::uint8_t>& index) {
  for (const Node& n : g.nodes) {
    const auto refuse = [&](const char* why) {
      throw Error(ErrorCode::not_quantizable, std::string(name_of(kind(n.op))) + " '" + printable(n.name) + "' " + why,
                  "cut the model there and do the rest in firmware");
    };
    const QuantRule& rule = traits(n.op).quant;
    if (kind(n.op) == OpKind::reshape) continue;
    for (std::size_t i = 0; i < n.inputs.size(); ++i)
      if (n.inputs[i] != kNoTensor && index[static_cast<std::size_t>(n.inputs[i])] &&
          static_cast<std::int32_t>(i) != rule.index)
        refuse("computes with whole numbers that have no int8 form");
    if (rule.output != Output::index && index[static_cast<std::size_t>(n.outputs[0])])
      refuse("computes indices, which has no int8 form");
  }
}

// average_pool_2d over the whole picture -> mean.
void free_global_pools(Graph& g) {
  for (Node& n : g.nodes) {
    const auto* pool = std::get_if<AveragePool2D>(&n.op);
    if (!pool) continue;
    const Shape& in = g.at(n.inputs[0]).shape;
    const Pair whole{in[1], in[2]};
    if (pool->kernel == whole && pool->pad == Pads{} && pool->act == Act::none) n.op = Mean{{1, 2}, true};
  }
}

// lo <= 0 <= hi
Quant activation_quant(float lo, float hi) {
  float scale = (hi - lo) / 255.0f;
  if (!(scale >= std::numeric_limits<float>::min())) return {{1.0f}, {0}, 0};  // only zeros were ever seen
  const float zero_point = std::round(-128.0f - lo / scale);
  return {{scale}, {static_cast<std::int32_t>(std::clamp(zero_point, -128.0f, 127.0f))}, 0};
}

// Scales of values near the end of float's range are infinite.
void check_scale(float scale, const Tensor& t) {
  if (!std::isfinite(scale))
    throw Error(ErrorCode::not_quantizable, "the values of '" + printable(t.name) + "' are too large to be quantized");
}

Range range_of_constant(const Tensor& t) {
  const auto v = t.as<float>();
  const auto [lo, hi] = std::minmax_element(v.begin(), v.end());
  return {*lo, *hi};
}

}  // namespace

void prepare_activations(Graph& g) {
  free_global_pools(g);
  separate_fixed_outputs(g);
  check_indices(g, index_tensors(g));
}

// The common quantization of every group, from the union of its members' ranges.
std::vector<std::optional<Quant>> activation_quants(const Graph& g) {
  const auto index = index_tensors(g);
  Groups groups(g.tensors.size());
  for (const Node& n : g.nodes) {
    if (traits(n.op).quant.output != Output::same_as_input || index[static_cast<std::size_t>(n.outputs[0])]) continue;
    for (std::size_t i = 0; i < n.inputs.size(); ++i)
      if (n.inputs[i] != kNoTensor && !is_weight_bias_or_index(n, i, g)) groups.join(n.inputs[i], n.outputs[0]);
    for (const auto id : n.outputs) groups.join(id, n.outputs[0]);
  }
  struct Group {
    float lo = 0, hi = 0;  // 0 is in every range
    std::optional<Quant> fixed;
  };
  std::vector<Group> by_root(g.tensors.size());
  std::vector<std::uint8_t> quantized(g.tensors.size(), 0);
  const auto include = [&](TensorId id) {
    const auto i = static_cast<std::size_t>(id);
    if (quantized[i] || index[i]) return;
    quantized[i] = 1;
    const Tensor& t = g.at(id);
    if (!t.is_const() && !t.range)
      throw Error(ErrorCode::no_samples, "activation '" + printable(t.name) + "' has no calibrated range",
                  "run calibrate before quantize_int8");
    const Range r = t.is_const() ? range_of_constant(t) : *t.range;
    Group& group = by_root[groups.find(i)];
    group.lo = std::min(group.lo, r.min);
    group.hi = std::max(group.hi, r.max);
  };
  for (const auto id : g.inputs) include(id);
  for (const Node& n : g.nodes) {
    for (std::size_t i = 0; i < n.inputs.size(); ++i)
      if (n.inputs[i] != kNoTensor && !is_weight_bias_or_index(n, i, g)) include(n.inputs[i]);
    for (const auto id : n.outputs) include(id);
    const QuantRule& rule = traits(n.op).quant;
    if (rule.output == Output::fixed)
      for (const auto id : n.outputs)
        by_root[groups.find(static_cast<std::size_t>(id))].fixed = Quant{{rule.scale}, {rule.zero_point}, 0};
  }
  std::vector<std::optional<Quant>> result(g.tensors.size());
  for (std::size_t i = 0; i < g.tensors.size(); ++i) {
    if (!quantized[i]) continue;
    const Group& group = by_root[groups.find(i)];
    result[i] = group.fixed ? *group.fixed : activation_quant(group.lo, group.hi);
    check_scale(result[i]->scale[0], g.tensors[i]);
  }
  return result;
}

ChannelIndex::ChannelIndex(const Shape& s, std::int32_t axis) {
  if (axis < 0) {
    inner = static_cast<std::size_t>(num_elements(s));
    return;
  }
  channels = static_cast<std::size_t>(s[static_cast<std::size_t>(axis)]);
  for (std::size_t d = static_cast<std::size_t>(axis) + 1; d < s.size(); ++d) inner *= static_cast<std::size_t>(s[d]);
}

Quant weight_grid(const Tensor& weights, std::int32_t axis, std::int32_t levels) {
  const ChannelIndex channel(weights.shape, axis);
  Quant q;
  if (weights.quant && weights.quant->scale.size() == channel.channels) {
    q = *weights.quant;
  } else {
    const auto w = weights.as<float>();
    q.scale.assign(channel.channels, 0.0f);
    for (std::size_t i = 0; i < w.size(); ++i) q.scale[channel(i)] = std::max(q.scale[channel(i)], std::fabs(w[i]));
    for (float& s : q.scale) s /= static_cast<float>(levels);
    q.zero_point.assign(channel.channels, 0);
  }
  q.axis = std::max(axis, 0);
  return q;
}

std::int32_t weight_level(float w, float scale, std::int32_t levels) noexcept {
  if (!(scale > 0)) return 0;
  const auto most = static_cast<float>(levels);
  return static_cast<std::int32_t>(std::clamp(std::round(w / scale), -most, most));
}

}  // namespace tinyc
