// train_quantized: quantization-aware training. Forward steps see the weights and activations rounded to the very grids
// that quantize_int8 would choose, gradients pass straight through (Jacob et al. 2018, "Quantization and Training of
// Neural Networks for Efficient Integer-Arithmetic-Only Inference", section 3). The grids follow the weights and the
// activations' ranges: they are found anew before every epoch. With --qat-ranges moving, the ranges of activations
// start from calibration and are moving averages of the extremes of each mini-batch from then on (section 3.1 there).
#include <algorithm>
#include <map>

#include "learn.h"
#include "tinyc/distinguished_ranges.h"
#include "tinyc/error.h"
#include "tinyc/quantize.h"

namespace tinyc {
namespace {

constexpr float kRateShare = 0.3f;  // of the learning rate: the weights are nearly right already
constexpr float kDecay = 0.99f;     // of a moving range, a step

/// The grids of a graph in training, and how they move.
class Grids {
 public:
  Grids(const Graph& g, const PassOptions& o) : options_(o), graph_(g), distinguished_(distinguished_ranges(g)) {}

  /// What calibrate and quantize_int8 give to the graph as it stands, by tensor.
  FakeQuant of(const Graph& now) {
    for (std::size_t i = 0; i < now.tensors.size(); ++i) graph_.tensors[i].data = now.tensors[i].data;
    if (!moving() || epochs_.empty()) find_pass("calibrate")->run(graph_, options_);
    std::vector<std::optional<Range>>& ranges = epochs_.emplace_back();
    for (const Tensor& t : graph_.tensors) ranges.push_back(t.range);
    Graph quantized = graph_;
    find_pass("quantize_int8")->run(quantized, options_);
    std::map<std::string, const Tensor*> by_name;
    for (const Tensor& t : quantized.tensors) by_name.emplace(t.name, &t);
    FakeQuant grids;
    grids.weight_limit = largest_level(options_.weight_bits);
    grids.by_tensor.resize(now.tensors.size());
    for (std::size_t i = 0; i < now.tensors.size(); ++i) {
      const auto found = by_name.find(now.tensors[i].name);
      if (found != by_name.end() && found->second->dtype == DType::i8) grids.by_tensor[i] = found->second->quant;
    }
    return grids;
  }

  /// Moves the ranges of activations, and their grids with them.
  void follow(std::span<const Range> extremes, FakeQuant& grids) {
    for (std::size_t i = 0; i < extremes.size(); ++i) {
      std::optional<Range>& r = graph_.tensors[i].range;
      if (!r || extremes[i].min > extremes[i].max) continue;
      const Range d = distinguished_[i];
      const auto average = [d](float old, float seen) {
        return kDecay * old + (1 - kDecay) * std::clamp(seen, d.min, d.max);
      };
      r = Range{average(r->min, extremes[i].min), average(r->max, extremes[i].max)};
    }
    Graph prepared = graph_;
    prepare_activations(prepared);
    const auto quants = activation_quants(prepared);
    for (std::size_t i = 0; i < grids.by_tensor.size(); ++i)
      if (quants[i] && grids.by_tensor[i]) grids.by_tensor[i] = quants[i];
  }

  bool moving() const { return options_.training.ranges == PassOptions::Training::Ranges::moving; }
  /// The ranges with which the weights of an epoch were judged.
  void put_ranges(std::size_t epoch, Graph& g) const {
    for (std::size_t i = 0; i < g.tensors.size(); ++i) g.tensors[i].range = epochs_[epoch][i];
  }

 private:
  const PassOptions& options_;
  Graph graph_;  // as it stands, with the ranges of now
  std::vector<Range> distinguished_;
  std::vector<std::vector<std::optional<Range>>> epochs_;
};

PassResult run(Graph& g, const PassOptions& o) {
  PassResult result;
  if (!o.training.data) return result;
  TrainJob job = job_of(o);
  job.options.learning_rate *= kRateShare;
  Grids grids(g, o);
  job.quantization = [&](const Graph& now) { return grids.of(now); };
  if (grids.moving())
    job.follow = [&](std::span<const Range> extremes, FakeQuant& quant) { grids.follow(extremes, quant); };
  result.training = train(g, job);
  grids.put_ranges(result.training.best_epoch, g);
  result.changed = true;
  result.notes.push_back(training_note(result.training));
  return result;
}

}  // namespace

extern const Pass pass_train_quantized;
const Pass pass_train_quantized{
    "train_quantized", "quantization-aware training", Stage::Float, Stage::Float, false, false, run};

}  // namespace tinyc
