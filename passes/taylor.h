// First-order Taylor importance: how much the loss changes when weights become zero (Molchanov et al. 2019, "Importance
// Estimation for Neural Network Pruning", equation 8): (sum of gradient times weight)^2 over the weights that go
// together, averaged over mini-batches of training samples, or of calibration samples without training.
#pragma once
#include <span>
#include <vector>

#include "sparsity.h"
#include "tinyc/channel_groups.h"

namespace tinyc {

/// Gives each weight of `layers` the root of its mean squared gradient as deviation. Weights whose gradient these
/// samples never show keep a trace of it, so that the smallest of them goes first.
void weigh_by_gradients(std::vector<PrunableLayer>& layers, const Graph& g, const PassOptions& o);

/// By group of channels. What goes together are all weights that read the group: without them it is gone, whatever ties
/// it together and makes it (Molchanov et al. 2017, section 2.2, has the same sum as activation times its gradient).
std::vector<double> group_importance(const Graph& g, const PassOptions& o, std::span<const ChannelGroup> groups);

}  // namespace tinyc
