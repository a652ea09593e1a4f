#include "tinyc/channel_groups.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "channel_classes.h"
#include "rewrite.h"
#include "tinyc/parallel.h"

namespace tinyc {
namespace {

using Of = PassOptions::PruneChannels::Of;
using Slice = ChannelGroup::Slice;

std::vector<ChannelRole> roles_of(const Graph& g, ChannelClasses& classes) {
  std::vector<ChannelRole> roles;
  for (const Node& n : g.nodes) {
    roles.push_back(channel_role(g, n));
    classes.add(g, n, roles.back());
  }
  return roles;
}

/// Calls `add(tensor, channel, slice)` for every slice of a constant of node `i`, with the channel that it goes with.
template <class Add>
void visit_slices(const Graph& g, std::int32_t i, const ChannelRole& r, const Add& add) {
  const Node& n = g.nodes[static_cast<std::size_t>(i)];
  const TensorId out = n.outputs[0];
  const auto channels = static_cast<std::int32_t>(channel_count(g.at(out)));
  if (r.mixing) {
    const MixingWeights& m = *r.mixing;
    const auto last = static_cast<std::int32_t>(g.at(m.weights).shape.size()) - 1;
    for (std::int32_t c = 0; c < channels; ++c) {
      add(out, c, Slice{i, 1, 0, c, true});
      if (m.bias != kNoTensor) add(out, c, Slice{i, 2, 0, c, true});
    }
    const std::size_t columns = channel_count(g.at(m.weights));
    for (std::size_t k = 0; k < columns; ++k)
      add(m.x, static_cast<std::int32_t>(k % m.inputs), Slice{i, 1, last, static_cast<std::int32_t>(k), false});
    return;
  }
  if (!r.links) return;
  for (std::size_t k = 0; k < n.inputs.size(); ++k) {
    const TensorId id = n.inputs[k];
    if (id == kNoTensor || !g.at(id).is_const() || channel_count(g.at(id)) != static_cast<std::size_t>(channels))
      continue;
    const auto axis = static_cast<std::int32_t>(g.at(id).shape.size()) - 1;
    for (std::int32_t c = 0; c < channels; ++c) add(out, c, Slice{i, static_cast<std::int32_t>(k), axis, c, true});
  }
}

std::int64_t cost_of(const Graph& g, const Node& n, Of of) {
  if (of == Of::macs) return macs(g, n);
  return mixing_weights(g, n) ? num_elements(g.at(n.inputs[1]).shape) : 0;
}

/// What is left of the cost of each node while groups go.
class Budget {
 public:
  Budget(const Graph& g, std::span<const ChannelGroup> groups, const GroupSelection& s) : groups_(groups) {
    left_.reserve(g.tensors.size());
    for (const Tensor& t : g.tensors) left_.push_back(static_cast<std::int32_t>(channel_count(t)));
    least_ = s.least;
    readers_.resize(g.tensors.size());
    makers_.resize(g.tensors.size());
    for (const Node& n : g.nodes) {
      const bool mixes = mixing_weights(g, n).has_value();
      if (!mixes && kind(n.op) != OpKind::depthwise_conv_2d) continue;
      const auto cost = static_cast<double>(cost_of(g, n, s.goal.of));
      const auto in = static_cast<std::size_t>(n.inputs[0]), out = static_cast<std::size_t>(n.outputs[0]);
      const double pairs = static_cast<double>(left_[out]) * (mixes ? left_[in] : 1);
      makers_[out].push_back(costs_.size());
      if (mixes) readers_[in].push_back(costs_.size());
      costs_.push_back({mixes ? in : kNothing, out, cost / pairs});
    }
    in_gone_.assign(costs_.size(), 0);
    out_gone_.assign(costs_.size(), 0);
  }

  /// Whether every tensor keeps its least without this group.
  bool may_go(std::size_t group) {
    count(group);
    return std::all_of(touched_.begin(), touched_.end(),
                       [&](const auto& t) { return left_[t.first] - t.second >= least_[t.first]; });
  }
  double saving(std::size_t group) {
    count(group);
    nodes_.clear();
    for (const auto& [tensor, gone] : touched_) {
      for (const std::size_t k : readers_[tensor]) in_gone_[k] = gone, nodes_.push_back(k);
      for (const std::size_t k : makers_[tensor]) out_gone_[k] = gone, nodes_.push_back(k);
    }
    double sum = 0;
    for (const std::size_t k : nodes_) {
      if (in_gone_[k] == 0 && out_gone_[k] == 0) continue;  // counted already: a node that reads and makes the group
      const Cost& c = costs_[k];
      const double in = c.in == kNothing ? 1 : left_[c.in], out = left_[c.out];
      sum += c.per_pair * (in * out - (in - in_gone_[k]) * (out - out_gone_[k]));
      in_gone_[k] = out_gone_[k] = 0;
    }
    return sum;
  }
  void remove(std::size_t group) {
    count(group);
    for (const auto& [tensor, gone] : touched_) left_[tensor] -= gone;
  }

