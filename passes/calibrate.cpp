// calibrate: records the real range of every activation from samples.
//
//   before:  %c = conv_2d(%x, %w, %b) : f32[1,8,8,16]
//   after:   %c = conv_2d(%x, %w, %b) : f32[1,8,8,16] range(-1.25,3.5)
//
// minmax      the extreme values seen (TFLite converter's rule)
// percentile  the two-sided percentile of a 2048-bin histogram over the extreme values
// mse         the clipping of that histogram with the least expected squared error of 8-bit rounding and clipping
//             (Nagel et al. 2021, "A White Paper on Neural Network Quantization", section 3.1)
// automatic   for each activation, the one of these with the least expected squared error
// kl          the clipping whose 8-bit reconstruction has the least Kullback-Leibler divergence (Migacz 2017, GTC 8-bit
//             inference talk), one-sided search at both ends
//
// Values that all readers of an activation treat alike (below -3 for hard_swish, beyond +-6.5 for logistic) count as
// the border of that region: int8 steps spent on them would be wasted.
//
// Needs samples. Counts are integers and extremes are order-free, so the result does not depend on threads.
#include <algorithm>
#include <cmath>
#include <limits>

#include "tinyc/distinguished_ranges.h"
#include "tinyc/error.h"
#include "tinyc/executor.h"
#include "tinyc/parallel.h"
#include "tinyc/pass.h"

namespace tinyc {
namespace {

constexpr std::size_t kBins = 2048;
constexpr std::size_t kLevels = 256;
using Histogram = std::vector<std::uint32_t>;

struct Extremes {
  float min = std::numeric_limits<float>::infinity(), max = -std::numeric_limits<float>::infinity();
  bool finite = true;
};

std::vector<Extremes> find_extremes(const Graph& g, const Dataset& d, std::size_t n,
                                    const std::vector<Range>& distinguished) {
  std::vector<std::vector<Extremes>> by_worker(static_cast<std::size_t>(thread_count()),
                                               std::vector<Extremes>(g.tensors.size()));
  observe_float(g, d, n, [&](std::size_t, int worker, TensorId id, std::span<const float> values) {
    auto& e = by_worker[static_cast<std::size_t>(worker)][static_cast<std::size_t>(id)];
    float lo = e.min, hi = e.max, sum = 0;
    for (const float v : values) {
      lo = v < lo ? v : lo;
      hi = v > hi ? v : hi;
      sum += v * 0.0f;  // NaN and infinity survive, everything else adds nothing
    }
    e.min = lo;
    e.max = hi;
    e.finite = e.finite && sum == 0.0f;
  });
  auto all = by_worker[0];
  for (const auto& worker : by_worker)
    for (std::size_t i = 0; i < all.size(); ++i) {
      all[i].min = std::min(all[i].min, worker[i].min);
      all[i].max = std::max(all[i].max, worker[i].max);
      all[i].finite = all[i].finite && worker[i].finite;
    }
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].min > all[i].max) continue;  // never seen
    all[i].min = std::clamp(all[i].min, distinguished[i].min, distinguished[i].max);
    all[i].max = std::clamp(all[i].max, distinguished[i].min, distinguished[i].max);
  }
  return all;
}

std::vector<Histogram> count(const Graph& g, const Dataset& d, std::size_t n, const std::vector<Extremes>& extremes) {
  std::vector<std::vector<Histogram>> by_worker(static_cast<std::size_t>(thread_count()),
                                                std::vector<Histogram>(g.tensors.size()));
  observe_float(g, d, n, [&](std::size_t, int worker, TensorId id, std::span<const float> values) {
    auto& h = by_worker[static_cast<std::size_t>(worker)][static_cast<std::size_t>(id)];
    h.resize(kBins);
    const auto& e = extremes[static_cast<std::size_t>(id)];
    const float width = (e.max - e.min) / static_cast<float>(kBins);
    for (const float v : values) {
      const float position = width > 0 ? (v - e.min) / width : 0.0f;
      ++h[static_cast<std::size_t>(std::clamp(position, 0.0f, static_cast<float>(kBins - 1)))];
    }
  });
  auto all = std::move(by_worker[0]);
  for (std::size_t w = 1; w < by_worker.size(); ++w)
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (by_worker[w][i].empty()) continue;
      all[i].resize(kBins);
      for (std::size_t b = 0; b < kBins; ++b) all[i][b] += by_worker[w][i][b];
    }
  return all;
}

// Bins [lo, hi) kept by a clipping.
struct Clip {
  std::size_t lo = 0, hi = kBins;
};

Clip percentile_clip(const Histogram& h, float percentile) {
  double total = 0;
  for (const auto c : h) total += c;
  const double tail = total * (100.0 - static_cast<double>(percentile)) / 200.0;
  Clip clip;
  for (double cut = h[clip.lo]; cut <= tail && clip.lo + 1 < clip.hi; cut += h[clip.lo]) ++clip.lo;
  for (double cut = h[clip.hi - 1]; cut <= tail && clip.hi - 1 > clip.lo; cut += h[clip.hi - 1]) --clip.hi;
  return clip;
}

// Expected squared error in units of bins: rounding noise inside, distance to the border outside.
double squared_error(const Histogram& h, Clip c) {
  const double step = static_cast<double>(c.hi - c.lo) / (kLevels - 1);
  double error = 0;
  for (std::size_t b = 0; b < kBins; ++b) {
    if (h[b] == 0) continue;
    const double x = static_cast<double>(b) + 0.5, lo = static_cast<double>(c.lo), hi = static_cast<double>(c.hi);
    const double outside = x < lo ? lo - x : x > hi ? x - hi : 0.0;
    error += h[b] * (outside > 0 ? outside * outside : step * step / 12.0);
  }
  return error;
}

