#include "train/optimizer.h"

#include <algorithm>
#include <cmath>

#include "tinyc/parallel.h"

namespace tinyc {
namespace {

constexpr double kBeta1 = 0.9, kBeta2 = 0.999;
constexpr float kEpsilon = 1e-8f;
constexpr std::size_t kBlock = 1 << 14;  // elements of one work item

constexpr float kUsualSize = 0.1f, kLeastScale = 1e-3f, kMostScale = 10.0f;

// How large steps should be for this tensor: 1 where its values are of the usual size, or all zero (fresh biases).
float step_scale(const Parameter& p) {
  double squares = 0, count = 0;
  for (std::size_t i = 0; i < p.value.size(); ++i) {
    if (p.value[i] == 0.0f) continue;
    squares += static_cast<double>(p.value[i]) * static_cast<double>(p.value[i]);
    count += 1;
  }
  if (count == 0) return 1;
  return std::clamp(static_cast<float>(std::sqrt(squares / count)) / kUsualSize, kLeastScale, kMostScale);
}

struct Block {
  std::size_t parameter, first, last;
};

std::vector<Block> blocks_of(std::span<const Parameter> parameters) {
  std::vector<Block> blocks;
  for (std::size_t p = 0; p < parameters.size(); ++p)
    for (std::size_t i = 0; i < parameters[p].value.size(); i += kBlock)
      blocks.push_back({p, i, std::min(i + kBlock, parameters[p].value.size())});
  return blocks;
}

// Half a cosine from 1 to 0 without the mathematical library: a polynomial of the sine, error below 1e-7.
double half_cosine(double x) {
  const double t = (x - 0.5) * 3.14159265358979323846, tt = t * t;
  double term = t, sine = 0;
  for (int i = 1; i < 20; i += 2) {
    sine += term;
    term *= -tt / ((i + 1) * (i + 2));
  }
  return 0.5 * (1 - sine);
}

}  // namespace

float learning_rate(const TrainOptions& o, std::size_t step, std::size_t steps) {
  const double at = static_cast<double>(step) + 0.5, warm = static_cast<double>(o.warmup) * static_cast<double>(steps);
  const double share = at < warm ? at / warm : half_cosine((at - warm) / (static_cast<double>(steps) - warm));
  return o.learning_rate * static_cast<float>(share);
}

Descent::Descent(const TrainOptions& options, std::span<const Parameter> parameters) : options_(options) {
  for (const Parameter& p : parameters) {
    first_.emplace_back(p.value.size());
    sum_.emplace_back(p.value.size());
    scale_.push_back(step_scale(p));
    second_.emplace_back(options.optimizer == TrainOptions::Optimizer::adam ? p.value.size() : 0);
  }
}

void Descent::step(std::span<Parameter> parameters, const std::vector<std::vector<std::vector<float>>>& gradients,
                   std::size_t chunks, float learning_rate) {
  const auto blocks = blocks_of(parameters);
  std::vector<double> squares(blocks.size());
  parallel_for(blocks.size(), [&](std::size_t b, int) {
    const auto [p, first, last] = blocks[b];
    float* sum = sum_[p].data();
    std::copy(gradients[0][p].begin() + static_cast<std::ptrdiff_t>(first),
              gradients[0][p].begin() + static_cast<std::ptrdiff_t>(last), sum + first);
    for (std::size_t c = 1; c < chunks; ++c) {
      const float* g = gradients[c][p].data();
      for (std::size_t i = first; i < last; ++i) sum[i] += g[i];
    }
    const std::uint8_t* keep = parameters[p].keep.empty() ? nullptr : parameters[p].keep.data();
    double total = 0;
    for (std::size_t i = first; i < last; ++i) {
      if (keep && !keep[i]) sum[i] = 0;
      total += static_cast<double>(sum[i]) * static_cast<double>(sum[i]);
    }
    squares[b] = total;
  });
  double norm = 0;
  for (const double s : squares) norm += s;
  norm = std::sqrt(norm);
  const float factor = options_.clip > 0 && norm > static_cast<double>(options_.clip)
                           ? static_cast<float>(static_cast<double>(options_.clip) / norm)
                           : 1.0f;
  decay1_ *= kBeta1;
  decay2_ *= kBeta2;
  const bool adam = options_.optimizer == TrainOptions::Optimizer::adam;
  const float rate2 = static_cast<float>(1 / (1 - decay2_));
  parallel_for(blocks.size(), [&](std::size_t b, int) {
    const auto [p, first, last] = blocks[b];
    Parameter& parameter = parameters[p];
    const float rate1 = static_cast<float>(learning_rate / (1 - decay1_)) * scale_[p];
    const float decay = parameter.weight ? learning_rate * options_.weight_decay : 0.0f;
    const std::uint8_t* keep = parameter.keep.empty() ? nullptr : parameter.keep.data();
    float *value = parameter.value.data(), *m = first_[p].data();
    const float* g = sum_[p].data();
    for (std::size_t i = first; i < last; ++i) {
      if (keep && !keep[i]) continue;
      const float gradient = g[i] * factor;
      value[i] -= decay * value[i];
      if (adam) {
        float& v = second_[p][i];
        m[i] = static_cast<float>(kBeta1) * m[i] + static_cast<float>(1 - kBeta1) * gradient;
        v = static_cast<float>(kBeta2) * v + static_cast<float>(1 - kBeta2) * gradient * gradient;
        value[i] -= rate1 * m[i] / (std::sqrt(v * rate2) + kEpsilon);
      } else {
        m[i] = options_.momentum * m[i] + gradient;
        value[i] -= learning_rate * m[i];
      }
    }
  });
}

}  // namespace tinyc
