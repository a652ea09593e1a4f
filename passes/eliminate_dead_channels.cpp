// eliminate_dead_channels: removes channels that carry nothing, without changing any output.
//
//   before:  %a = conv_2d(%x, %w1[64,1,1,32], %b1)          half of the rows of %w1 are zero
//            %d = depthwise_conv_2d(%a, %w2[1,3,3,64], %b2)
//            %y = conv_2d(%d, %w3[128,1,1,64], %b3)
//   after:   %a = conv_2d(%x, [32,1,1,32]), %d = depthwise_conv_2d(%a, [1,3,3,32]), %y = conv_2d(%d, [128,1,1,32],
//   %b3')
//
//   b3'[o] = b3[o] + sum over removed channels c of w3[o,c] * k[c],  k[c] the value that c always had (minus zero
//   point)
//
// 1. Knowledge, forwards: an output channel is known when all that its weights do not multiply by zero is known. The
//    values of known channels come from running the node once on zeros: the same arithmetic as at run time, so exact.
// 2. Ties: channels that can only go together (through additions, depthwise layers, concatenations, flattening) form a
//    class. Channels of graph inputs and outputs, and of operators that mix or move channels, are pinned.
// 3. Need, backwards: a class stays when it is pinned or when a kept output channel of a convolution or fully connected
//    layer multiplies one of its channels by a weight that is not zero, unless that product can move into the bias.
// 4. Everything else is cut out of shapes, weights, biases and scales.
//
// A product moves into the bias only where it is the same at every position: the channel is real 0, or one constant and
// no window reaches over the border (padding is 0, not that constant), or the reader is a fully connected layer. Float
// biases are summed in double; int32 biases are exact, and a layer whose bias could leave 32 bits is left alone.
// Preconditions: float weights count as zero below 1e-20, absolutely and against the layer's largest: 43 bits under a
// float's last bit, so not even a sum of a million such products shows in a result. Int8 weights: exactly zero.
// At least one channel of each tensor stays.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "channels.h"
#include "rewrite.h"
#include "tinyc/pass.h"

