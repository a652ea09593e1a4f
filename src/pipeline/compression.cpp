#include "pipeline/compression.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "pipeline/activations.h"
#include "pipeline/finetune_hook.h"
#include "pipeline/plan_quantization.h"
#include "pipeline/targets.h"
#include "tinyc/emit.h"
#include "tinyc/error.h"
#include "tinyc/executor.h"

namespace tinyc {
namespace {

constexpr std::size_t kSyntheticSamples = 32, kTrainingCalibration = 500, kSyntheticElements = std::size_t{1} << 26,
                      kSqnrSamples = 4, kHistogramSamples = 32;

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
    if (!p) throw Error(ErrorCode::unknown_name, "unknown pass '" + printable(name) + "'", "`tinyc passes` lists them");
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

std::vector<const Pass*> planned_passes(const CompressInputs& in, const CompressSettings& s) {
  const Compression checked(in, s);
  const bool hooked = !s.finetune_hook.empty();
  const Graph& g = in.student ? in.student->graph : in.model->graph;
  return chosen_passes(g, s, in.training != nullptr && !hooked, in.calibration != nullptr && !hooked);
}

Compression::Compression(const CompressInputs& in, const CompressSettings& s)
    : in_(in), s_(s), options_(s.pass_options), graph_(in.student ? in.student->graph : in.model->graph) {
  const auto need = [](bool ok, const std::string& message, const char* hint) {
    if (!ok) throw Error(ErrorCode::missing_option, message, hint);
  };
  const bool is_float = in.model->graph.stage == Stage::Float, hooked = !s.finetune_hook.empty();
  need(is_c_identifier(s.name), "'" + printable(s.name) + "' is not a C identifier", "choose another --name");
  need(!is_float || s.int8 || !s.passes.empty(), "this is a float model and microcontroller code is int8",
       "add --int8");
  need(!in.training || graph_.stage == Stage::Float, "only float models can be trained, this one is quantized already",
       "give the float model it was made from");
  need(!hooked || in.training, "the fine-tuning hook needs samples", "give --finetune DATA");
  need(!hooked || !s.qat, "--qat trains inside tinyc, and --finetune-hook trains outside", "choose one of them");
  need(!s.qat || in.training, "quantization-aware training needs samples", "give --finetune DATA");
  graph_.name = s.name;
  choose_calibration();
}

void Compression::choose_calibration() {
  calibration_ = in_.calibration;
  const bool needs_samples = graph_.stage == Stage::Float;
  if (!calibration_ && in_.training) {
    calibration_ = in_.training;
    if (!options_.calibration_samples) options_.calibration_samples = kTrainingCalibration;
  }
  if (!calibration_) {
    const Graph& model = in_.model->graph;
    synthetic_ = synthetic_dataset(model, synthetic_samples(model), s_.seed);
    calibration_ = &synthetic_;
    options_.made_up_samples = true;
    if (needs_samples)
      report_.warnings.push_back(warning(
          WarningCode::synthetic_calibration,
          "no calibration data: ranges come from made-up samples and accuracy is NOT measured; give --calib DATA"));
  }
  options_.mac_instructions = find_target(s_.target)->mac_instructions;
  options_.calibration = calibration_;
  options_.training.data = in_.training;
  options_.training.teacher = in_.teacher;
  data_ = in_.evaluation ? in_.evaluation : calibration_;
  if (is_judged_by_classes() && options_.training.options.loss == TrainOptions::Loss::automatic)
    options_.training.options.loss = TrainOptions::Loss::cross_entropy;
}

// Training without labels of a model whose answers are compared with classes: outputs without a softmax are logits.
bool Compression::is_judged_by_classes() const {
  if (!in_.training || !in_.evaluation || graph_.outputs.empty()) return false;
  if (in_.training->labels && options_.training.options.labels) return false;
  MetricData m;
  m.data = in_.evaluation;
  m.output_elements = static_cast<std::size_t>(num_elements(graph_.at(graph_.outputs[0]).shape));
  return m.output_elements > 1 && resolve_metric(s_.metric, m) == "top1";
}

bool Compression::can_price() const {
  return s_.passes.empty() && graph_.stage == Stage::Float && calibration_ != &synthetic_;
}

void Compression::progress(const char* stage, double fraction) const {
  if (s_.progress) s_.progress(stage, fraction);
}

void Compression::run(std::span<const Pass* const> passes) {
  const auto records = run_passes(graph_, passes, options_, [&](const Pass& p, const Graph& g) {
    if (g.stage == Stage::Float) float_graph_ = g;
    if (s_.after_pass) s_.after_pass(p, g);
  });
  report_.passes.insert(report_.passes.end(), records.begin(), records.end());
}

void Compression::prepare() {
  progress("passes", 0.1);
  const bool hooked = !s_.finetune_hook.empty();
  const auto passes =
      chosen_passes(graph_, s_, in_.training != nullptr && !hooked, in_.calibration != nullptr && !hooked);
  const auto quantize = s_.passes.empty() ? std::ranges::find(passes, find_pass("quantize_int8")) : passes.end();
  const auto trained = std::find_if(passes.begin(), quantize, [](const Pass* p) {
    return p == find_pass("calibrate") || p == find_pass("quantize_int8");
  });
  run({passes.begin(), trained});
  if (hooked) {
    progress("hook", 0.15);
    report_.passes.push_back(run_hook(graph_, in_, s_, options_));
    float_graph_ = graph_;
  }
  run({trained, quantize});
  if (graph_.stage == Stage::Float) real_graph_ = graph_;
  if (quantize == passes.end()) return;
  progress("plan", 0.2);
  const bool real_samples = calibration_ != &synthetic_;
  const QuantizationPlan plan = real_samples ? plan_quantization(graph_, options_) : plain_quantization(options_);
  options_ = plan.options;
  if (real_samples) report_.passes.push_back(plan.record);
  const auto ranged = std::ranges::find(plan.passes, find_pass("calibrate")) + 1;
  run({plan.passes.begin(), ranged});
  for (const Pass* p : std::span(ranged, plan.passes.end())) rest_.push_back(p);
  priced_ = {find_pass("round_weights")};
  for (auto* list : {&rest_, &priced_}) {
    if (in_.training && s_.qat) list->push_back(find_pass("train_quantized"));
    list->insert(list->end(), quantize, passes.end());
  }
}

Compressed Compression::finish(float bit_price, bool trial) const {
  Compressed out;
  out.graph = graph_;
  out.real_graph = real_graph_;
  out.report = report_;
  Report& r = out.report;
  Graph last_float = float_graph_;
  PassOptions options = options_;
  options.bit_price = bit_price;
  std::vector<const Pass*> passes = bit_price > 0 ? priced_ : rest_;
  if (trial) std::erase(passes, find_pass("train_quantized"));
  const auto records = run_passes(out.graph, passes, options, [&](const Pass& p, const Graph& g) {
    if (g.stage == Stage::Float) last_float = g;
    if (s_.after_pass && !trial) s_.after_pass(p, g);
  });
  r.passes.insert(r.passes.end(), records.begin(), records.end());
  if (out.graph.stage == Stage::Float)
    throw Error(ErrorCode::pass_order, "the chosen passes leave a float graph",
                "end the list with calibrate,quantize_int8,code_weights");

  if (!trial) progress("lower", 0.6);
  const bool small = options_.optimize == PassOptions::Optimize::size;  // special kernels are larger
  LowerOptions lowering{small ? Family::portable : find_target(s_.target)->family,
                        options_.optimize == PassOptions::Optimize::speed,
                        options_.optimize == PassOptions::Optimize::ram,
                        static_cast<std::uint32_t>(std::min<std::uint64_t>(s_.max_arena.value_or(0), kMaxArenaBytes))};
  out.program = lower(out.graph, lowering);
  if (s_.max_arena && out.program.arena_bytes > *s_.max_arena && !lowering.rows) {
    lowering.rows = true;
    out.program = lower(out.graph, lowering);
  }
  out.program.name = s_.name;
  const Import& model = *in_.model;
  r.model_name = s_.name;
  r.sha256 = model.facts.sha256;
  r.target = s_.target;
  r.params = model.facts.params;
  r.file_bytes = model.facts.file_bytes;
  r.float_weight_bytes = 4 * model.facts.params;
  for (const Node& n : model.graph.nodes) r.macs_before += macs(model.graph, n);
  describe(out.program, r);
  const auto sources = emit_c(out.program);
  std::set<std::string> symbols{runner(out.program)};
  for (const Layer& l : out.program.layers) symbols.insert(l.kernel->symbol);
  const auto measured =
      measure_code_bytes(*find_target(s_.target), sources.at("tinyc_rt.h"), sources.at("tinyc_rt.c"), symbols);
  r.code_bytes = measured.value_or(estimate_code_bytes(sources.at("tinyc_rt.c")));
  r.code_estimated = !measured;

  if (!trial) progress("measure", 0.7);
  measure(out);
  out.sample = first_sample(out.program);
  if (!in_.evaluation && in_.calibration)
    r.warnings.push_back(warning(WarningCode::measured_on_calibration,
                                 "accuracy was measured on the calibration samples; give --eval DATA for other ones"));
  if (!trial) {
    const Dataset& seen = calibration_ == &synthetic_ ? *data_ : *calibration_;
    observe_activations(out.program, seen, std::min<std::size_t>(seen.samples(), kHistogramSamples), r.layers);
  }
  if (!last_float.nodes.empty() && !trial) {
    const auto sqnr =
        layer_sqnr(last_float, out.program, *data_, std::min<std::size_t>(data_->samples(), kSqnrSamples));
    for (LayerReport& l : r.layers)
      if (const auto found = sqnr.find(static_cast<std::size_t>(l.index)); found != sqnr.end())
        l.sqnr_db = found->second;
  }
  return out;
}

std::vector<Bytes> Compression::first_sample(const Program& p) const {
  const ProgramExecutor executor(p);
  auto state = executor.make_state();
  std::vector<Bytes> sample;
  for (std::size_t k = 0; k < p.inputs.size(); ++k) {
    std::vector<float> values(data_->inputs[k].row_elements());
    data_->sample(k, 0, values);
    executor.set_input(state, k, values);
    const auto in = executor.input(state, k);
    sample.emplace_back(in.begin(), in.end());
  }
  return sample;
}

void Compression::measure(Compressed& c) const {
  const Program& p = c.program;
  Report& r = c.report;
  const auto& output = p.values[static_cast<std::size_t>(p.outputs[0])];
  const bool synthetic = data_ == &synthetic_;
  const MetricData m{data_, synthetic ? std::min<std::size_t>(data_->samples(), 8) : data_->samples(),
                     output.elements(), output.type == DType::i32};
  Accuracy& a = r.accuracy.emplace();
  a.synthetic = synthetic;
  a.metric = resolve_metric(s_.metric, m);
  // an already quantized model is its own reference: lowered without any pass
  const Graph& model = in_.model->graph;
  if (!reference_)
    reference_ = model.stage == Stage::Float ? run_float(model, *data_, m.samples)
                                             : real_outputs(lower(model), *data_, m.samples);
  const RealOutputs compressed = real_outputs(p, *data_, m.samples);
  compare(*reference_, compressed, m, a);
  const auto value = [&](const RealOutputs& outputs) -> std::optional<double> {
    return a.metric == "cosine" ? mean_cosine(*reference_, outputs, m) : score(a.metric, outputs, m);
  };
  a.float_value = a.metric == "cosine" ? 1.0 : score(a.metric, *reference_, m);
  a.compressed = value(compressed);
  if (a.metric == "top1") a.confusion = confusion(compressed, m);
  if (!a.float_value || !a.compressed || synthetic) return;
  r.trade_off.push_back({"as given", r.float_weight_bytes, *a.float_value});
  if (real_graph_ && (in_.training || real_bytes(*real_graph_) < real_bytes(model)))
    r.trade_off.push_back(
        {"before quantization", real_bytes(*real_graph_), *value(run_float(*real_graph_, *data_, m.samples))});
  r.trade_off.push_back({"compressed", r.flash.weights + r.flash.tables + r.flash.params, *a.compressed});
}

}  // namespace tinyc
