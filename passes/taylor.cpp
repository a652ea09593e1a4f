#include "taylor.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tinyc/error.h"
#include "tinyc/gradients.h"

namespace tinyc {
namespace {

constexpr double kLeastShare = 1e-6;  // of a layer's mean squared gradient

using Visit = std::function<void(std::span<const Parameter>, std::span<const std::vector<float>>)>;

/// Mini-batches of the samples that training sees; without training, of those for calibration. Returns their number.
std::size_t visit_gradients(const Graph& g, const PassOptions& o, const Visit& visit) {
  const Dataset* data = o.training.data ? o.training.data : o.made_up_samples ? nullptr : o.calibration;
  if (!data || data->samples() == 0)
    throw Error(ErrorCode::no_samples, "first-order pruning needs samples", "give --calib DATA or --finetune DATA");
  GradientOptions options;
  options.labels = o.training.options.labels;
  options.seed = o.training.options.seed;
  std::size_t batches = 0;
  batch_gradients(g, *data, options, [&](std::span<const Parameter> p, std::span<const std::vector<float>> gradients) {
    for (const auto& gradient : gradients)
      if (std::ranges::any_of(gradient, [](float v) { return !std::isfinite(v); }))
        throw Error(ErrorCode::not_finite, "the gradient of the loss is NaN or infinite on these samples",
                    "check the samples' scale (--preprocess)");
    ++batches;
    visit(p, gradients);
  });
  return batches;
}

std::size_t index_of(std::span<const Parameter> parameters, TensorId id) {
  return static_cast<std::size_t>(std::ranges::find(parameters, id, &Parameter::id) - parameters.begin());
}

}  // namespace

void weigh_by_gradients(std::vector<PrunableLayer>& layers, const Graph& g, const PassOptions& o) {
  std::vector<std::vector<double>> squares;
  squares.reserve(layers.size());
  for (const PrunableLayer& l : layers) squares.emplace_back(l.w.size(), 0.0);
  const std::size_t batches =
      visit_gradients(g, o, [&](std::span<const Parameter> p, std::span<const std::vector<float>> gradients) {
        for (std::size_t k = 0; k < layers.size(); ++k) {
          const std::vector<float>& gradient = gradients[index_of(p, layers[k].id)];
          for (std::size_t i = 0; i < gradient.size(); ++i)
            squares[k][i] += static_cast<double>(gradient[i]) * static_cast<double>(gradient[i]);
        }
      });
  for (std::size_t k = 0; k < layers.size(); ++k) {
    double mean = 0;
    for (const double s : squares[k]) mean += s / static_cast<double>(squares[k].size());
    layers[k].deviation.clear();
    for (const double s : squares[k])
      layers[k].deviation.push_back(
          static_cast<float>(std::sqrt(std::max(s, kLeastShare * mean) / static_cast<double>(batches))));
  }
}

std::vector<double> group_importance(const Graph& g, const PassOptions& o, std::span<const ChannelGroup> groups) {
  // the elements of constants that read each group; those that nodes share once
  using Element = std::pair<TensorId, std::size_t>;
  std::vector<std::vector<Element>> elements(groups.size());
  for (std::size_t i = 0; i < groups.size(); ++i) {
    for (const auto& s : groups[i].slices) {
      if (s.makes) continue;
      const TensorId id = g.nodes[static_cast<std::size_t>(s.node)].inputs[static_cast<std::size_t>(s.input)];
      const Shape& shape = g.at(id).shape;
      const auto axis = static_cast<std::size_t>(s.axis), length = static_cast<std::size_t>(shape[axis]);
      std::size_t inner = 1;
      for (std::size_t d = axis + 1; d < shape.size(); ++d) inner *= static_cast<std::size_t>(shape[d]);
      const auto size = static_cast<std::size_t>(num_elements(shape));
      for (std::size_t first = static_cast<std::size_t>(s.index) * inner; first < size; first += length * inner)
        for (std::size_t k = first; k < first + inner; ++k) elements[i].emplace_back(id, k);
    }
    std::ranges::sort(elements[i]);
    const auto twice = std::ranges::unique(elements[i]);
    elements[i].erase(twice.begin(), twice.end());
  }
  std::vector<double> importance(groups.size(), 0.0);
  const std::size_t batches =
      visit_gradients(g, o, [&](std::span<const Parameter> p, std::span<const std::vector<float>> gradients) {
        std::vector<std::size_t> parameter_of(g.tensors.size(), 0);
        for (std::size_t k = 0; k < p.size(); ++k) parameter_of[static_cast<std::size_t>(p[k].id)] = k;
        for (std::size_t i = 0; i < groups.size(); ++i) {
          double sum = 0;
          for (const auto& [id, element] : elements[i]) {
            const std::size_t k = parameter_of[static_cast<std::size_t>(id)];
            sum += static_cast<double>(gradients[k][element]) * static_cast<double>(p[k].value[element]);
          }
          importance[i] += sum * sum;
        }
      });
  for (double& v : importance) v /= static_cast<double>(batches);
  return importance;
}

}  // namespace tinyc