namespace tinyc {
namespace {

constexpr float kNegligible = 1e-20f;

// Real weights up to the scale: int8 ones without their zero point, negligible float ones as 0.
std::vector<float> effective_weights(const Tensor& t) {
  std::vector<float> w(static_cast<std::size_t>(num_elements(t.shape)));
  if (t.dtype == DType::i8) {
    const auto q = t.as<std::int8_t>();
    const std::int32_t zero_point = t.quant && !t.quant->per_channel() ? t.quant->zero_point[0] : 0;
    std::transform(q.begin(), q.end(), w.begin(), [&](std::int8_t v) { return static_cast<float>(v - zero_point); });
    return w;
  }
  const auto v = t.as<float>();
  float largest = 0;
  for (const float x : v) largest = std::max(largest, std::fabs(x));
  const float limit = kNegligible * std::min(1.0f, largest);
  std::transform(v.begin(), v.end(), w.begin(), [&](float x) { return std::fabs(x) <= limit ? 0.0f : x; });
  return w;
}

// What a node is for this pass: it mixes channels by weights, or links them one by one, or pins all of them.
struct Role {
  std::optional<MixingWeights> mixing;
  std::optional<std::vector<ChannelLink>> links;
  std::vector<float> weights;                // of mixing and depthwise nodes
  std::vector<std::vector<double>> movable;  // mixing: by input channel, its value at each tap; empty: not constant
};

std::vector<Role> roles_of(const Graph& g) {
  std::vector<Role> roles(g.nodes.size());
  for (std::size_t i = 0; i < roles.size(); ++i) {
    const Node& n = g.nodes[i];
    Role& r = roles[i];
    r.mixing = mixing_weights(g, n);
    if (!r.mixing) r.links = channel_links(g, n);
    if (r.mixing || (r.links && kind(n.op) == OpKind::depthwise_conv_2d))
      r.weights = effective_weights(g.at(n.inputs[1]));
  }
  return roles;
}

// Channels whose values do not depend on the graph's inputs.
struct Knowledge {
  std::vector<std::vector<std::uint8_t>> known;  // by tensor and channel
  std::vector<SharedBytes> values;               // by tensor; right in the known channels
};

std::vector<std::uint8_t> known_outputs(const Node& n, const Role& r, const Knowledge& k, std::size_t channels) {
  const auto input_known = [&](std::size_t input, std::size_t c) {
    return k.known[static_cast<std::size_t>(n.inputs[input])][c] != 0;
  };
  std::vector<std::uint8_t> out(channels, r.mixing || r.links ? 1 : 0);
  if (r.mixing) {
    const float* w = r.weights.data();
    for (std::size_t o = 0; o < channels; ++o)
      for (std::size_t t = 0; t < r.mixing->taps; ++t, w += r.mixing->inputs)
        for (std::size_t c = 0; c < r.mixing->inputs && out[o]; ++c) out[o] = w[c] == 0.0f || input_known(0, c);
  } else if (r.links) {
    for (const ChannelLink& l : *r.links) {
      bool independent = !r.weights.empty();
      for (std::size_t i = l.out; i < r.weights.size(); i += channels)
        independent = independent && r.weights[i] == 0.0f;
      if (!independent && !input_known(l.input, l.in)) out[l.out] = 0;
    }
  }
  return out;
}

Knowledge learn(const Graph& g, const std::vector<Role>& roles) {
  Knowledge k;
  for (const Tensor& t : g.tensors) k.known.emplace_back(channel_count(t), std::uint8_t{0});
  k.values.resize(g.tensors.size());
  for (std::size_t i = 0; i < g.nodes.size(); ++i) {
    const Node& n = g.nodes[i];
    if (std::all_of(n.inputs.begin(), n.inputs.end(),
                    [&](TensorId id) { return id == kNoTensor || g.at(id).is_const(); }))
      continue;
    const auto out = static_cast<std::size_t>(n.outputs[0]);
    auto known = known_outputs(n, roles[i], k, channel_count(g.tensors[out]));
    if (std::none_of(known.begin(), known.end(), [](std::uint8_t x) { return x != 0; })) continue;
    std::vector<SharedBytes> inputs;
    for (const auto id : n.inputs) {
      const bool activation = id != kNoTensor && !g.at(id).is_const();
      const SharedBytes learnt = activation ? k.values[static_cast<std::size_t>(id)] : nullptr;
      inputs.push_back(activation && !learnt ? zeros(g.at(id)) : learnt);
    }
    auto values = evaluate(g, n, inputs);
    if (!values) continue;
    k.known[out] = std::move(known);
    k.values[out] = std::move((*values)[0]);
  }
  return k;
}

// The real value (float) or distance from the zero point (int8) of one element.
double element(const Tensor& t, const Bytes& values, std::size_t i) {
  if (t.dtype == DType::i8) return static_cast<std::int8_t>(values[i]) - t.quant->zero_point[0];
  return static_cast<double>(reinterpret_cast<const float*>(values.data())[i]);
}

// For each input channel that can move into the bias, its value at each tap.
std::vector<std::vector<double>> movable_channels(const Graph& g, const MixingWeights& m, const Knowledge& k) {
  std::vector<std::vector<double>> movable(m.inputs);
  const auto id = static_cast<std::size_t>(m.x);
  if (!k.values[id]) return movable;
  const Tensor& x = g.at(m.x);
  const auto total = static_cast<std::size_t>(num_elements(x.shape));
  const std::size_t period = m.dense ? m.taps * m.inputs : m.inputs;  // elements after which values must repeat
  for (std::size_t c = 0; c < m.inputs; ++c) {
    if (!k.known[id][c]) continue;
    bool constant = true;
    for (std::size_t i = c; i < total && constant; i += m.inputs) {
      const double v = element(x, *k.values[id], i);
      constant = std::isfinite(v) && v == element(x, *k.values[id], i % period);
    }
    if (!constant || (m.pads && element(x, *k.values[id], c) != 0)) continue;
    for (std::size_t t = 0; t < m.taps; ++t)
      movable[c].push_back(element(x, *k.values[id], m.dense ? t * m.inputs + c : c));
  }
  return movable;
}

// What channel c always adds to output o.
double contribution(const Role& r, std::size_t o, std::size_t c) {
  const MixingWeights& m = *r.mixing;
  double sum = 0;
  for (std::size_t t = 0; t < m.taps; ++t)
    sum += static_cast<double>(r.weights[(o * m.taps + t) * m.inputs + c]) * r.movable[c][t];
  return sum;
}

bool biases_fit(const Graph& g, const Role& r) {
  const MixingWeights& m = *r.mixing;
  if (g.stage == Stage::Float) return true;
  for (std::size_t o = 0; o < m.outputs; ++o) {
    double largest = m.bias == kNoTensor ? 0.0 : std::fabs(static_cast<double>(g.at(m.bias).as<std::int32_t>()[o]));
    for (std::size_t c = 0; c < m.inputs; ++c)
      if (!r.movable[c].empty()) largest += std::fabs(contribution(r, o, c));
    if (largest > static_cast<double>(std::numeric_limits<std::int32_t>::max())) return false;
  }
  return true;
}

// Channels of all tensors in classes that stay or go together.
class Classes {
 public:
  explicit Classes(const Graph& g) {
    for (const Tensor& t : g.tensors) {
      first_.push_back(parent_.size());
      for (std::size_t c = 0; c < channel_count(t); ++c) parent_.push_back(parent_.size());
    }
    kept_.assign(parent_.size(), 0);
  }
  void tie(TensorId a, std::size_t ca, TensorId b, std::size_t cb) { parent_[find(index(a, ca))] = find(index(b, cb)); }
  bool kept(TensorId t, std::size_t c) { return kept_[find(index(t, c))] != 0; }
  void keep(TensorId t, std::size_t c) { kept_[find(index(t, c))] = 1; }
  void keep_all(const Graph& g, TensorId t) {
    for (std::size_t c = 0; c < channel_count(g.at(t)); ++c) keep(t, c);
  }
  std::vector<std::int32_t> kept_channels(const Graph& g, TensorId t) {
    std::vector<std::int32_t> list;
    for (std::size_t c = 0; c < channel_count(g.at(t)); ++c)
      if (kept(t, c)) list.push_back(static_cast<std::int32_t>(c));
    return list;
  }

