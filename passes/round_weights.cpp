// round_weights: puts weights on their integer grid so that each layer's output on calibration samples stays nearest to
// the float model's.
//
//   before:  %y = conv_2d(%x, %w, %b)
//   after:   %y = conv_2d(%x, %w' quant(s[c]), %b'),   w'[c] = s[c] * q[c],  |q| <= 2^(bits-1) - 1
//
// Layer by layer, with x the layer's inputs in the float model and x' those in the model as quantized so far
// (activations on their int8 grids, weights of earlier layers already rounded), w' minimizes E|w (x - E x) - w' (x' - E
// x')|^2 and the bias takes up the means: b' = b + w E x - w' E x'. So later layers correct errors of earlier ones.
//
// Needs calibrated ranges and samples, no labels. Conv, depthwise and fully connected layers; transposed convolutions
// and the like are left to quantize_int8. Weights that are zero stay zero. Few rows say little of many inputs, so
// weights are held near their old values by a ridge of 0.01 + size / (2 rows) of the inputs' mean variance.
//
// With a bit price levels and scales minimize curvature / 2 * that error + price * bits (price_filters): the curvature
// of each output channel tells what its error does to the network's answer, so that one price serves all layers, and
// layers that matter little get coarse steps and many zeros. Source: Frantar et al. 2022, "GPTQ" and "Optimal Brain
// Compression"; the means as in Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization and Bias
// Correction", section 4.2.
#include <algorithm>

#include "layer_rounding.h"
#include "tinyc/pass.h"
#include "tinyc/quantize.h"

namespace tinyc {
namespace {

constexpr std::size_t kCurvatureSamples = 200;

PassResult run(Graph& g, const PassOptions& o) {
  const std::int32_t levels = largest_level(o.weight_bits);
  if (o.bit_price > 0) {
    const std::size_t n = std::min(calibration_count(o, "rounding of weights"), kCurvatureSamples);
    const auto curvature = output_curvature(g, *o.calibration, n, 1);
    return round_layers(
        g, o,
        [&](std::size_t node, std::span<const InputMoments> groups, const Filters& old, std::span<const float>) {
          return price_filters(groups, old.values, levels, curvature[node], static_cast<double>(o.bit_price));
        },
        Moments::second);
  }
  return round_layers(g, o,
                      by_group([&](const InputMoments& m, std::span<const float> filters, std::span<const float>) {
                        return round_filters(m, filters, levels, ridge_for(m));
                      }),
                      Moments::second);
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
