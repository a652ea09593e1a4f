// correct_bias: biases take up what rounding to the nearest level changes in the means of each layer's outputs.
//
//   before:  %y = conv_2d(%x, %w, %b)
//   after:   %y = conv_2d(%x, %w' quant(s[c]), %b'),   w' = s round(w / s),   b' = b + w E x - w' E x'
//
// E x is the mean input in the float model, E x' the one in the model as quantized so far, on calibration samples:
// layer after layer, so that later ones correct the means that earlier ones have left. Needs calibrated ranges and
// samples. Source: Nagel et al. 2019, "Data-Free Quantization Through Weight Equalization and Bias Correction",
// section 4.2, in its empirical form (appendix D).
#include "layer_rounding.h"
#include "tinyc/pass.h"
#include "tinyc/quantize.h"

namespace tinyc {
namespace {

PassResult run(Graph& g, const PassOptions& o) {
  const std::int32_t levels = largest_level(o.weight_bits);
  return round_layers(
      g, o, by_group([&](const InputMoments& m, std::span<const float> filters, std::span<const float> scales) {
        GridFilters f{{filters.begin(), filters.end()}, {scales.begin(), scales.end()}};
        for (float& s : f.scales)
          if (!(s > 0)) s = 1.0f;
        for (std::size_t i = 0; i < f.values.size(); ++i) {
          const float s = f.scales[i / m.size];
          f.values[i] = s * static_cast<float>(weight_level(f.values[i], s, levels));
        }
        return f;
      }),
      Moments::first);
}

}  // namespace

extern const Pass pass_correct_bias;
const Pass pass_correct_bias{"correct_bias",
                             "let biases take up what rounding of weights changes in the mean",
                             Stage::Float,
                             Stage::Float,
                             false,
                             false,
                             run};

}  // namespace tinyc
