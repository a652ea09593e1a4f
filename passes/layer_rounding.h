// What passes that put weights on their integer grid layer by layer share.
#pragma once
#include <functional>
#include <span>

#include "tinyc/curvature.h"
#include "tinyc/pass.h"

namespace tinyc {

/// The calibration samples that a pass may use. Throws Error(data) when there are none.
std::size_t calibration_count(const PassOptions& o, const char* what);

/// Rounds the filters of node `node`, whose channels have the given scales by `weight_grid`.
using RoundLayer = std::function<GridFilters(std::size_t node, std::span<const InputMoments> groups, const Filters& old,
                                             std::span<const float> scales)>;
/// Rounds those of one group.
using RoundFilters =
    std::function<GridFilters(const InputMoments& m, std::span<const float> filters, std::span<const float> scales)>;
/// A layer group after group.
RoundLayer by_group(RoundFilters round);

/// Walks over the layers with filters on calibration samples, activations on their int8 grids, and replaces weights by
/// rounded ones: later layers see the errors of earlier ones. Biases take up the change of the outputs' means:
/// b' = b + w E x - w' E x'. `kind`: what `round` looks at.
PassResult round_layers(Graph& g, const PassOptions& o, const RoundLayer& round, Moments kind);

/// Gives the node `filters` instead of `old` ones and lets its bias take up the means: b' = b + w E x - w' E x'.
void replace_filters(Graph& g, std::size_t node, const Filters& old, const Filters& filters,
                     std::span<const InputMoments> moments, std::span<const float> scales = {});

}  // namespace tinyc
