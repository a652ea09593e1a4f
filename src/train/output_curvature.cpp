#include <algorithm>
#include <cmath>
#include <memory>

#include "ir/random.h"
#include "tinyc/curvature.h"
#include "tinyc/executor.h"
#include "tinyc/parallel.h"
#include "train/loss.h"
#include "train/tape.h"

namespace tinyc {
namespace {

constexpr std::size_t kDraws = 4;  // answers of one sample
constexpr float kInverseTemperature = 0.5f;
constexpr std::int64_t kMostElements = std::int64_t{1} << 22;  // of activations at one time

// d(-log p) / d logits of a class drawn from one row's softened probabilities.
void draw_class(std::span<const float> logits, float beta, Random& r, std::span<float> seed) {
  const float factor = beta * kInverseTemperature, top = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    seed[i] = static_cast<float>(portable_exp(static_cast<double>((logits[i] - top) * factor)));
    sum += static_cast<double>(seed[i]);
  }
  for (float& p : seed) p = static_cast<float>(static_cast<double>(p) / sum);
  const auto drawn = static_cast<double>(r.uniform());
  std::size_t chosen = 0;
  for (double below = static_cast<double>(seed[0]); drawn >= below && chosen + 1 < seed.size();)
    below += static_cast<double>(seed[++chosen]);
  seed[chosen] -= 1.0f;
}

void draw(const Target& t, std::span<const float> output, double deviation, Random& r, std::span<float> seed) {
  switch (t.kind) {
    case Target::Kind::classes:
      for (std::int64_t row = 0; row < t.rows; ++row) {
        const auto first = static_cast<std::size_t>(row * t.depth), count = static_cast<std::size_t>(t.depth);
        draw_class(output.subspan(first, count), t.beta, r, seed.subspan(first, count));
      }
      return;
    case Target::Kind::independent:
      for (std::size_t i = 0; i < output.size(); ++i) {
        const double p = 1 / (1 + portable_exp(-static_cast<double>(output[i] * kInverseTemperature)));
        seed[i] = static_cast<float>(p - (static_cast<double>(r.uniform()) < p ? 1.0 : 0.0));
      }
      return;
    case Target::Kind::real:
      for (float& v : seed) v = static_cast<float>(static_cast<double>(r.normal()) / deviation);
  }
}

// Standard deviation of an output over all its elements and samples; 1 for one that never changes.
double deviation_of(const std::vector<float>& values) {
  double sum = 0, squares = 0;
  for (const float v : values)
    sum += static_cast<double>(v), squares += static_cast<double>(v) * static_cast<double>(v);
  const double n = static_cast<double>(values.size()), variance = squares / n - sum / n * (sum / n);
  return variance > 0 ? std::sqrt(variance) : 1.0;
}

Act act_of(const Node& n) {
  if (const auto* conv = std::get_if<Conv2D>(&n.op)) return conv->act;
  if (const auto* depthwise = std::get_if<DepthwiseConv2D>(&n.op)) return depthwise->act;
  return std::get<FullyConnected>(n.op).act;
}

}  // namespace

std::vector<std::vector<double>> output_curvature(const Graph& g, const Dataset& d, std::size_t n, std::uint64_t seed) {
  const std::vector<Target> targets = find_targets(g);
  std::vector<TensorId> ids;
  ids.reserve(targets.size());
  for (const Target& t : targets) ids.push_back(t.id);
  const auto parameters = parameters_of(g);
  const Plan plan(g, ids, parameters);
  const Constants constants = constants_of(g);
  n = std::min(n, d.samples());
  std::vector<double> deviations(targets.size(), 1.0);
  if (std::ranges::any_of(targets, [](const Target& t) { return t.kind == Target::Kind::real; })) {
    const auto outputs = run_float(g, d, n);
    for (std::size_t k = 0; k < targets.size(); ++k)
      if (targets[k].kind == Target::Kind::real) deviations[k] = deviation_of(outputs[k]);
  }

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
          if (!to.empty()) draw(targets[k], tape->output(targets[k].id, s), deviations[k], r, to);
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
