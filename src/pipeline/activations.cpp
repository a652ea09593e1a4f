#include "pipeline/activations.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "tinyc/executor.h"

namespace tinyc {
namespace {

constexpr int kLevels = 256, kBins = 32, kLowest = -128;
using Levels = std::array<std::uint64_t, kLevels>;  // how often each int8 value was seen

Activations summary(const Levels& levels, const Value& v) {
  const auto real = [&](auto level) {
    return static_cast<double>(v.scale) * (static_cast<double>(level) + kLowest - v.zero_point);
  };
  const auto seen = [](std::uint64_t n) { return n > 0; };
  const auto first = std::find_if(levels.begin(), levels.end(), seen);
  const auto last = std::find_if(levels.rbegin(), levels.rend(), seen).base() - 1;
  Activations a{real(0), real(kLevels - 1), real(first - levels.begin()), real(last - levels.begin()), {}};
  for (auto bin = levels.begin(); bin != levels.end(); bin += kLevels / kBins)
    a.histogram.push_back(std::accumulate(bin, bin + kLevels / kBins, std::uint64_t{0}));
  return a;
}

}  // namespace

void observe_activations(const Program& p, const Dataset& d, std::size_t n, std::vector<LayerReport>& layers) {
  const ProgramExecutor executor(p);
  auto state = executor.make_state();
  std::vector<Levels> levels(p.layers.size(), Levels{});
  std::vector<std::vector<float>> inputs;
  inputs.reserve(p.inputs.size());
  for (const ValueId id : p.inputs) inputs.emplace_back(p.values[static_cast<std::size_t>(id)].elements());
  for (std::size_t sample = 0; sample < n; ++sample) {
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      d.sample(k, sample, inputs[k]);
      executor.set_input(state, k, std::span<const float>(inputs[k]));
    }
    executor.run(state, [&](std::size_t layer, std::span<const std::int8_t> out) {
      for (const std::int8_t v : out) ++levels[layer][static_cast<std::uint8_t>(v) ^ 0x80u];  // -128 is level 0
    });
  }
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const Value& out = p.values[static_cast<std::size_t>(p.layers[i].out)];
    const bool ran = std::ranges::any_of(levels[i], [](std::uint64_t count) { return count > 0; });
    if (ran && out.type == DType::i8) layers[i].activations = summary(levels[i], out);
  }
}

}  // namespace tinyc
