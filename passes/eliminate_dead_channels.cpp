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

#include "channel_classes.h"
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

struct Role : ChannelRole {
  std::vector<float> weights;                // of mixing and depthwise nodes
  std::vector<std::vector<double>> movable;  // mixing: by input channel, its value at each tap; empty: not constant
};

std::vector<Role> roles_of(const Graph& g) {
  std::vector<Role> roles(g.nodes.size());
  for (std::size_t i = 0; i < roles.size(); ++i) {
    const Node& n = g.nodes[i];
    Role& r = roles[i];
    static_cast<ChannelRole&>(r) = channel_role(g, n);
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

// Keeps what kept outputs of `n` need; true when that is new.
bool keep_needed(const Node& n, const Role& r, ChannelClasses& classes) {
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
bool keep_least(const Graph& g, ChannelClasses& classes) {
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

void find_needed(const Graph& g, const std::vector<Role>& roles, ChannelClasses& classes) {
  do {
    for (bool news = true; news;) {
      news = false;
      for (std::size_t i = g.nodes.size(); i-- > 0;)
        if (roles[i].mixing) news |= keep_needed(g.nodes[i], roles[i], classes);
    }
  } while (keep_least(g, classes));
}

// Adds the contributions of removed channels to the bias.
void move_into_bias(Graph& g, Node& n, const Role& r, ChannelClasses& classes) {
  const MixingWeights& m = *r.mixing;
  std::vector<double> sums(m.outputs, 0.0);
  for (std::size_t c = 0; c < m.inputs; ++c) {
    if (r.movable[c].empty() || classes.kept(m.x, c)) continue;
    for (std::size_t o = 0; o < m.outputs; ++o) sums[o] += contribution(r, o, c);
  }
  add_to_bias(g, n, m, sums);
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
  ChannelClasses classes(g);
  for (std::size_t i = 0; i < g.nodes.size(); ++i) classes.add(g, g.nodes[i], roles[i]);
  find_needed(g, roles, classes);

  std::size_t removed = 0, layers = 0;
  for (const Node& n : g.nodes) {
    const std::size_t gone = channel_count(g.at(n.outputs[0])) - classes.kept_channels(g, n.outputs[0]).size();
    removed += gone;
    layers += gone > 0;
  }
  if (removed == 0) return {};
  const std::size_t before = weight_count(g);
  for (std::size_t i = 0; i < g.nodes.size(); ++i) {
    if (roles[i].mixing) move_into_bias(g, g.nodes[i], roles[i], classes);
    slice_constants(g, g.nodes[i], roles[i], classes);
  }
  shrink_activations(g, classes);
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
