// round_weights: puts weights on their integer grid so that each layer's output on calibration samples stays nearest to
// the float model's.
//
//   before:  %y = conv_2d(%x, %w, %b)
//   after:   %y = conv_2d(%x, %w' quant(s[c]), %b'),   w'[c] = s[c] * q[c],  |q| <= 2^(bits-1) - 1
//
// Layer by layer, with x the layer's inputs in the float model and x' those in the model as quantized so far (activations
// on their int8 grids, weights of earlier layers already rounded), w' minimizes E|w (x - E x) - w' (x' - E x')|^2 and the
// bias takes up the means: b' = b + w E x - w' E x'. So later layers correct errors of earlier ones.
//
// Needs calibrated ranges and samples, no labels. Conv, depthwise and fully connected layers; transposed convolutions and
// the like are left to quantize_int8. Weights that are zero stay zero.
// Source: Frantar et al. 2022, "GPTQ" and "Optimal Brain Compression"; the means as in Nagel et al. 2019, "Data-Free
// Quantization Through Weight Equalization and Bias Correction", section 4.2.
#include "tinyc/curvature.h"
#include "tinyc/error.h"
#include "tinyc/pass.h"
#include "tinyc/quantize.h"

namespace tinyc {
namespace {

constexpr double kDamping = 0.01;

PassResult run(Graph& g, const PassOptions& o) {
  if (!o.calibration || o.calibration->samples() == 0)
    throw Error(ErrorKind::data, "rounding of weights needs samples", "give --calib DATA");
  const std::size_t available = o.calibration->samples();
  const std::size_t n = o.calibration_samples ? std::min(o.calibration_samples, available) : available;
  Graph prepared = g;
  prepare_activations(prepared);
  const auto quants = activation_quants(prepared);
  const Graph reference = g;
  const std::int32_t levels = largest_level(o.weight_bits);
  std::size_t layers = 0;
  walk_layers(reference, g, *o.calibration, n, quants, [&](std::size_t node, std::span<const InputMoments> moments) {
    Filters f = *filters_of(g, g.nodes[node]);
    const Filters old = f;
    auto bias = bias_of(g, g.nodes[node]);
    const std::size_t per_group = f.channels / f.groups;
    std::vector<float> scales;
    for (std::size_t group = 0; group < f.groups; ++group) {
      const std::size_t first = group * per_group * f.size;
      const GridFilters rounded = round_filters(
          moments[group], std::span<const float>(old.values).subspan(first, per_group * f.size), levels, getenv("DAMP") ? std::stod(getenv("DAMP")) : kDamping);
      std::copy(rounded.values.begin(), rounded.values.end(), f.values.begin() + static_cast<std::ptrdiff_t>(first));
      scales.insert(scales.end(), rounded.scales.begin(), rounded.scales.end());
    }
    for (std::size_t c = 0; c < f.channels; ++c) {
      const InputMoments& m = moments[c / per_group];
      double shift = 0;
      for (std::size_t i = 0; i < f.size; ++i)
        shift += static_cast<double>(old[c][i]) * m.reference_mean[i] - static_cast<double>(f[c][i]) * m.mean[i];
      bias[c] += static_cast<float>(shift);
    }
    set_filters(g, node, f, scales);
    set_bias(g, node, bias);
    ++layers;
  });
  remove_unused(g);
  return {layers > 0, {std::to_string(layers) + " layers rounded on " + std::to_string(n) + " samples"}};
}

}  // namespace

extern const Pass pass_round_weights;
const Pass pass_round_weights{"round_weights",
                              "round weights by the least error of each layer's output on calibration samples",
                              Stage::Float,
                              Stage::Float,
                              false,
                              false,
                              run};

}  // namespace tinyc
