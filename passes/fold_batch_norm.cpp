// fold_batch_norm: per-channel scaling and shifting becomes part of the neighbouring weights.
//
//   before:  %c = conv_2d(%x, %w, %b)          after:  %a = conv_2d[act=relu](%x, %w', %b')
//            %m = mul(%c, k)
//            %a = add[act=relu](%m, t)
//
//   after the weights    (w.x + b) * k + t = (w*k).x + (b*k + t)         k, t: one number, or one for each output
//   channel before the weights   w.(x*k + t) + b   = (w*k).x + (b + sum w*t)     k, t: one number, or one for each
//   input channel
//
// Works on conv_2d, depthwise_conv_2d, transpose_conv (outputs only) and fully_connected with constant weights.
// Preconditions: one reader in between and no fused activation there; a shift before the weights needs a layer without
// padding, because padding is not shifted. Float only, equal within rounding.
// Source: Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
// Inference", section 3.2.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "rewrite.h"
#include "tinyc/pass.h"

namespace tinyc {
namespace {

// y = x * scale + shift with a constant for every channel of x's last axis.
struct Affine {
  TensorId x = kNoTensor;
  std::vector<float> scale, shift;
};

// The constant for each of `channels`; empty when it is not a scalar or a vector along the last axis.
std::vector<float> per_channel(const Tensor& k, std::size_t channels) {
  if (!k.is_const() || k.dtype != DType::f32) return {};
  const auto v = k.as<float>();
  if (!std::all_of(v.begin(), v.end(), [](float x) { return std::isfinite(x); })) return {};
  if (v.size() == 1) return std::vector<float>(channels, v[0]);
  if (v.size() != channels || k.shape.empty() || static_cast<std::size_t>(k.shape.back()) != channels) return {};
  return {v.begin(), v.end()};
}

std::optional<Affine> as_affine(const Graph& g, const Node& n) {
  const OpKind op = kind(n.op);
  if (op != OpKind::mul && op != OpKind::add && op != OpKind::sub) return std::nullopt;
  const Shape& out = g.at(n.outputs[0]).shape;
  if (out.empty()) return std::nullopt;
  const auto channels = static_cast<std::size_t>(out.back());
  for (std::size_t constant = 0; constant < 2; ++constant) {
    const TensorId x = n.inputs[1 - constant];
    if (g.at(x).is_const() || g.at(x).shape != out) continue;
    std::vector<float> k = per_channel(g.at(n.inputs[constant]), channels);
    if (k.empty()) continue;
    Affine a{x, std::vector<float>(channels, 1.0f), std::vector<float>(channels, 0.0f)};
    if (op == OpKind::mul) {
      a.scale = std::move(k);
    } else {
      if (op == OpKind::sub && constant == 1) std::transform(k.begin(), k.end(), k.begin(), std::negate<>());
      if (op == OpKind::sub && constant == 0) std::fill(a.scale.begin(), a.scale.end(), -1.0f);
      a.shift = std::move(k);
    }
    return a;
  }
  return std::nullopt;
}

// A node with constant weights, its channels by the position of each weight.
struct Weighted {
  Node* node = nullptr;
  std::size_t weight = 0;
  std::int32_t bias = -1;
  std::size_t outputs = 0, inputs = 0;  // channels of its output's and its input's last axis
  std::size_t in_of(std::size_t i) const { return depthwise ? i % outputs / (outputs / inputs) : i % inputs; }
  std::size_t out_of(std::size_t i) const { return depthwise ? i % outputs : i / (total / outputs); }
  std::size_t total = 0;
  bool depthwise = false;
};

std::optional<Weighted> as_weighted(const Graph& g, Node& n) {
  const OpKind op = kind(n.op);
  const QuantRule& rule = traits(n.op).quant;
  if (op != OpKind::conv_2d && op != OpKind::depthwise_conv_2d && op != OpKind::transpose_conv &&
      op != OpKind::fully_connected)
    return std::nullopt;
  const TensorId weights = input_or_none(n, rule.weight), bias = input_or_none(n, rule.bias);
  if (weights == kNoTensor || !g.at(weights).is_const() || g.at(weights).dtype != DType::f32) return std::nullopt;
  if (bias != kNoTensor && !g.at(bias).is_const()) return std::nullopt;
  const Shape &x = g.at(n.inputs[data_input(n)]).shape, &y = g.at(n.outputs[0]).shape;
  if (x.empty() || y.empty()) return std::nullopt;
  Weighted w{&n, static_cast<std::size_t>(rule.weight), rule.bias, static_cast<std::size_t>(y.back()),
             static_cast<std::size_t>(x.back())};
  w.total = g.at(weights).as<float>().size();
  w.depthwise = op == OpKind::depthwise_conv_2d;
  return w;
}

std::vector<float> bias_of(const Graph& g, const Weighted& w) {
  const TensorId id = input_or_none(*w.node, w.bias);
  if (id == kNoTensor) return std::vector<float>(w.outputs, 0.0f);
  const auto b = g.at(id).as<float>();
  return {b.begin(), b.end()};
}

void replace_weights(Graph& g, const Weighted& w, std::span<const float> weights, std::span<const float> bias) {
  Node& n = *w.node;
  Tensor like = g.at(n.inputs[w.weight]);
  like.quant.reset();  // another scale, another grid
  n.inputs[w.weight] = g.add(constant_like(like, like.shape, weights));
  const auto at = static_cast<std::size_t>(w.bias);
  const TensorId old = input_or_none(n, w.bias);
  if (old == kNoTensor && std::all_of(bias.begin(), bias.end(), [](float b) { return b == 0.0f; })) return;
  if (n.inputs.size() <= at) n.inputs.resize(at + 1, kNoTensor);
  Tensor named = old == kNoTensor ? Tensor{} : g.at(old);
  if (old == kNoTensor) named.name = n.name + "/bias";
  n.inputs[at] = g.add(constant_like(named, {static_cast<std::int32_t>(bias.size())}, bias));
}

// weights, then `n`: the scale and the shift move up.
bool fold_into_producer(Graph& g, std::size_t index) {
  const auto affine = as_affine(g, g.nodes[index]);
  if (!affine) return false;
  const Uses uses(g);
  const std::int32_t up = uses.producer[static_cast<std::size_t>(affine->x)];
  if (up < 0 || !uses.single_use(affine->x)) return false;
  Node& producer = g.nodes[static_cast<std::size_t>(up)];
  const auto w = as_weighted(g, producer);
  if (!w || *fused_activation(producer.op) != Act::none) return false;
  const auto old = g.at(producer.inputs[w->weight]).as<float>();
  std::vector<float> weights(old.begin(), old.end()), bias = bias_of(g, *w);
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] *= affine->scale[w->out_of(i)];
  for (std::size_t c = 0; c < bias.size(); ++c) bias[c] = bias[c] * affine->scale[c] + affine->shift[c];
  replace_weights(g, *w, weights, bias);
  producer.outputs[0] = g.nodes[index].outputs[0];
  *fused_activation(producer.op) = *fused_activation(g.nodes[index].op);
  g.nodes.erase(g.nodes.begin() + static_cast<std::ptrdiff_t>(index));
  return true;
}

bool is_padded(const OpData& op) {
  if (const auto* conv = std::get_if<Conv2D>(&op)) return conv->pad != Pads{};
  if (const auto* depthwise = std::get_if<DepthwiseConv2D>(&op)) return depthwise->pad != Pads{};
  return false;
}

// `n`, then weights: the scale and the shift move down.
bool fold_into_consumer(Graph& g, std::size_t index) {
  Node& n = g.nodes[index];
  const auto affine = as_affine(g, n);
  if (!affine || *fused_activation(n.op) != Act::none) return false;
  const Uses uses(g);
  const TensorId between = n.outputs[0];
  if (!uses.single_use(between)) return false;
  Node& consumer = g.nodes[static_cast<std::size_t>(uses.consumers[static_cast<std::size_t>(between)][0])];
  const auto w = as_weighted(g, consumer);
  if (!w || kind(consumer.op) == OpKind::transpose_conv || consumer.inputs[data_input(consumer)] != between)
    return false;
  const auto old = g.at(consumer.inputs[w->weight]).as<float>();
  // a grouped convolution numbers its input channels by group, and a fully connected layer may regroup its input
  const auto per_output = w->depthwise ? w->total / w->outputs : w->total / w->outputs / w->inputs;
  if (!w->depthwise && per_output * w->outputs * w->inputs != w->total) return false;
  const bool shifts = std::any_of(affine->shift.begin(), affine->shift.end(), [](float t) { return t != 0.0f; });
  if (shifts && is_padded(consumer.op)) return false;
  std::vector<float> weights(old.begin(), old.end());
  const std::vector<float> bias = bias_of(g, *w);
  std::vector<double> shifted(bias.begin(), bias.end());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    shifted[w->out_of(i)] += static_cast<double>(weights[i]) * static_cast<double>(affine->shift[w->in_of(i)]);
    weights[i] *= affine->scale[w->in_of(i)];
  }
  replace_weights(g, *w, weights, std::vector<float>(shifted.begin(), shifted.end()));
  consumer.inputs[data_input(consumer)] = affine->x;
  g.nodes.erase(g.nodes.begin() + static_cast<std::ptrdiff_t>(index));
  return true;
}

PassResult run(Graph& g, const PassOptions&) {
  std::size_t folded = 0;
  for (std::size_t i = 0; i < g.nodes.size();) fold_into_producer(g, i) ? ++folded : ++i;
  // from the end: the last of a chain goes first
  for (std::size_t i = g.nodes.size(); i-- > 0;) folded += fold_into_consumer(g, i);
  if (folded == 0) return {};
  remove_unused(g);
  return {true, {std::to_string(folded) + " scalings and shifts folded into weights"}};
}

}  // namespace

extern const Pass pass_fold_batch_norm;
const Pass pass_fold_batch_norm{"fold_batch_norm",
                                "per-channel scaling and shifting becomes part of weights and biases",
                                Stage::Float,
                                Stage::Float,
                                false,
                                true,
                                run};

}  // namespace tinyc
