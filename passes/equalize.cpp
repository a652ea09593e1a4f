// equalize: gives the channels of activations between layers with weights like ranges (cross-layer equalization).
//
//   before:  %h = conv_2d(%x, %w1, %b1) {act=relu}            %y = conv_2d(%h, %w2, %b2)
//   after:   %h' = conv_2d(%x, %w1 / s, %b1 / s) {act=relu}   %y = conv_2d(%h', %w2 * s, %b2)
//
// s[c] > 0 is divided out of output channel c of every producer and multiplied into input channel c of every consumer;
// what lies between (relu, pools, add, ...) is positively homogeneous, f(x / s) = f(x) / s, so the model's outputs
// stay. An int8 activation has one scale, which its widest channel sets: like ranges leave more steps to the narrow
// ones. In the consumer the inputs' weights share one scale a filter, so there the ranges of weights count too:
//   s[c] = r[c]^a / w[c]^(1-a),   r = largest |activation|, w = largest |weight| of the channel, each relative to its
//   own tensor's largest; a = `equalize_exponent`, and 1 where only depthwise layers read (each of their channels has a
//   scale of its own).
//
// Preconditions: producers and consumers conv, depthwise or fully connected with constant weights, no clamp but relu,
// no graph input or output between. Residual additions and flattening join their tensors into one group. Needs samples.
// Source: Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization and Bias Correction", section 4.1;
// ranges of activations instead of weights as in Xiao et al. 2022, "SmoothQuant", equation 4.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "channels.h"
#include "layer_rounding.h"
#include "rewrite.h"
#include "tinyc/curvature.h"
#include "tinyc/executor.h"
#include "tinyc/parallel.h"
#include "tinyc/pass.h"