 private:
  std::size_t index(TensorId t, std::size_t c) const { return first_[static_cast<std::size_t>(t)] + c; }
  std::size_t find(std::size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  std::vector<std::size_t> first_, parent_;
  std::vector<std::uint8_t> kept_;
};

void tie_and_pin(const Graph& g, const std::vector<Role>& roles, Classes& classes) {
  for (std::size_t i = 0; i < g.nodes.size(); ++i) {
    const Node& n = g.nodes[i];
    if (!roles[i].links) continue;
    for (const ChannelLink& l : *roles[i].links) classes.tie(n.inputs[l.input], l.in, n.outputs[0], l.out);
  }
  for (std::size_t i = 0; i < g.nodes.size(); ++i) {
    if (roles[i].mixing || roles[i].links) continue;
    for (const auto id : g.nodes[i].inputs)
      if (id != kNoTensor) classes.keep_all(g, id);
    for (const auto id : g.nodes[i].outputs) classes.keep_all(g, id);
  }
  for (const auto id : g.inputs) classes.keep_all(g, id);
  for (const auto id : g.outputs) classes.keep_all(g, id);
}

// Keeps what kept outputs of `n` need; true when that is new.
bool keep_needed(const Node& n, const Role& r, Classes& classes) {
  const MixingWeights& m = *r.mixing;
  bool news = false;
  for (std::size_t c = 0; c < m.inputs; ++c) {
    if (!r.movable[c].empty() || classes.kept(m.x, c)) continue;
    const auto multiplied = [&](std::size_t o) {
      for (std::size_t t = 0; t < m.taps; ++t)
        if (r.weights[(o * m.taps + t) * m.inputs + c] != 0.0f) return true;
      return false;
    };
    for (std::size_t o = 0; o < m.outputs; ++o) {
      if (!multiplied(o) || !classes.kept(n.outputs[0], o)) continue;
      classes.keep(m.x, c);
      news = true;
      break;
    }
  }
  return news;
}

// A tensor keeps one channel, and two where a single one would turn per-channel scales into the differently rounded
// per-tensor arithmetic. True when that is new.
bool keep_least(const Graph& g, Classes& classes) {
  bool news = false;
  for (const Node& n : g.nodes) {
    const TensorId out = n.outputs[0], weights = input_or_none(n, traits(n.op).quant.weight);
    const bool per_channel = weights != kNoTensor && g.at(weights).quant && g.at(weights).quant->per_channel();
    const std::size_t least = per_channel ? 2 : 1;
    std::size_t kept = classes.kept_channels(g, out).size();
    for (std::size_t c = 0; kept < least && c < channel_count(g.at(out)); ++c) {
      if (classes.kept(out, c)) continue;
      classes.keep(out, c);
      news = true;
      kept = classes.kept_channels(g, out).size();
    }
  }
  return news;
}

void find_needed(const Graph& g, const std::vector<Role>& roles, Classes& classes) {
  do {
    for (bool news = true; news;) {
      news = false;
      for (std::size_t i = g.nodes.size(); i-- > 0;)
        if (roles[i].mixing) news |= keep_needed(g.nodes[i], roles[i], classes);
    }
  } while (keep_least(g, classes));
}

// The bias with the contributions of removed channels; absent while there is nothing to add to nothing.
void move_into_bias(Graph& g, Node& n, const Role& r, Classes& classes) {
  const MixingWeights& m = *r.mixing;
  const bool integer = g.stage != Stage::Float;
  std::vector<double> bias(m.outputs, 0.0);
  if (m.bias != kNoTensor)
    for (std::size_t o = 0; o < m.outputs; ++o)
      bias[o] = integer ? static_cast<double>(g.at(m.bias).as<std::int32_t>()[o])
                        : static_cast<double>(g.at(m.bias).as<float>()[o]);
  bool adds = false;
  for (std::size_t c = 0; c < m.inputs; ++c) {
    if (r.movable[c].empty() || classes.kept(m.x, c)) continue;
    for (std::size_t o = 0; o < m.outputs; ++o) {
      const double sum = contribution(r, o, c);
      adds |= sum != 0;
      bias[o] += sum;
    }
  }
  if (!adds) return;
  Tensor like;
  if (m.bias != kNoTensor) {
    like = g.at(m.bias);
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

// Cuts weights and biases of node `n` down to the kept channels. Tensors still have their old shapes.
void slice_constants(Graph& g, Node& n, const Role& r, Classes& classes) {
  const auto outputs = classes.kept_channels(g, n.outputs[0]);
  const std::size_t channels = channel_count(g.at(n.outputs[0]));
  if (r.mixing) {
    const MixingWeights& m = *r.mixing;
    const auto inputs = classes.kept_channels(g, m.x);
    if (inputs.size() == m.inputs && outputs.size() == m.outputs) return;
    move_into_bias(g, n, r, classes);
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

std::size_t weight_count(const Graph& g) {
  std::size_t count = 0;
  for (const Node& n : g.nodes) {
    const TensorId w = input_or_none(n, traits(n.op).quant.weight);
    if (w != kNoTensor && g.at(w).is_const()) count += static_cast<std::size_t>(num_elements(g.at(w).shape));
  }
  return count;
}

PassResult run(Graph& g, const PassOptions&) {
  std::vector<Role> roles = roles_of(g);
  const Knowledge knowledge = learn(g, roles);
  for (Role& r : roles) {
    if (!r.mixing) continue;
    r.movable = movable_channels(g, *r.mixing, knowledge);
    if (!biases_fit(g, r)) r.movable.assign(r.mixing->inputs, {});
  }
  Classes classes(g);
  tie_and_pin(g, roles, classes);
  find_needed(g, roles, classes);

  std::size_t removed = 0, layers = 0;
  for (const Node& n : g.nodes) {
    const std::size_t gone = channel_count(g.at(n.outputs[0])) - classes.kept_channels(g, n.outputs[0]).size();
    removed += gone;
    layers += gone > 0;
  }
  if (removed == 0) return {};
  const std::size_t before = weight_count(g);
  for (std::size_t i = 0; i < g.nodes.size(); ++i) slice_constants(g, g.nodes[i], roles[i], classes);
  for (Node& n : g.nodes) {
    Shape shape = g.at(n.outputs[0]).shape;
    if (shape.empty()) continue;
    shape.back() = static_cast<std::int32_t>(classes.kept_channels(g, n.outputs[0]).size());
    if (auto* reshape = std::get_if<Reshape>(&n.op); reshape && g.at(n.outputs[0]).shape != shape)
      reshape->shape = shape;
    g.at(n.outputs[0]).shape = std::move(shape);
  }
  remove_unused(g);
  return {true,
          {std::to_string(removed) + " dead channels removed from " + std::to_string(layers) + " layers, " +
           std::to_string(before) + " -> " + std::to_string(weight_count(g)) + " weights"}};
}

}  // namespace

extern const Pass pass_eliminate_dead_channels;
const Pass pass_eliminate_dead_channels{"eliminate_dead_channels",
                                        "remove channels that are zero, constant or unused",
                                        Stage::Float,
                                        Stage::Float,
                                        true,
                                        true,
                                        run};

}  // namespace tinyc
