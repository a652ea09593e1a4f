// quantize_int8: float graph with ranges -> int8 graph (TFLite int8 specification).
//
//   before:  %y = conv_2d(%x, %w f32, %b f32) : f32[...] range(lo,hi)
//   after:   %y = conv_2d(%x, %w i8 quant(s_w[c]:0), %b i32 quant(s_x*s_w[c]:0)) : i8[...] quant(s_y:z_y)
//
// Activations: range widened to include 0, scale = (max - min) / 255, zero point = round(-128 - min / scale).
// Weights: symmetric, 2^bits - 1 levels (255 unless `weight_bits` says less), one scale for each index of the
// operator's weight axis: the one that an earlier pass has left in `quant`, else the largest magnitude at the outermost
// level. Biases: int32 at s_x * s_w[c]; where |bias| would not fit 30 bits the channel's weight scale grows. Numbers
// that count (positions of arg_max, indices of gather) become int32 and have no scale. Operators whose output shares
// the input's quantization (pools, concatenation, ...) form groups with one range; an operator with a fixed output
// (softmax) feeding such a group gets a requantizing `quantize` node. Average pooling of whole pictures leaves its
// group as `mean`, which is the same but for scales of its own: averages spread far less than what they are taken of,
// so at the input's scale most of the 256 steps would be empty. Source: Jacob et al. 2018, "Quantization and Training
// of Neural Networks for Efficient Integer-Arithmetic-Only Inference", section 2; the fixed outputs are TFLite's.
#include <algorithm>
#include <cmath>
#include <limits>

#include "tinyc/error.h"
#include "tinyc/executor.h"
#include "tinyc/pass.h"
#include "tinyc/quantize.h"

namespace tinyc {
namespace {

// Scales of values near the end of float's range are infinite.
void check_scale(float scale, const Tensor& t) {
  if (!std::isfinite(scale))
    throw Error(ErrorCode::not_quantizable, "the values of '" + printable(t.name) + "' are too large to be quantized");
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

// Replaces the float weights and bias of one node by quantized tensors of its own: another node that shares them may
// have another input scale. Equal payloads are stored once when the program is built.
void quantize_weights(Graph& g, Node& n, std::int32_t levels) {
  const QuantRule rule = traits(n.op).quant;
  const auto at = static_cast<std::size_t>(rule.weight);
  if (rule.weight < 0 || at >= n.inputs.size() || !g.at(n.inputs[at]).is_const()) return;
  const Tensor weights = g.at(n.inputs[at]);
  const auto w = weights.as<float>();
  const ChannelIndex channel(weights.shape, rule.weight_axis);
  const float s_in = g.at(n.inputs[at == 0 ? 1 : 0]).quant->scale[0];

  const bool has_bias = rule.bias >= 0 && static_cast<std::size_t>(rule.bias) < n.inputs.size() &&
                        n.inputs[static_cast<std::size_t>(rule.bias)] != kNoTensor;
  const Tensor bias = has_bias ? g.at(n.inputs[static_cast<std::size_t>(rule.bias)]) : Tensor{};
  const std::span<const float> b = has_bias ? bias.as<float>() : std::span<const float>{};

  Quant q = weight_grid(weights, rule.weight_axis, levels);
  for (std::size_t c = 0; c < channel.channels; ++c) {
    float largest_bias = 0;
    if (channel.channels == 1) {
      for (const float v : b) largest_bias = std::max(largest_bias, std::fabs(v));
    } else if (c < b.size()) {
      largest_bias = std::fabs(b[c]);
    }
    const float scale = std::max(q.scale[c], largest_bias / s_in / 0x1p30f);
    check_scale(scale, weights);
    q.scale[c] = scale >= std::numeric_limits<float>::min() ? scale : 1.0f;
  }
  Bytes bytes(w.size());
  for (std::size_t i = 0; i < w.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(weight_level(w[i], q.scale[channel(i)], levels));
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

PassResult run(Graph& g, const PassOptions& o) {
  prepare_activations(g);
  const auto index = index_tensors(g);
  const auto quants = activation_quants(g);
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
    quantize_weights(g, n, largest_level(o.weight_bits));
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
