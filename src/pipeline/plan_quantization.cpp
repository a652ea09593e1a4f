#include "pipeline/plan_quantization.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>

#include "pipeline/measure.h"
#include "tinyc/executor.h"
#include "tinyc/parallel.h"

namespace tinyc {
namespace {

using Method = PassOptions::CalibMethod;
using Rounding = PassOptions::WeightRounding;

constexpr std::size_t kLeastSamples = 16, kMostSamples = 128;
constexpr std::int64_t kWork = 3'000'000'000;  // multiply-accumulates of one candidate's float runs

/// One way to quantize.
struct Candidate {
  Method method = Method::minmax;
  float equalize = -1;  ///< exponent; negative: none
  enum class Weights : std::uint8_t { nearest, corrected, second_order } weights = Weights::nearest;
  bool operator==(const Candidate&) const = default;
};
using Weights = Candidate::Weights;

std::string name_of(const Candidate& c) {
  constexpr const char* methods[] = {"minmax", "percentile", "mse", "kl", "auto"};
  constexpr const char* weights[] = {"nearest", "least-squares grid + bias correction", "second-order"};
  std::string name = std::string("ranges ") + methods[static_cast<std::size_t>(c.method)];
  if (c.equalize >= 0) {
    char text[32];
    std::snprintf(text, sizeof text, ", equalized %g", static_cast<double>(c.equalize));
    name += text;
  }
  return name + ", weights " + weights[static_cast<std::size_t>(c.weights)];
}

QuantizationPlan plan_of(const Candidate& c, const PassOptions& o) {
  QuantizationPlan plan{{}, o, {"plan_quantization", 0, 0, 0, false, {}}};
  plan.options.calib_method = c.method;
  if (c.equalize >= 0) {
    plan.options.equalize_exponent = c.equalize;
    plan.passes.push_back(find_pass("equalize"));
  }
  plan.passes.push_back(find_pass("calibrate"));
  if (c.weights == Weights::corrected) {
    plan.passes.push_back(find_pass("weight_grid"));
    plan.passes.push_back(find_pass("correct_bias"));
  } else if (c.weights == Weights::second_order) {
    plan.passes.push_back(find_pass("round_weights"));
  }
  return plan;
}

/// The given rows of a dataset's inputs.
Dataset rows_of(const Dataset& d, const std::vector<std::size_t>& rows) {
  Dataset part;
  part.preprocess = d.preprocess;
  for (const Array& a : d.inputs) {
    const std::size_t bytes = a.row_elements() * size_of(a.type);
    Array picked{a.name, a.type, a.shape, {}};
    picked.shape[0] = static_cast<std::int64_t>(rows.size());
    for (const std::size_t i : rows)
      picked.data.insert(picked.data.end(), a.data.begin() + static_cast<std::ptrdiff_t>(i * bytes),
                         a.data.begin() + static_cast<std::ptrdiff_t>((i + 1) * bytes));
    part.inputs.push_back(std::move(picked));
  }
  return part;
}

std::size_t usable_samples(const Graph& g, const PassOptions& o) {
  std::int64_t work = 1;
  for (const Node& n : g.nodes) work += macs(g, n);
  const std::size_t all =
      o.calibration_samples ? std::min(o.calibration_samples, o.calibration->samples()) : o.calibration->samples();
  return std::min({all, kMostSamples, std::max(kLeastSamples, static_cast<std::size_t>(kWork / work))});
}

/// A graph with more outputs: what a final softmax or logistic reads. Behind it, errors show on the few undecided
/// samples only, in front of it those of samples decided long ago count too: both are looked at.
struct Scores {
  Graph graph;
  std::size_t outputs;               ///< of the model
  std::vector<std::size_t> classes;  ///< by further output: behind it is a softmax over so many, or 0

  explicit Scores(const Graph& g) : graph(g), outputs(g.outputs.size()) {
    const Uses uses(g);
    for (const auto id : g.outputs) {
      const std::int32_t producer = uses.producer[static_cast<std::size_t>(id)];
      if (producer < 0) continue;
      const Node& n = g.nodes[static_cast<std::size_t>(producer)];
      const auto in = static_cast<std::size_t>(n.inputs[0]);
      const bool softmax = kind(n.op) == OpKind::softmax;
      if ((!softmax && kind(n.op) != OpKind::logistic) || uses.producer[in] < 0 || uses.is_output[in]) continue;
      graph.outputs.push_back(n.inputs[0]);
      classes.push_back(softmax ? static_cast<std::size_t>(g.at(n.inputs[0]).shape.back()) : 0);
    }
  }

  /// The further outputs. A softmax does not see what all its inputs have in common.
  RealOutputs further(const RealOutputs& all) const {
    RealOutputs result(all.begin() + static_cast<std::ptrdiff_t>(outputs), all.end());
    for (std::size_t k = 0; k < classes.size(); ++k)
      for (std::size_t i = 0; classes[k] > 0 && i < result[k].size(); i += classes[k]) {
        const auto row = std::span(result[k]).subspan(i, classes[k]);
        double mean = 0;
        for (const float v : row) mean += static_cast<double>(v) / static_cast<double>(classes[k]);
        for (float& v : row) v -= static_cast<float>(mean);
      }
    return result;
  }

