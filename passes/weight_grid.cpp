// weight_grid: chooses the scale of each channel of weights by the least squared error of rounding to the nearest
// level.
//
//   before:  %y = conv_2d(%x, %w, %b)
//   after:   %y = conv_2d(%x, %w quant(s[c]), %b),   s[c] = argmin_s sum_i h_i (w_i - s clamp(round(w_i / s)))^2
//
// h_i is the variance of the weight's input on calibration samples, the diagonal of the Hessian of the layer's output
// error: weights of inputs that hardly vary may be clipped. The weights themselves stay; quantize_int8 rounds them.
// Source: Nagel et al. 2021, "A White Paper on Neural Network Quantization", section 3.1 (MSE based range setting).
#include <cmath>
#include <limits>

#include "layer_rounding.h"
#include "tinyc/pass.h"
#include "tinyc/quantize.h"

namespace tinyc {
namespace {

constexpr int kShares = 60;  // scales tried: from the one that clips nothing down to 41 % of it

float best_scale(const InputMoments& m, std::span<const float> w, float widest, std::int32_t levels) {
  double mean = 0;
  for (std::size_t i = 0; i < m.size; ++i) mean += m.variance[i] / static_cast<double>(m.size);
  const double ridge = mean > 0 ? 0.01 * mean : 1.0;
  double least = std::numeric_limits<double>::infinity();
  float best = widest;
  for (int k = 0; k < kShares; ++k) {
    const float scale = widest * (1.0f - 0.01f * static_cast<float>(k));
    double error = 0;
    for (std::size_t i = 0; i < w.size(); ++i) {
      const double e = static_cast<double>(w[i]) -
                       static_cast<double>(scale) * static_cast<double>(weight_level(w[i], scale, levels));
      error += (m.variance[i] + ridge) * e * e;
    }
    if (error < least) {
      least = error;
      best = scale;
    }
  }
  return best;
}

PassResult run(Graph& g, const PassOptions& o) {
  const std::size_t n = calibration_count(o, "the grid of weights");
  const std::int32_t levels = largest_level(o.weight_bits);
  const Graph reference = g;
  std::size_t layers = 0;
  walk_layers(reference, g, *o.calibration, n, {}, Moments::first,
              [&](std::size_t node, std::span<const InputMoments> moments) {
                const Filters f = *filters_of(g, g.nodes[node]);
                Quant grid =
                    weight_grid(g.at(g.nodes[node].inputs[1]), traits(g.nodes[node].op).quant.weight_axis, levels);
                for (std::size_t c = 0; c < f.channels; ++c) {
                  float& s = grid.scale[c];
                  s = s > 0 ? best_scale(moments[c / (f.channels / f.groups)], f[c], s, levels) : 1.0f;
                }
                set_filters(g, node, f, grid.scale);
                ++layers;
              });
  remove_unused(g);
  return {layers > 0, {"scales of " + std::to_string(layers) + " layers by least squared error"}};
}

}  // namespace

extern const Pass pass_weight_grid;
const Pass pass_weight_grid{"weight_grid",
                            "choose the scale of each weight channel by least squared error",
                            Stage::Float,
                            Stage::Float,
                            false,
                            true,
                            run};

}  // namespace tinyc
