// quantize_int8: float graph with ranges -> int8 graph (TFLite int8 specification).
//
//   before:  %y = conv_2d(%x, %w f32, %b f32) : f32[...] range(lo,hi)
//   after:   %y = conv_2d(%x, %w i8 quant(s_w[c]:0), %b i32 quant(s_x*s_w[c]:0)) : i8[...] quant(s_y:z_y)
//
// Activations: range widened to include 0, scale = (max - min) / 255, zero point = round(-128 - min / scale).
// Weights: symmetric, [-127, 127], one scale for each index of the operator's weight axis.
// Biases: int32 at s_x * s_w[c]; where |bias| would not fit 30 bits the channel's weight scale grows.
// Numbers that count (positions of arg_max, indices of gather) become int32 and have no scale.
// Operators whose output shares the input's quantization (pools, concatenation, ...) form groups with one range; an
// operator with a fixed output (softmax) feeding such a group gets a requantizing `quantize` node. Average pooling of
// whole pictures leaves its group as `mean`, which is the same but for scales of its own: averages spread far less than
// what they are taken of, so at the input's scale most of the 256 steps would be empty.
// Source: Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
// Inference", section 2; the fixed outputs are TFLite's.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tinyc/error.h"
#include "tinyc/executor.h"
#include "tinyc/pass.h"

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
      throw Error(ErrorKind::unsupported, std::string(name_of(kind(n.op))) + " '" + printable(n.name) + "' " + why,
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
    throw Error(ErrorKind::unsupported, "the values of '" + printable(t.name) + "' are too large to be quantized");
}

Range range_of_constant(const Tensor& t) {
  const auto v = t.as<float>();
  const auto [lo, hi] = std::minmax_element(v.begin(), v.end());
  return {*lo, *hi};
}