 private:
  static constexpr std::size_t kNothing = ~std::size_t{0};
  struct Cost {
    std::size_t in, out;  ///< tensors; in is kNothing where output channels cost alone (depthwise)
    double per_pair;
  };
  /// How many channels of which tensors the group has.
  void count(std::size_t group) {
    touched_.clear();
    for (const auto& c : groups_[group].channels) {
      const auto t = static_cast<std::size_t>(c.tensor);
      if (touched_.empty() || touched_.back().first != t) touched_.emplace_back(t, 0);
      ++touched_.back().second;
    }
  }
  std::span<const ChannelGroup> groups_;
  std::vector<std::int32_t> left_, least_;
  std::vector<Cost> costs_;
  std::vector<std::vector<std::size_t>> readers_, makers_;
  std::vector<std::int32_t> in_gone_, out_gone_;
  std::vector<std::pair<std::size_t, std::int32_t>> touched_;
  std::vector<std::size_t> nodes_;
};

}  // namespace

std::vector<ChannelGroup> channel_groups(const Graph& g) {
  ChannelClasses classes(g);
  const std::vector<ChannelRole> roles = roles_of(g, classes);
  std::vector<ChannelGroup> groups;
  std::map<std::size_t, std::size_t> group_of;  // by class
  for (std::size_t t = 0; t < g.tensors.size(); ++t) {
    const auto id = static_cast<TensorId>(t);
    if (g.tensors[t].is_const()) continue;
    for (std::size_t c = 0; c < channel_count(g.tensors[t]); ++c) {
      if (classes.kept(id, c)) continue;
      const auto [at, fresh] = group_of.emplace(classes.class_of(id, c), groups.size());
      if (fresh) groups.emplace_back();
      groups[at->second].channels.push_back({id, static_cast<std::int32_t>(c)});
    }
  }
  for (std::size_t i = 0; i < g.nodes.size(); ++i)
    visit_slices(g, static_cast<std::int32_t>(i), roles[i], [&](TensorId t, std::int32_t c, const Slice& slice) {
      const auto at = group_of.find(classes.class_of(t, static_cast<std::size_t>(c)));
      if (at != group_of.end()) groups[at->second].slices.push_back(slice);
    });
  return groups;
}

std::int64_t channel_cost(const Graph& g, Of of) {
  std::int64_t sum = 0;
  for (const Node& n : g.nodes) sum += cost_of(g, n, of);
  return sum;
}

std::vector<std::int32_t> least_channels(const Graph& g, float share) {
  std::vector<std::int32_t> least;
  least.reserve(g.tensors.size());
  for (const Tensor& t : g.tensors)
    least.push_back(std::max(1, static_cast<std::int32_t>(std::lround(share * static_cast<float>(channel_count(t))))));
  return least;
}

std::vector<std::size_t> select_groups(const Graph& g, std::span<const ChannelGroup> groups, const GroupSelection& s) {
  Budget budget(g, groups, s);
  const double goal = static_cast<double>(s.goal.fraction) * static_cast<double>(channel_cost(g, s.goal.of));
  std::vector<std::size_t> chosen, open(groups.size());
  for (std::size_t i = 0; i < open.size(); ++i) open[i] = i;
  for (double gone = 0; gone < goal;) {
    check_interrupt();
    std::erase_if(open, [&](std::size_t i) { return !budget.may_go(i); });  // channels only become fewer
    std::size_t best = groups.size();
    double best_score = 0, best_saving = 0;
    for (const std::size_t i : open) {
      const double saving = budget.saving(i), score = s.importance(i) / saving;
      if (!(saving > 0) || (best < groups.size() && !(score < best_score))) continue;
      best = i;
      best_score = score;
      best_saving = saving;
    }
    if (best == groups.size()) break;
    budget.remove(best);
    gone += best_saving;
    chosen.push_back(best);
    std::erase(open, best);
    if (s.removed) s.removed(best);
  }
  return chosen;
}

void remove_groups(Graph& g, std::span<const ChannelGroup> groups, std::span<const std::size_t> chosen) {
  ChannelClasses classes(g);
  const std::vector<ChannelRole> roles = roles_of(g, classes);
  std::vector<std::vector<std::uint8_t>> goes;
  goes.reserve(g.tensors.size());
  for (const Tensor& t : g.tensors) goes.emplace_back(channel_count(t), std::uint8_t{0});
  for (const std::size_t i : chosen)
    for (const auto& c : groups[i].channels)
      goes[static_cast<std::size_t>(c.tensor)][static_cast<std::size_t>(c.index)] = 1;
  for (std::size_t t = 0; t < goes.size(); ++t)
    for (std::size_t c = 0; c < goes[t].size(); ++c)
      if (!goes[t][c]) classes.keep(static_cast<TensorId>(t), c);
  for (std::size_t i = 0; i < g.nodes.size(); ++i) slice_constants(g, g.nodes[i], roles[i], classes);
  shrink_activations(g, classes);
  remove_unused(g);
}

}  // namespace tinyc
