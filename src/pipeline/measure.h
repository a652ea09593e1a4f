// What compression costs: task metrics, agreement and signal-to-quantization-noise ratios.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tinyc/dataset.h"
#include "tinyc/program.h"
#include "tinyc/report.h"

namespace tinyc {

/// Outputs of `n` samples in real units: [output][sample * elements + e].
using RealOutputs = std::vector<std::vector<float>>;

/// The program's integer outputs of the first n samples, dequantized.
RealOutputs real_outputs(const Program& p, const Dataset& d, std::size_t n);

/// What a metric needs to know of the data.
struct MetricData {
  const Dataset* data = nullptr;
  std::size_t samples = 0;
  std::size_t output_elements = 0;  ///< of output 0
  bool positions = false;           ///< output 0 holds class numbers (of arg_max), not scores
};

/// The metric `auto` stands for: "auc" with labels and an autoencoder (output as large as the input), "top1" with class
/// labels, "mse" with real targets, else "cosine" (needs no labels: against the float model). Throws Error(usage) for
/// an unknown name, Error(data) when the labels do not fit.
std::string resolve_metric(const std::string& name, const MetricData& m);

/// One model's score: top1 = share of right classes (of class numbers: of equal ones; one score: threshold
/// 0.5), auc = area under ROC of the
/// mean squared reconstruction error, by group where the data has groups; mse = mean squared error to the targets.
/// Absent for cosine.
std::optional<double> score(const std::string& metric, const RealOutputs& outputs, const MetricData& m);

/// How often each class (row) is taken for which (column): Accuracy::confusion. Empty with more than 50 classes. Throws
/// as top1 does.
std::vector<std::vector<std::uint32_t>> confusion(const RealOutputs& outputs, const MetricData& m);

/// Compares two models' outputs over all samples: agreement of the arg max of output 0 (of class numbers: the share of
/// equal ones) and SQNR over all outputs
/// (10 log10 sum f^2 / sum (f - q)^2), capped at 200 dB.
void compare(const RealOutputs& reference, const RealOutputs& compressed, const MetricData& m, Accuracy& out);

/// Mean over samples of the cosine similarity of output 0.
double mean_cosine(const RealOutputs& reference, const RealOutputs& compressed, const MetricData& m);

/// SQNR of each layer's output against the float graph's tensor of the same name, over the first `n` samples.
/// Layers without a counterpart of equal size are left out. Key: layer index.
std::map<std::size_t, double> layer_sqnr(const Graph& float_graph, const Program& p, const Dataset& d, std::size_t n);

}  // namespace tinyc