double entropy(double v) { return v > 0 ? v * std::log(v) : 0.0; }

// Of the histogram with its tails moved into the outermost bins that are kept, from what the kept bins become as 8-bit
// levels: sum over bins of p log(p / q), where q is the same for all bins of a level that hold anything.
class Divergence {
 public:
  explicit Divergence(const Histogram& h) : h_(h), entropy_(kBins) {
    for (std::size_t b = 0; b < kBins; ++b) entropy_[b] = entropy(h[b]);
  }

  double operator()(const Histogram&, Clip c) const {
    constexpr double kNothing = 1e-9;  // instead of the logarithm of 0
    double below = 0, above = 0, inside = 0;
    for (std::size_t b = 0; b < c.lo; ++b) below += h_[b];
    for (std::size_t b = c.hi; b < kBins; ++b) above += h_[b];
    for (std::size_t b = c.lo; b < c.hi; ++b) inside += h_[b];
    if (inside == 0) return std::numeric_limits<double>::infinity();
    double sum = 0;
    for (const auto& [b, tail] : {std::pair{c.lo, below}, std::pair{c.hi - 1, above}}) {
      sum += entropy(h_[b] + tail) - entropy_[b];
      if (h_[b] == 0) sum -= tail * std::log(kNothing);
    }
    const std::size_t n = c.hi - c.lo;
    for (std::size_t level = 0; level < kLevels; ++level) {
      const std::size_t from = c.lo + n * level / kLevels, to = c.lo + n * (level + 1) / kLevels;
      double mass = 0, used = 0;
      for (std::size_t b = from; b < to; ++b) {
        mass += h_[b];
        used += h_[b] > 0;
        sum += entropy_[b];
      }
      if (used == 0) continue;
      const double tails =
          (from == c.lo && h_[c.lo] > 0 ? below : 0.0) + (to == c.hi && h_[c.hi - 1] > 0 ? above : 0.0);
      sum -= (mass + tails) * std::log(mass / used / inside);
    }
    const double total = below + inside + above;
    return sum / total - std::log(total);
  }

 private:
  const Histogram& h_;
  std::vector<double> entropy_;  // of each bin: h log h
};

// Shrinks the end that gains more, in steps of 1/128 of the histogram, while the measure falls; then accepts the best
// seen.
template <class Measure>
Clip search(const Histogram& h, const Measure& measure) {
  constexpr std::size_t step = kBins / 128;
  Clip best, at;
  double least = measure(h, at);
  while (at.hi - at.lo > kLevels + step) {
    const Clip left{at.lo + step, at.hi}, right{at.lo, at.hi - step};
    const double l = measure(h, left), r = measure(h, right);
    at = l < r ? left : right;
    if (std::min(l, r) < least) {
      least = std::min(l, r);
      best = at;
    }
  }
  return best;
}

Clip chosen_clip(const Histogram& h, const PassOptions& o) {
  using Method = PassOptions::CalibMethod;
  switch (o.calib_method) {
    case Method::minmax: return {};
    case Method::percentile: return percentile_clip(h, o.percentile);
    case Method::mse: return search(h, squared_error);
    case Method::kl: return search(h, Divergence(h));
    case Method::automatic: break;
  }
  Clip best;
  for (const Clip c : {percentile_clip(h, o.percentile), search(h, squared_error), search(h, Divergence(h))})
    if (squared_error(h, c) < squared_error(h, best)) best = c;
  return best;
}

PassResult run(Graph& g, const PassOptions& o) {
  if (!o.calibration || o.calibration->samples() == 0)
    throw Error(ErrorCode::no_samples, "calibration needs samples", "give --calib DATA");
  const Dataset& d = *o.calibration;
  const std::size_t n = o.calibration_samples ? std::min(o.calibration_samples, d.samples()) : d.samples();
  const auto extremes = find_extremes(g, d, n, distinguished_ranges(g));
  std::vector<Histogram> histograms;
  if (o.calib_method != PassOptions::CalibMethod::minmax) histograms = count(g, d, n, extremes);
  std::vector<Clip> clips(g.tensors.size());
  parallel_for(histograms.size(), [&](std::size_t i, int) {
    if (!histograms[i].empty() && extremes[i].max > extremes[i].min) clips[i] = chosen_clip(histograms[i], o);
  });
  for (std::size_t i = 0; i < g.tensors.size(); ++i) {
    const Extremes& e = extremes[i];
    const Clip clip = clips[i];
    if (e.min > e.max) continue;
    if (!e.finite || !std::isfinite(e.min) || !std::isfinite(e.max))
      throw Error(
          ErrorCode::not_finite,
          "activation '" + printable(g.tensors[i].name) + "' becomes NaN or infinite on the calibration samples",
          "check the samples' scale (--preprocess) and the model");
    const float width = (e.max - e.min) / static_cast<float>(kBins);
    g.tensors[i].range = Range{clip.lo == 0 ? e.min : e.min + width * static_cast<float>(clip.lo),
                               clip.hi == kBins ? e.max : e.min + width * static_cast<float>(clip.hi)};
  }
  return {true, {"ranges of " + std::to_string(n) + " samples"}};
}

}  // namespace

extern const Pass pass_calibrate;
const Pass pass_calibrate{
    "calibrate", "record the range of every activation from samples", Stage::Float, Stage::Float, false, true, run};

}  // namespace tinyc
