#include "layer_rounding.h"

#include <algorithm>

#include "tinyc/error.h"
#include "tinyc/quantize.h"

namespace tinyc {

std::size_t calibration_count(const PassOptions& o, const char* what) {
  if (!o.calibration || o.calibration->samples() == 0)
    throw Error(ErrorCode::no_samples, std::string(what) + " needs samples", "give --calib DATA");
  const std::size_t available = o.calibration->samples();
  return o.calibration_samples ? std::min(o.calibration_samples, available) : available;
}

void replace_filters(Graph& g, std::size_t node, const Filters& old, const Filters& filters,
                     std::span<const InputMoments> moments, std::span<const float> scales) {
  auto bias = bias_of(g, g.nodes[node]);
  for (std::size_t c = 0; c < old.channels; ++c) {
    const InputMoments& m = moments[c / (old.channels / old.groups)];
    double shift = 0;
    for (std::size_t i = 0; i < old.size; ++i)
      shift += static_cast<double>(old[c][i]) * m.reference_mean[i] - static_cast<double>(filters[c][i]) * m.mean[i];
    bias[c] += static_cast<float>(shift);
  }
  set_filters(g, node, filters, scales);
  set_bias(g, node, bias);
}

RoundLayer by_group(RoundFilters round) {
  return [round = std::move(round)](std::size_t, std::span<const InputMoments> groups, const Filters& old,
                                    std::span<const float> scales) {
    GridFilters all;
    const std::size_t per_group = old.channels / old.groups;
    for (std::size_t group = 0; group < old.groups; ++group) {
      const std::size_t first = group * per_group;
      const GridFilters one =
          round(groups[group], std::span(old.values).subspan(first * old.size, per_group * old.size),
                scales.subspan(first, per_group));
      all.values.insert(all.values.end(), one.values.begin(), one.values.end());
      all.scales.insert(all.scales.end(), one.scales.begin(), one.scales.end());
    }
    return all;
  };
}

PassResult round_layers(Graph& g, const PassOptions& o, const RoundLayer& round, Moments kind) {
  const std::size_t n = calibration_count(o, "rounding of weights");
  Graph prepared = g;
  prepare_activations(prepared);
  const auto quants = activation_quants(prepared);
  const Graph reference = g;
  std::size_t layers = 0;
  walk_layers(
      reference, g, *o.calibration, n, quants, kind, [&](std::size_t node, std::span<const InputMoments> moments) {
        const Filters old = *filters_of(g, g.nodes[node]);
        Filters now = old;
        const Quant grid = weight_grid(g.at(g.nodes[node].inputs[1]), traits(g.nodes[node].op).quant.weight_axis,
                                       largest_level(o.weight_bits));
        const GridFilters rounded = round(node, moments, old, grid.scale);
        now.values = rounded.values;
        replace_filters(g, node, old, now, moments, rounded.scales);
        ++layers;
      });
  remove_unused(g);
  return {layers > 0, {std::to_string(layers) + " layers rounded on " + std::to_string(n) + " samples"}};
}

}  // namespace tinyc