// The common quantization of every group, from the union of its members' ranges.
std::vector<std::optional<Quant>> choose_activation_quants(const Graph& g, const std::vector<std::uint8_t>& index) {
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
      throw Error(ErrorKind::data, "activation '" + printable(t.name) + "' has no calibrated range",
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

Tensor quantized_constant(const Tensor& t, const Quant& q) {
  const auto v = t.as<float>();
  Bytes bytes(v.size());
  for (std::size_t i = 0; i < v.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(quantize_value(v[i], q.scale[0], q.zero_point[0]));
  Tensor out = make_const(t.name, DType::i8, t.shape, std::move(bytes));
  out.quant = q;
  return out;
}

// Index of each weight's channel: (flat / inner) % channels.
struct ChannelIndex {
  std::size_t channels = 1, inner = 1;
  ChannelIndex(const Shape& s, std::int32_t axis) {
    if (axis < 0) {
      inner = static_cast<std::size_t>(num_elements(s));
      return;
    }
    channels = static_cast<std::size_t>(s[static_cast<std::size_t>(axis)]);
    for (std::size_t d = static_cast<std::size_t>(axis) + 1; d < s.size(); ++d) inner *= static_cast<std::size_t>(s[d]);
  }
  std::size_t operator()(std::size_t flat) const { return flat / inner % channels; }
};

// Replaces the float weights and bias of one node by quantized tensors of its own: another node that shares them may
// have another input scale. Equal payloads are stored once when the program is built.
void quantize_weights(Graph& g, Node& n) {
  const QuantRule rule = traits(n.op).quant;
  const auto at = static_cast<std::size_t>(rule.weight);
  if (rule.weight < 0 || at >= n.inputs.size() || !g.at(n.inputs[at]).is_const()) return;
  const Tensor weights = g.at(n.inputs[at]);
  const auto w = weights.as<float>();
  const ChannelIndex channel(weights.shape, rule.weight_axis);
  const float s_in = g.at(n.inputs[at == 0 ? 1 : 0]).quant->scale[0];

  std::vector<float> largest(channel.channels, 0.0f);
  for (std::size_t i = 0; i < w.size(); ++i) largest[channel(i)] = std::max(largest[channel(i)], std::fabs(w[i]));
  const bool has_bias = rule.bias >= 0 && static_cast<std::size_t>(rule.bias) < n.inputs.size() &&
                        n.inputs[static_cast<std::size_t>(rule.bias)] != kNoTensor;
  const Tensor bias = has_bias ? g.at(n.inputs[static_cast<std::size_t>(rule.bias)]) : Tensor{};
  const std::span<const float> b = has_bias ? bias.as<float>() : std::span<const float>{};

  Quant q;
  q.axis = std::max(rule.weight_axis, 0);
  for (std::size_t c = 0; c < channel.channels; ++c) {
    float scale = largest[c] / 127.0f;
    float largest_bias = 0;
    if (channel.channels == 1) {
      for (const float v : b) largest_bias = std::max(largest_bias, std::fabs(v));
    } else if (c < b.size()) {
      largest_bias = std::fabs(b[c]);
    }
    scale = std::max(scale, largest_bias / s_in / 0x1p30f);
    check_scale(scale, weights);
    q.scale.push_back(scale >= std::numeric_limits<float>::min() ? scale : 1.0f);
    q.zero_point.push_back(0);
  }
  Bytes bytes(w.size());
  for (std::size_t i = 0; i < w.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(
        static_cast<std::int8_t>(std::clamp(std::round(w[i] / q.scale[channel(i)]), -127.0f, 127.0f)));
  Tensor packed = make_const(weights.name, DType::i8, weights.shape, std::move(bytes));
  packed.quant = q;
  n.inputs[at] = g.add(std::move(packed));

  if (!has_bias) return;
  Quant bias_quant;
  Bytes bias_bytes(b.size() * 4);
  for (std::size_t i = 0; i < b.size(); ++i) {
    const float s_w = q.scale[channel.channels == 1 ? 0 : i];
    const double value = std::round(static_cast<double>(b[i]) / (static_cast<double>(s_in) * static_cast<double>(s_w)));
    const auto fixed = static_cast<std::int32_t>(std::clamp(value, -2147483647.0, 2147483647.0));
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&fixed), 4,
                bias_bytes.begin() + static_cast<std::ptrdiff_t>(4 * i));
  }
  for (const float s_w : q.scale) {
    bias_quant.scale.push_back(s_in * s_w);
    check_scale(bias_quant.scale.back(), bias);
    bias_quant.zero_point.push_back(0);
  }
  Tensor packed_bias = make_const(bias.name, DType::i32, bias.shape, std::move(bias_bytes));
  packed_bias.quant = std::move(bias_quant);
  n.inputs[static_cast<std::size_t>(rule.bias)] = g.add(std::move(packed_bias));
}

PassResult run(Graph& g, const PassOptions&) {
  free_global_pools(g);
  separate_fixed_outputs(g);
  const auto index = index_tensors(g);
  check_indices(g, index);
  const auto quants = choose_activation_quants(g, index);
  for (std::size_t i = 0; i < quants.size(); ++i) {
    if (!quants[i]) continue;
    Tensor& t = g.tensors[i];
    if (t.is_const()) continue;
    t.dtype = DType::i8;
    t.quant = quants[i];
  }
  for (std::size_t i = 0; i < index.size(); ++i) {
    if (!index[i]) continue;
    g.tensors[i].dtype = DType::i32;
    g.tensors[i].quant = Quant{{1.0f}, {0}, 0};
  }
  for (Node& n : g.nodes) {
    quantize_weights(g, n);
    for (std::size_t i = 0; i < n.inputs.size(); ++i) {
      const auto id = n.inputs[i];
      if (id == kNoTensor || !g.at(id).is_const() || g.at(id).dtype != DType::f32) continue;
      n.inputs[i] = g.add(quantized_constant(g.at(id), *quants[static_cast<std::size_t>(id)]));
    }
  }
  g.stage = Stage::Quantized;
  remove_unused(g);
  return {true, {}};
}

}  // namespace

extern const Pass pass_quantize_int8;
const Pass pass_quantize_int8{"quantize_int8",
                              "int8 weights (per channel), activations and int32 biases",
                              Stage::Float,
                              Stage::Quantized,
                              false,
                              false,
                              run};

}  // namespace tinyc
