#include "train/drawn_answers.h"

#include <algorithm>
#include <cmath>

#include "tinyc/executor.h"

namespace tinyc {
namespace {

constexpr float kInverseTemperature = 0.5f;

// One row's probabilities: d(-log p) / d logits of a class is the same, less 1 at the class.
void soften(std::span<const float> logits, float beta, std::span<float> gradient) {
  const float factor = beta * kInverseTemperature, top = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    gradient[i] = static_cast<float>(portable_exp(static_cast<double>((logits[i] - top) * factor)));
    sum += static_cast<double>(gradient[i]);
  }
  for (float& p : gradient) p = static_cast<float>(static_cast<double>(p) / sum);
}

void draw_class(std::span<const float> logits, float beta, Random& r, std::span<float> gradient) {
  soften(logits, beta, gradient);
  const auto drawn = static_cast<double>(r.uniform());
  std::size_t chosen = 0;
  for (double below = static_cast<double>(gradient[0]); drawn >= below && chosen + 1 < gradient.size();)
    below += static_cast<double>(gradient[++chosen]);
  gradient[chosen] -= 1.0f;
}

double soft_logistic(float score) { return 1 / (1 + portable_exp(-static_cast<double>(score * kInverseTemperature))); }

// Standard deviation of an output over all its elements and samples; 1 for one that never changes.
double deviation_of(const std::vector<float>& values) {
  double sum = 0, squares = 0;
  for (const float v : values)
    sum += static_cast<double>(v), squares += static_cast<double>(v) * static_cast<double>(v);
  const double n = static_cast<double>(values.size()), variance = squares / n - sum / n * (sum / n);
  return variance > 0 ? std::sqrt(variance) : 1.0;
}

}  // namespace

DrawnAnswers::DrawnAnswers(const Graph& g, const Dataset& d, std::size_t n)
    : targets_(find_targets(g)), deviations_(targets_.size(), 1.0) {
  const auto is_real = [](const Target& t) { return t.kind == Target::Kind::real; };
  if (std::ranges::none_of(targets_, is_real)) return;
  const auto outputs = run_float(g, d, n);
  for (std::size_t k = 0; k < targets_.size(); ++k)
    if (is_real(targets_[k])) deviations_[k] = deviation_of(outputs[k]);
}

void DrawnAnswers::draw(std::size_t k, std::span<const float> output, Random& r, float scale,
                        std::span<float> gradient) const {
  const Target& t = targets_[k];
  switch (t.kind) {
    case Target::Kind::classes:
      for (std::int64_t row = 0; row < t.rows; ++row) {
        const auto first = static_cast<std::size_t>(row * t.depth), count = static_cast<std::size_t>(t.depth);
        draw_class(output.subspan(first, count), t.beta, r, gradient.subspan(first, count));
      }
      break;
    case Target::Kind::independent:
      for (std::size_t i = 0; i < output.size(); ++i) {
        const double p = soft_logistic(output[i]);
        gradient[i] = static_cast<float>(p - (static_cast<double>(r.uniform()) < p ? 1.0 : 0.0));
      }
      break;
    case Target::Kind::real:
      for (float& v : gradient) v = static_cast<float>(static_cast<double>(r.normal()) / deviations_[k]);
  }
  for (float& v : gradient) v *= scale;
}

void DrawnAnswers::answer(std::size_t k, std::span<const float> output, std::size_t label, float scale,
                          std::span<float> gradient) const {
  if (targets_[k].kind == Target::Kind::independent) {
    gradient[0] = static_cast<float>(soft_logistic(output[0]) - static_cast<double>(label));
  } else {
    soften(output, targets_[k].beta, gradient);
    gradient[label] -= 1.0f;
  }
  for (float& v : gradient) v *= scale;
}

}  // namespace tinyc
