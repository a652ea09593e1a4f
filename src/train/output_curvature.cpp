#include <algorithm>
#include <memory>

#include "tinyc/curvature.h"
#include "tinyc/parallel.h"
#include "train/drawn_answers.h"
#include "train/tape.h"

namespace tinyc {
namespace {

constexpr std::size_t kDraws = 4;                              // answers of one sample
constexpr std::int64_t kMostElements = std::int64_t{1} << 22;  // of activations at one time

Act act_of(const Node& n) {
  if (const auto* conv = std::get_if<Conv2D>(&n.op)) return conv->act;
  if (const auto* depthwise = std::get_if<DepthwiseConv2D>(&n.op)) return depthwise->act;
  return std::get<FullyConnected>(n.op).act;
}

}  // namespace

std::vector<std::vector<double>> output_curvature(const Graph& g, const Dataset& d, std::size_t n, std::uint64_t seed) {
  n = std::min(n, d.samples());
  const DrawnAnswers answers(g, d, n);
  const std::vector<Target>& targets = answers.targets();
  std::vector<TensorId> ids;
  ids.reserve(targets.size());
  for (const Target& t : targets) ids.push_back(t.id);
  const auto parameters = parameters_of(g);
  const Plan plan(g, ids, parameters);
  const Constants constants = constants_of(g);

  std::vector<std::vector<double>> sum(g.nodes.size());
  std::vector<std::size_t> nodes;
  for (std::size_t i = 0; i < g.nodes.size(); ++i)
    if (const auto f = filters_of(g, g.nodes[i])) {
      sum[i].assign(f->channels, 0.0);
      nodes.push_back(i);
    }
  const auto together = static_cast<std::size_t>(
      std::clamp<std::int64_t>(kMostElements / std::max<std::int64_t>(plan.activations(), 1), 1, 16));
  const std::size_t chunks = (n + together - 1) / together;
  std::vector<std::vector<std::vector<double>>> partial(chunks, sum);
  std::vector<std::unique_ptr<Tape>> tapes(static_cast<std::size_t>(thread_count()));
  const std::vector<float*> nowhere(g.tensors.size(), nullptr);
  parallel_for(chunks, [&](std::size_t chunk, int worker) {
    auto& tape = tapes[static_cast<std::size_t>(worker)];
    if (!tape) tape = std::make_unique<Tape>(plan, static_cast<std::int64_t>(together), true);
    const std::size_t first = chunk * together;
    const auto count = static_cast<std::int64_t>(std::min(together, n - first));
    for (std::int64_t s = 0; s < count; ++s)
      for (std::size_t k = 0; k < g.inputs.size(); ++k)
        d.sample(k, first + static_cast<std::size_t>(s), tape->input(k, s));
    tape->forward(count, constants, nullptr);
    for (std::size_t round = 0; round < kDraws; ++round) {
      tape->clear_gradients(count);
      for (std::int64_t s = 0; s < count; ++s) {
        Random r(seed, first + static_cast<std::size_t>(s), round);
        for (std::size_t k = 0; k < targets.size(); ++k) {
          const auto to = tape->seed(targets[k].id, s);
          if (!to.empty()) answers.draw(k, tape->output(targets[k].id, s), r, 1.0f, to);
        }
      }
      tape->backward(count, constants, nullptr, nowhere);
      for (const std::size_t i : nodes) {
        const auto [lo, hi] = bounds(act_of(g.nodes[i]));
        const TensorId y = g.nodes[i].outputs[0];
        std::vector<double>& to = partial[chunk][i];
        for (std::int64_t s = 0; s < count; ++s) {
          const auto gradient = tape->gradient(y, s);
          const auto value = tape->output(y, s);
          for (std::size_t e = 0; e < gradient.size(); ++e)
            if (value[e] > lo && value[e] < hi)
              to[e % to.size()] += static_cast<double>(gradient[e]) * static_cast<double>(gradient[e]);
        }
      }
    }
  });
  for (const auto& p : partial)
    for (const std::size_t i : nodes)
      for (std::size_t c = 0; c < sum[i].size(); ++c) sum[i][c] += p[i][c] / static_cast<double>(n * kDraws);
  return sum;
}

}  // namespace tinyc