  /// SQNR in dB: mean of that of the outputs and that of the further ones.
  double sqnr(const RealOutputs& reference, const RealOutputs& compressed) const {
    const auto own = [&](const RealOutputs& all) {
      return RealOutputs(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(outputs));
    };
    Accuracy a;
    compare(own(reference), own(compressed), {}, a);
    if (classes.empty()) return a.sqnr_db;
    Accuracy b;
    compare(further(reference), further(compressed), {}, b);
    return 0.5 * (a.sqnr_db + b.sqnr_db);
  }
};

/// Measures candidates and remembers what it has seen.
class Trial {
 public:
  Trial(const Graph& g, const PassOptions& o, std::size_t samples) : scores_(g), options_(o) {
    const std::size_t all =
        o.calibration_samples ? std::min(o.calibration_samples, o.calibration->samples()) : o.calibration->samples();
    std::vector<std::size_t> seen, held_out;
    for (std::size_t i = 0; i < samples; ++i) (i % 4 == 3 ? held_out : seen).push_back(i * all / samples);
    seen_ = rows_of(*o.calibration, seen);
    held_out_ = rows_of(*o.calibration, held_out);
    options_.calibration = &seen_;
    options_.calibration_samples = 0;
    reference_ = run_float(scores_.graph, held_out_, held_out_.samples());
  }

  double sqnr(const Candidate& c) {
    for (const auto& [known, value] : seen_candidates_)
      if (known == c) return value;
    check_interrupt();
    const QuantizationPlan plan = plan_of(c, options_);
    Graph g = calibrated(plan, c);
    const auto after = std::ranges::find(plan.passes, find_pass("calibrate")) + 1;
    for (auto p = after; p != plan.passes.end(); ++p) (*p)->run(g, plan.options);
    find_pass("quantize_int8")->run(g, plan.options);
    const Program program = lower(g);
    const std::size_t n = held_out_.samples();
    const double sqnr = scores_.sqnr(reference_, real_outputs(program, held_out_, n));
    char text[48];
    std::snprintf(text, sizeof text, ": %.2f dB on %zu held-out samples", sqnr, n);
    notes.push_back(name_of(c) + text);
    seen_candidates_.emplace_back(c, sqnr);
    return sqnr;
  }

  std::vector<std::string> notes;

 private:
  // Several candidates differ only in what follows.
  const Graph& calibrated(const QuantizationPlan& plan, const Candidate& c) {
    const auto [known, fresh] = calibrated_.try_emplace({c.method, c.equalize}, scores_.graph);
    for (auto p = plan.passes.begin(); fresh && p != plan.passes.end(); ++p) {
      (*p)->run(known->second, plan.options);
      if (*p == find_pass("calibrate")) break;
    }
    return known->second;
  }

  Scores scores_;
  PassOptions options_;
  Dataset seen_, held_out_;
  std::map<std::pair<Method, float>, Graph> calibrated_;
  RealOutputs reference_;
  std::vector<std::pair<Candidate, double>> seen_candidates_;
};

/// An autoencoder is asked about the very inputs that calibration samples do not show: ranges that are fitted to these
/// (clipped, or equalized channel by channel) would hide what it must notice.
bool reconstructs(const Graph& g) {
  if (g.inputs.size() != 1 || g.outputs.size() != 1) return false;
  const auto elements = num_elements(g.at(g.outputs[0]).shape);
  return elements > 1 && elements == num_elements(g.at(g.inputs[0]).shape);
}

}  // namespace

QuantizationPlan plain_quantization(const PassOptions& o) {
  Candidate c;
  c.method = o.calib_method == Method::automatic ? Method::minmax : o.calib_method;
  return plan_of(c, o);
}

QuantizationPlan plan_quantization(const Graph& g, const PassOptions& o) {
  const auto start = std::chrono::steady_clock::now();
  const std::size_t samples = usable_samples(g, o);
  if (samples < kLeastSamples) {
    QuantizationPlan plan = plain_quantization(o);
    plan.record.notes.push_back("fewer than " + std::to_string(kLeastSamples) +
                                " calibration samples: no ways to quantize were compared");
    return plan;
  }
  std::vector<Method> methods{o.calib_method};
  const bool wide = reconstructs(g);
  if (o.calib_method == Method::automatic) methods = {Method::minmax};
  if (o.calib_method == Method::automatic && !wide) methods.push_back(Method::automatic);
  std::vector<Weights> weights{Weights::second_order};
  if (o.weight_rounding == Rounding::nearest) weights = {Weights::nearest, Weights::corrected};
  if (o.weight_rounding == Rounding::automatic && o.bit_price == 0)
    weights = {Weights::nearest, Weights::corrected, Weights::second_order};

  Trial trial(g, o, samples);
  Candidate best{methods.front(), -1, weights.front()};
  double highest = trial.sqnr(best);
  const auto consider = [&](const Candidate& c) {
    if (c == best) return;
    if (const double sqnr = trial.sqnr(c); sqnr > highest) {
      highest = sqnr;
      best = c;
    }
  };
  // all that usually pays at once, then each part alone (where one candidate is no work of many seconds)
  if (!wide) consider({methods.back(), 0.5f, weights.back()});
  std::int64_t work = 0;
  for (const Node& n : g.nodes) work += macs(g, n);
  const bool heavy = work * static_cast<std::int64_t>(kLeastSamples) > kWork;
  if (heavy && wide) consider({methods.front(), -1, weights.back()});
  for (const Weights w : weights)
    if (!heavy && w != Weights::nearest) consider({best.method, best.equalize, w});
  for (const float e : {-1.0f, 0.5f, 1.0f})
    if (!heavy && (!wide || e < 0)) consider({best.method, e, best.weights});
  for (const Method m : methods)
    if (!heavy) consider({m, best.equalize, best.weights});

  QuantizationPlan plan = plan_of(best, o);
  plan.record.notes = std::move(trial.notes);
  plan.record.notes.insert(plan.record.notes.begin(), "chosen: " + name_of(best));
  plan.record.ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  return plan;
}

}  // namespace tinyc
