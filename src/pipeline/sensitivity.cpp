#include "pipeline/sensitivity.h"

#include <algorithm>
#include <cmath>

#include "pipeline/measure.h"
#include "tinyc/error.h"
#include "tinyc/executor.h"

namespace tinyc {
namespace {

// The exact passes that the pipeline runs in front of pruning.
Graph prepared(const Graph& model) {
  Graph g = model;
  std::vector<const Pass*> passes;
  for (const Pass& p : all_passes()) {
    if (std::string(p.name) == "prune_channels") break;
    if (p.exact) passes.push_back(&p);
  }
  run_passes(g, passes, {});
  return g;
}

Graph pruned(const Graph& g, double sparsity, PassOptions::Prune::Kind kind) {
  PassOptions o;
  o.prune.fraction = static_cast<float>(sparsity);
  o.prune.kind = kind;
  o.prune.per_layer = true;
  Graph result = g;
  find_pass("prune_magnitude")->run(result, o);
  return result;
}

struct Prunable {
  TensorId id;
  std::string name;
};

// The weights that pruning changes, by the first node that reads them.
std::vector<Prunable> prunable_layers(const Graph& g, const Graph& sparse) {
  std::vector<Prunable> layers;
  for (const Node& n : g.nodes)
    for (const TensorId id : n.inputs) {
      if (id == kNoTensor || !g.at(id).is_const() || *g.at(id).data == *sparse.at(id).data) continue;
      if (std::ranges::any_of(layers, [&](const Prunable& p) { return p.id == id; })) continue;
      layers.push_back({id, n.name.empty() ? g.at(n.outputs[0]).name : n.name});
    }
  return layers;
}

double share_of_zeros(const Tensor& t) {
  const auto w = t.as<float>();
  return static_cast<double>(std::ranges::count(w, 0.0f)) / static_cast<double>(w.size());
}

double value_of(const std::string& metric, const RealOutputs& reference, const RealOutputs& outputs,
                const MetricData& m, const Accuracy& against) {
  if (metric == "agreement") return against.agreement;
  if (metric == "sqnr") return against.sqnr_db;
  if (metric == "cosine") return mean_cosine(reference, outputs, m);
  return *score(metric, outputs, m);
}

}  // namespace

Sensitivity sensitivity(const Graph& model, const Dataset& d, const SensitivitySettings& settings) {
  if (model.stage != Stage::Float)
    throw Error(ErrorCode::needs_float_model,
                "sensitivity is measured on float models, and this one is quantized already",
                "give the model it was made from");
  for (const double step : settings.steps)
    if (!(step > 0 && step < 1)) throw Error(ErrorCode::bad_value, "a sparsity must be above 0 and below 1");
  const Graph g = prepared(model);
  const TensorId output = g.outputs[0];
  const MetricData m{&d, d.samples(), static_cast<std::size_t>(num_elements(g.at(output).shape)),
                     index_tensors(g)[static_cast<std::size_t>(output)] != 0};
  Sensitivity s;
  s.samples = m.samples;
  s.steps = settings.steps;
  std::ranges::sort(s.steps);
  s.metric = settings.metric;
  if (s.metric == "auto" && !d.labels) s.metric = m.output_elements > 1 || m.positions ? "agreement" : "sqnr";
  if (s.metric != "agreement" && s.metric != "sqnr") s.metric = resolve_metric(s.metric, m);

  const RealOutputs reference = run_float(g, d, m.samples);
  Accuracy same;
  same.agreement = 1;
  if (s.metric != "sqnr") s.reference = value_of(s.metric, reference, reference, m, same);
  std::vector<Graph> sparse;
  sparse.reserve(s.steps.size());
  for (const double step : s.steps) sparse.push_back(pruned(g, step, settings.kind));
  const auto layers = prunable_layers(g, sparse.back());
  std::size_t done = 0;
  for (const Prunable& layer : layers) {
    Sensitivity::Layer& l = s.layers.emplace_back();
    l.name = layer.name;
    l.weights = num_elements(g.at(layer.id).shape);
    for (const Graph& other : sparse) {
      if (settings.progress)
        settings.progress("sensitivity",
                          static_cast<double>(done++) / static_cast<double>(layers.size() * sparse.size()));
      Graph one = g;
      one.at(layer.id) = other.at(layer.id);
      const RealOutputs outputs = run_float(one, d, m.samples);
      Accuracy against;
      compare(reference, outputs, m, against);
      l.points.push_back(
          {share_of_zeros(one.at(layer.id)), value_of(s.metric, reference, outputs, m, against), against.sqnr_db});
    }
  }
  return s;
}

}  // namespace tinyc