namespace tinyc {
namespace {

constexpr float kAlike = 1e-3f;         // scales so near to 1 are not worth a change
constexpr float kLargestScale = 64.0f;  // of one channel over the mean: beyond, weights lose more than activations gain

/// Activations that are scaled together, by channel = last index modulo `channels`.
struct Group {
  std::vector<std::size_t> producers, consumers;  ///< nodes
  std::vector<TensorId> tensors;
  std::size_t channels = 0;
  bool pinned = false;
};

bool leaves_channels(const Ints& axes, std::size_t rank) {
  return std::ranges::none_of(axes,
                              [&](std::int32_t a) { return a == -1 || a == static_cast<std::int32_t>(rank) - 1; });
}

bool clamps_nothing_but_below_zero(const Node& n) {
  Node copy = n;
  const Act* act = fused_activation(copy.op);
  return !act || *act == Act::none || *act == Act::relu;
}

/// f(x / s) = f(x) / s for every s > 0 that is the same along all axes but the last.
bool is_homogeneous(const Graph& g, const Node& n) {
  if (!clamps_nothing_but_below_zero(n)) return false;
  const Tensor& x = g.at(n.inputs[0]);
  const std::size_t rank = x.shape.size();
  switch (kind(n.op)) {
    case OpKind::relu:
    case OpKind::leaky_relu:
    case OpKind::average_pool_2d:
    case OpKind::max_pool_2d:
    case OpKind::resize_bilinear:
    case OpKind::resize_nearest_neighbor: return true;
    case OpKind::prelu: return g.at(n.inputs[1]).is_const();
    case OpKind::add: return !g.at(n.inputs[1]).is_const() && !x.is_const() && x.shape == g.at(n.inputs[1]).shape;
    case OpKind::mean: return leaves_channels(std::get<Mean>(n.op).axes, rank);
    case OpKind::sum: return leaves_channels(std::get<Sum>(n.op).axes, rank);
    case OpKind::reshape: return channel_count(g.at(n.outputs[0])) % channel_count(x) == 0;
    case OpKind::pad: {
      const auto& pad = std::get<Pad>(n.op);
      return n.inputs.size() == 1 && pad.value == 0 && pad.before.back() == 0 && pad.after.back() == 0;
    }
    default: return false;
  }
}

std::vector<Group> find_groups(const Graph& g) {
  std::vector<std::size_t> root(g.tensors.size());
  std::iota(root.begin(), root.end(), std::size_t{0});
  const auto find = [&](TensorId id) {
    auto i = static_cast<std::size_t>(id);
    while (root[i] != i) i = root[i];
    return i;
  };
  for (const Node& n : g.nodes) {
    if (!is_homogeneous(g, n)) continue;
    for (const auto id : n.inputs)
      if (id != kNoTensor && !g.at(id).is_const()) root[find(id)] = find(n.outputs[0]);
  }
  std::vector<Group> by_root(g.tensors.size());
  const auto group = [&](TensorId id) -> Group& { return by_root[find(id)]; };
  for (const auto id : g.inputs) group(id).pinned = true;
  for (const auto id : g.outputs) group(id).pinned = true;
  for (std::size_t i = 0; i < g.nodes.size(); ++i) {
    const Node& n = g.nodes[i];
    for (const auto id : n.outputs) group(id).tensors.push_back(id);
    if (is_homogeneous(g, n)) continue;
    if (const auto filters = filters_of(g, n); filters && clamps_nothing_but_below_zero(n)) {
      Group& out = group(n.outputs[0]);
      out.pinned |= out.channels != 0 && out.channels != filters->channels;
      out.channels = filters->channels;
      out.producers.push_back(i);
      group(n.inputs[0]).consumers.push_back(i);
      continue;
    }
    const bool reads_only = filters_of(g, n).has_value();  // a clamp behind the products does not bind the input
    for (const auto id : n.outputs) group(id).pinned = true;
    for (const auto id : n.inputs) {
      if (id == kNoTensor || g.at(id).is_const()) continue;
      if (reads_only)
        group(id).consumers.push_back(i);
      else
        group(id).pinned = true;
    }
  }
  std::vector<Group> found;
  for (Group& candidate : by_root) {
    if (candidate.pinned || candidate.producers.empty() || candidate.consumers.empty()) continue;
    const std::size_t c = candidate.channels;
    bool fits = c > 1;
    for (const auto id : candidate.tensors) fits &= channel_count(g.at(id)) % c == 0;
    for (const auto i : candidate.consumers) {
      const Node& n = g.nodes[i];
      fits &= kind(n.op) == OpKind::fully_connected ? g.at(n.inputs[1]).shape[1] % static_cast<std::int32_t>(c) == 0
                                                    : channel_count(g.at(n.inputs[0])) == c;
    }
    if (fits) found.push_back(std::move(candidate));
  }
  return found;
}

/// The channel of the consumer's input that weight `i` of filter `c` multiplies.
std::size_t input_channel(const Filters& f, std::size_t channels, std::size_t c, std::size_t i) {
  const std::size_t per_group = channels / std::min(f.groups, channels), group = c / (f.channels / f.groups);
  return f.groups == 1 ? i % channels : group * per_group + i % per_group;
}

/// By tensor and channel, the largest magnitude seen.
std::vector<std::vector<float>> channel_ranges(const Graph& g, const std::vector<Group>& groups, const Dataset& d,
                                               std::size_t n) {
  std::vector<std::size_t> channels(g.tensors.size(), 0);
  for (const Group& group : groups)
    for (const auto id : group.tensors) channels[static_cast<std::size_t>(id)] = group.channels;
  std::vector<std::vector<std::vector<float>>> by_worker(static_cast<std::size_t>(thread_count()),
                                                         std::vector<std::vector<float>>(g.tensors.size()));
  observe_float(g, d, n, [&](std::size_t, int worker, TensorId id, std::span<const float> values) {
    const auto t = static_cast<std::size_t>(id);
    if (channels[t] == 0) return;
    auto& largest = by_worker[static_cast<std::size_t>(worker)][t];
    largest.resize(channels[t]);
    for (std::size_t i = 0; i < values.size(); i += channels[t])
      for (std::size_t c = 0; c < channels[t]; ++c) largest[c] = std::max(largest[c], std::fabs(values[i + c]));
  });
  auto result = std::move(by_worker[0]);
  for (std::size_t w = 1; w < by_worker.size(); ++w)
    for (std::size_t t = 0; t < result.size(); ++t) {
      if (by_worker[w][t].empty()) continue;
      result[t].resize(channels[t]);
      for (std::size_t c = 0; c < channels[t]; ++c) result[t][c] = std::max(result[t][c], by_worker[w][t][c]);
    }
  return result;
}

/// Adds the channels of one tensor, relative to the largest of them.
void include(std::vector<float>& largest, const std::vector<float>& own) {
  const float most = own.empty() ? 0.0f : *std::ranges::max_element(own);
  if (!(most > 0) || !std::isfinite(most)) return;
  for (std::size_t c = 0; c < own.size(); ++c) largest[c] = std::max(largest[c], own[c] / most);
}

std::vector<float> scales_of(const Graph& g, const Group& group, const std::vector<std::vector<float>>& ranges,
                             float exponent) {
  std::vector<float> r(group.channels, 0.0f), w(group.channels, 0.0f);
  bool depthwise_only = true;
  for (const auto id : group.tensors) include(r, ranges[static_cast<std::size_t>(id)]);
  for (const auto node : group.consumers) {
    const Filters f = *filters_of(g, g.nodes[node]);
    depthwise_only &= f.groups > 1 && f.groups == group.channels;
    std::vector<float> own(group.channels, 0.0f);
    for (std::size_t c = 0; c < f.channels; ++c)
      for (std::size_t i = 0; i < f.size; ++i) {
        float& most = own[input_channel(f, group.channels, c, i)];
        most = std::max(most, std::fabs(f[c][i]));
      }
    include(w, own);
  }
  const float a = depthwise_only ? 1.0f : exponent;
  std::vector<float> s(group.channels, 0.0f);
  double log_sum = 0, count = 0;
  for (std::size_t c = 0; c < s.size(); ++c) {
    if (!(r[c] > 0) || !(w[c] > 0)) continue;
    s[c] = std::pow(r[c], a) / std::pow(w[c], 1.0f - a);
    log_sum += std::log(static_cast<double>(s[c]));
    count += 1;
  }
  const auto mean = static_cast<float>(std::exp(count > 0 ? log_sum / count : 0.0));
  for (float& v : s) v = v > 0 ? std::clamp(v / mean, 1.0f / kLargestScale, kLargestScale) : 1.0f;
  return s;
}

void scale(Graph& g, const Group& group, const std::vector<float>& s) {
  for (const auto node : group.producers) {
    Filters f = *filters_of(g, g.nodes[node]);
    auto bias = bias_of(g, g.nodes[node]);
    for (std::size_t c = 0; c < f.channels; ++c) {
      for (float& v : f[c]) v /= s[c];
      bias[c] /= s[c];
    }
    set_filters(g, node, f);
    if (g.nodes[node].inputs.size() > 2 && g.nodes[node].inputs[2] != kNoTensor) set_bias(g, node, bias);
  }
  for (const auto node : group.consumers) {
    Filters f = *filters_of(g, g.nodes[node]);
    for (std::size_t c = 0; c < f.channels; ++c)
      for (std::size_t i = 0; i < f.size; ++i) f[c][i] *= s[input_channel(f, group.channels, c, i)];
    set_filters(g, node, f);
  }
  for (const auto id : group.tensors) g.at(id).range.reset();
}

PassResult run(Graph& g, const PassOptions& o) {
  const std::size_t n = calibration_count(o, "equalization");
  const auto groups = find_groups(g);
  if (groups.empty()) return {};
  const auto ranges = channel_ranges(g, groups, *o.calibration, n);
  std::size_t changed = 0;
  for (const Group& group : groups) {
    const auto s = scales_of(g, group, ranges, o.equalize_exponent);
    if (std::ranges::all_of(s, [](float v) { return std::fabs(v - 1.0f) < kAlike; })) continue;
    scale(g, group, s);
    ++changed;
  }
  if (changed == 0) return {};
  remove_unused(g);
  return {true, {"channels of " + std::to_string(changed) + " activations equalized"}};
}

}  // namespace

extern const Pass pass_equalize;
const Pass pass_equalize{
    "equalize", "give channels between layers like ranges", Stage::Float, Stage::Float, false, true, run};

}  // namespace tinyc
