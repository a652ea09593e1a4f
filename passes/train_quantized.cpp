// train_quantized: quantization-aware training. Forward steps see the weights and activations rounded to the very grids
// that quantize_int8 would choose, gradients pass straight through (Jacob et al. 2018, "Quantization and Training of
// Neural Networks for Efficient Integer-Arithmetic-Only Inference", section 3). The grids follow the weights and the
// activations' ranges: they are found anew before every epoch.
#include <map>

#include "learn.h"
#include "tinyc/error.h"

namespace tinyc {
namespace {

constexpr float kRateShare = 0.3f;  // of the learning rate: the weights are nearly right already

// The grids that calibrate and quantize_int8 give to the graph as it stands, by tensor of `g`.
FakeQuant grids_of(const Graph& g, const PassOptions& o) {
  Graph quantized = g;
  find_pass("calibrate")->run(quantized, o);
  find_pass("quantize_int8")->run(quantized, o);
  std::map<std::string, const Tensor*> by_name;
  for (const Tensor& t : quantized.tensors) by_name.emplace(t.name, &t);
  FakeQuant grids;
  grids.weight_limit = (1 << (o.weight_bits - 1)) - 1;
  grids.by_tensor.resize(g.tensors.size());
  for (std::size_t i = 0; i < g.tensors.size(); ++i) {
    const auto found = by_name.find(g.tensors[i].name);
    if (found != by_name.end() && found->second->dtype == DType::i8) grids.by_tensor[i] = found->second->quant;
  }
  return grids;
}

PassResult run(Graph& g, const PassOptions& o) {
  PassResult result;
  if (!o.training.data) return result;
  TrainJob job = job_of(o);
  job.options.learning_rate *= kRateShare;
  job.quantization = [&](const Graph& now) { return grids_of(now, o); };
  result.training = train(g, job);
  find_pass("calibrate")->run(g, o);  // the ranges of the weights that were kept
  result.changed = true;
  result.notes.push_back(training_note(result.training));
  return result;
}

}  // namespace

extern const Pass pass_train_quantized;
const Pass pass_train_quantized{
    "train_quantized", "quantization-aware training", Stage::Float, Stage::Float, false, false, run};

}  // namespace tinyc
