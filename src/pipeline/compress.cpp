#include "pipeline/compress.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include "pipeline/finetune_hook.h"
#include "pipeline/measure.h"
#include "pipeline/plan_quantization.h"
#include "pipeline/targets.h"
#include "tinyc/emit.h"
#include "tinyc/error.h"
#include "tinyc/executor.h"

namespace tinyc {
namespace {

constexpr std::size_t kSyntheticSamples = 32, kTrainingCalibration = 500, kSyntheticElements = std::size_t{1} << 26,
                      kSqnrSamples = 4;

// Fewer where an input is so large that the usual number would not fit into memory.
std::size_t synthetic_samples(const Graph& g) {
  std::size_t elements = 1;
  for (const auto id : g.inputs) elements += static_cast<std::size_t>(num_elements(g.at(id).shape));
  return std::clamp<std::size_t>(kSyntheticElements / elements, 1, kSyntheticSamples);
}

// Passes that plan_quantization puts into their places, and training on the grids that it chose.
bool is_planned(const std::string& name) {
  return name == "equalize" || name == "calibrate" || name == "weight_grid" || name == "correct_bias" ||
         name == "round_weights" || name == "train_quantized";
}

// The passes of one side of quantization, in order, without the planned ones.
std::vector<const Pass*> default_passes(const Graph& g, const CompressSettings& s, bool training, bool samples) {
  using Criterion = PassOptions::Prune::Criterion;
  const Criterion criterion = s.pass_options.prune.criterion;
  const bool obs = criterion == Criterion::obs || (criterion == Criterion::automatic && samples);
  const bool prune = s.pass_options.prune.fraction > 0, channels = s.pass_options.prune_channels.fraction > 0;
  std::vector<const Pass*> list;
  for (const Pass& p : all_passes()) {
    const std::string name = p.name;
    if (name == "prune_channels" && (!channels || training)) continue;
    if (name == "prune_channels_gradual" && (!channels || !training)) continue;
    if (name == "prune_magnitude" && (!prune || training || obs)) continue;
    if (name == "prune_obs" && (!prune || training || !obs)) continue;
    if (name == "prune_gradual" && (!prune || !training)) continue;
    if (name == "finetune" && (!training || prune || channels)) continue;  // pruning trains by itself
    if (is_planned(name)) continue;
    if (name == "quantize_int8")
      std::ranges::copy_if(s.loaded_passes, std::back_inserter(list),
                           [](const Pass* l) { return l->any_stage || l->needs == Stage::Float; });
    if (name == "share_weights")
      std::ranges::copy_if(s.loaded_passes, std::back_inserter(list),
                           [](const Pass* l) { return !l->any_stage && l->needs != Stage::Float; });
    if (g.stage != Stage::Float && !p.any_stage && p.needs == Stage::Float) continue;
    list.push_back(&p);
    // pruning can leave whole channels without weights
    if (name == "prune_magnitude" || name == "prune_obs" || name == "prune_gradual")
      list.push_back(find_pass("eliminate_dead_channels"));
  }
  return list;
}

std::vector<const Pass*> chosen_passes(const Graph& g, const CompressSettings& s, bool training, bool samples) {
  if (s.passes.empty()) return default_passes(g, s, training, samples);
  std::vector<const Pass*> list;
  for (const auto& name : s.passes) {
    const Pass* p = find_pass(name);
    for (const Pass* loaded : s.loaded_passes)
      if (name == loaded->name) p = loaded;
    if (!p) throw Error(ErrorKind::usage, "unknown pass '" + printable(name) + "'", "`tinyc passes` lists them");
    list.push_back(p);
  }
  return list;
}

// 4 bytes for each weight and bias that is not zero.
std::uint64_t real_bytes(const Graph& g) {
  std::vector<std::uint8_t> seen(g.tensors.size(), 0);
  std::uint64_t bytes = 0;
  for (const Node& n : g.nodes)
    for (const auto id : n.inputs) {
      if (id == kNoTensor || !g.at(id).is_const() || g.at(id).dtype != DType::f32) continue;
      if (std::exchange(seen[static_cast<std::size_t>(id)], 1)) continue;
      const auto values = g.at(id).as<float>();
      bytes += 4 * (values.size() - static_cast<std::size_t>(std::ranges::count(values, 0.0f)));
    }
  return bytes;
}

void measure(const Import& model, const std::optional<Graph>& real, const Program& p, const Dataset& d,
             const std::string& metric, bool synthetic, Report& r) {
  const auto& output = p.values[static_cast<std::size_t>(p.outputs[0])];
  const MetricData m{&d, synthetic ? std::min<std::size_t>(d.samples(), 8) : d.samples(), output.elements(),
                     output.type == DType::i32};
  Accuracy& a = r.accuracy.emplace();
  a.synthetic = synthetic;
  a.metric = resolve_metric(metric, m);
  const RealOutputs compressed = real_outputs(p, d, m.samples);
  // an already quantized model is its own reference: lowered without any pass
  const RealOutputs reference = model.graph.stage == Stage::Float ? run_float(model.graph, d, m.samples)
                                                                  : real_outputs(lower(model.graph), d, m.samples);
  compare(reference, compressed, m, a);
  const auto value = [&](const RealOutputs& outputs) -> std::optional<double> {
    if (a.metric == "cosine") return mean_cosine(reference, outputs, m);
    return score(a.metric, outputs, m);
  };
  a.float_value = a.metric == "cosine" ? 1.0 : score(a.metric, reference, m);
  a.compressed = value(compressed);
  if (!a.float_value || !a.compressed || synthetic) return;
  r.trade_off.push_back({"as given", r.float_weight_bytes, *a.float_value});
  if (real) r.trade_off.push_back({"before quantization", real_bytes(*real), *value(run_float(*real, d, m.samples))});
  r.trade_off.push_back({"compressed", r.flash.weights + r.flash.tables + r.flash.params, *a.compressed});
}

// The user's own training, recorded like a pass.
PassRecord run_hook(Graph& g, const CompressInputs& in, const CompressSettings& s, const PassOptions& o) {
  FinetuneHook hook;
  hook.command = s.finetune_hook;
  hook.timeout_seconds = s.hook_timeout;
  hook.data = in.training;
  hook.calibration = o.made_up_samples ? nullptr : o.calibration;
  hook.options = o.training.options;
  hook.int8 = s.int8;
  const auto start = std::chrono::steady_clock::now();
  PassRecord record;
  record.name = "finetune_hook";
  record.bytes_before = record.bytes_after = constant_bytes(g);
  record.changed = true;
  record.notes = run_finetune_hook(g, in.teacher ? *in.teacher : in.model->graph, hook);
  record.ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  return record;
}

}  // namespace

Compressed compress(const CompressInputs& in, const CompressSettings& s) {
  const Import& model = *in.model;
  if (!is_c_identifier(s.name))
    throw Error(ErrorKind::usage, "'" + printable(s.name) + "' is not a C identifier", "choose another --name");
  if (model.graph.stage == Stage::Float && !s.int8 && s.passes.empty())
    throw Error(ErrorKind::usage, "this is a float model and microcontroller code is int8", "add --int8");
  const auto progress = [&](const char* stage, double fraction) {
    if (s.progress) s.progress(stage, fraction);
  };

  Compressed out;
  out.graph = in.student ? in.student->graph : model.graph;
  out.graph.name = s.name;
  Report& r = out.report;

  Dataset synthetic;
  const Dataset* calibration = in.calibration;
  PassOptions options = s.pass_options;
  const bool needs_samples = out.graph.stage == Stage::Float;
  if (!calibration && in.training) {
    calibration = in.training;
    if (!options.calibration_samples) options.calibration_samples = kTrainingCalibration;
  }
  if (!calibration) {
    synthetic = synthetic_dataset(model.graph, synthetic_samples(model.graph), s.seed);
    calibration = &synthetic;
    options.made_up_samples = true;
    if (needs_samples)
      r.warnings.push_back(
          "no calibration data: ranges come from made-up samples and accuracy is NOT measured; give --calib DATA");
  }
  options.calibration = calibration;
  if (in.training && !needs_samples)
    throw Error(ErrorKind::usage, "only float models can be trained, this one is quantized already",
                "give the float model it was made from");
  const bool hooked = !s.finetune_hook.empty();
  if (hooked && !in.training)
    throw Error(ErrorKind::usage, "the fine-tuning hook needs samples", "give --finetune DATA");
  if (hooked && s.qat)
    throw Error(ErrorKind::usage, "--qat trains inside tinyc, and --finetune-hook trains outside",
                "choose one of them");
  if (s.qat && !in.training)
    throw Error(ErrorKind::usage, "quantization-aware training needs samples", "give --finetune DATA");
  options.training.data = in.training;
  options.training.teacher = in.teacher;

  progress("passes", 0.1);
  Graph float_graph;  // as it was just before quantization
  const auto run = [&](std::span<const Pass* const> passes) {
    const auto records = run_passes(out.graph, passes, options, [&](const Pass& p, const Graph& g) {
      if (g.stage == Stage::Float) float_graph = g;
      if (s.after_pass) s.after_pass(p, g);
    });
    r.passes.insert(r.passes.end(), records.begin(), records.end());
  };
  const auto passes =
      chosen_passes(out.graph, s, in.training != nullptr && !hooked, in.calibration != nullptr && !hooked);
  const auto quantize = s.passes.empty() ? std::ranges::find(passes, find_pass("quantize_int8")) : passes.end();
  const auto trained = std::find_if(passes.begin(), quantize, [](const Pass* p) {
    return p == find_pass("calibrate") || p == find_pass("quantize_int8");
  });
  run({passes.begin(), trained});
  if (hooked) {
    progress("hook", 0.15);
    r.passes.push_back(run_hook(out.graph, in, s, options));
    float_graph = out.graph;
  }
  run({trained, quantize});
  if (out.graph.stage == Stage::Float) out.real_graph = out.graph;
  if (quantize != passes.end()) {
    progress("plan", 0.2);
    const QuantizationPlan plan =
        calibration != &synthetic ? plan_quantization(out.graph, options) : plain_quantization(options);
    options = plan.options;
    if (calibration != &synthetic) r.passes.push_back(plan.record);
    run(plan.passes);
    if (in.training && s.qat) run({{find_pass("train_quantized")}});
    run({quantize, passes.end()});
  }
  if (out.graph.stage == Stage::Float)
    throw Error(ErrorKind::usage, "the chosen passes leave a float graph",
                "end the list with calibrate,quantize_int8,huffman_code");

  progress("lower", 0.6);
  out.program = lower(out.graph);
  out.program.name = s.name;

  r.model_name = s.name;
  r.sha256 = model.facts.sha256;
  r.target = s.target;
  r.params = model.facts.params;
  r.file_bytes = model.facts.file_bytes;
  r.float_weight_bytes = 4 * model.facts.params;
  for (const Node& n : model.graph.nodes) r.macs_before += macs(model.graph, n);
  describe(out.program, r);
  const auto sources = emit_c(out.program);
  std::set<std::string> symbols{"tinyc_run"};
  for (const Layer& l : out.program.layers) symbols.insert(l.kernel->symbol);
  const auto measured =
      measure_code_bytes(*find_target(s.target), sources.at("tinyc_rt.h"), sources.at("tinyc_rt.c"), symbols);
  r.code_bytes = measured.value_or(estimate_code_bytes(sources.at("tinyc_rt.c")));
  r.code_estimated = !measured;

  progress("measure", 0.7);
  const Dataset* data = in.evaluation ? in.evaluation : calibration;
  const bool lossy = in.training || (out.real_graph && real_bytes(*out.real_graph) < real_bytes(model.graph));
  measure(model, lossy ? out.real_graph : std::nullopt, out.program, *data, s.metric, data == &synthetic, r);
  if (!in.evaluation && in.calibration)
    r.warnings.push_back("accuracy was measured on the calibration samples; give --eval DATA for other ones");
  if (!float_graph.nodes.empty()) {
    const auto sqnr = layer_sqnr(float_graph, out.program, *data, std::min<std::size_t>(data->samples(), kSqnrSamples));
    for (LayerReport& l : r.layers)
      if (const auto found = sqnr.find(static_cast<std::size_t>(l.index)); found != sqnr.end())
        l.sqnr_db = found->second;
  }
  progress("done", 1.0);
  return out;
}

bool higher_is_better(const std::string& metric) noexcept { return metric != "mse"; }

namespace {
std::string points(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", 100 * share);
  return text;
}
}  // namespace

std::vector<std::string> failed_gates(const Report& r, const Gates& g, const Report* baseline) {
  std::vector<std::string> failed;
  const auto over = [&](const char* what, std::uint64_t value, std::uint64_t limit, const char* why) {
    if (value > limit)
      failed.push_back(std::string(what) + " is " + std::to_string(value) + " B, " + why + " " + std::to_string(limit) +
                       " B (" + std::to_string(value - limit) + " B too much)");
  };
  if (g.max_flash) over("flash", r.flash_total(), *g.max_flash, "the budget is");
  if (g.max_ram) over("RAM (arena)", r.arena, *g.max_ram, "the budget is");
  const bool measured = r.accuracy && r.accuracy->float_value && r.accuracy->compressed && !r.accuracy->synthetic;
  if ((g.max_drop || g.min_accuracy) && !measured && !baseline)
    failed.push_back("accuracy was not measured, so its gate cannot pass; give --eval with labels");
  if (measured) {
    const double sign = higher_is_better(r.accuracy->metric) ? 1 : -1;
    const double drop = sign * (*r.accuracy->float_value - *r.accuracy->compressed);
    if (g.max_drop && drop > *g.max_drop + 1e-9)
      failed.push_back(r.accuracy->metric + " dropped by " + points(drop) + " points, allowed are " +
                       points(*g.max_drop));
    if (g.min_accuracy && sign * *r.accuracy->compressed < sign * *g.min_accuracy - 1e-9)
      failed.push_back(r.accuracy->metric + " is " + std::to_string(*r.accuracy->compressed) + ", at least " +
                       std::to_string(*g.min_accuracy) + " is required");
  }
  if (baseline) {
    over("flash", r.flash_total(), baseline->flash_total() + baseline->flash_total() / 100, "the baseline plus 1 % is");
    over("RAM (arena)", r.arena, baseline->arena + baseline->arena / 100, "the baseline plus 1 % is");
    if (baseline->accuracy && baseline->accuracy->compressed && r.accuracy && r.accuracy->compressed &&
        baseline->accuracy->metric == r.accuracy->metric) {
      const double sign = higher_is_better(r.accuracy->metric) ? 1 : -1;
      const double drop = sign * (*baseline->accuracy->compressed - *r.accuracy->compressed);
      if (drop > g.max_drop.value_or(0.005) + 1e-9)
        failed.push_back(r.accuracy->metric + " is " + points(drop) + " points worse than the baseline");
    }
  }
  return failed;
}

}  // namespace tinyc
