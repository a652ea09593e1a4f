// The whole job on values: imported model and data in, program and report out. Reads and writes no files, except those
// that a fine-tuning hook is given.
#pragma once
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "tinyc/check.h"
#include "tinyc/dataset.h"
#include "tinyc/import.h"
#include "tinyc/pass.h"
#include "tinyc/program.h"
#include "tinyc/report.h"

namespace tinyc {

struct CompressInputs {
  const Import* model = nullptr;
  const Dataset* calibration = nullptr;  ///< null: synthetic samples, with a warning
  const Dataset* evaluation = nullptr;   ///< null: agreement is measured on the calibration samples
  const Import* student = nullptr;       ///< compressed in place of the model, which stays reference and teacher
  const Dataset* training = nullptr;     ///< null: nothing is trained
  const Graph* teacher = nullptr;        ///< float; null: labels alone
};

/// What bits may be spent or spared for. Nothing of it: weights are rounded as exactly as int8 allows.
struct Budget {
  std::optional<std::uint64_t> max_flash;  ///< bytes: weights become coarser until this fits
  std::optional<double> max_drop;          ///< of the metric
  bool smallest = false;                   ///< with max_drop: as coarse as the drop allows
  /// Where exact weights drop by more, no price is tried.
  double hopeless = std::numeric_limits<double>::infinity();
  bool any() const noexcept { return max_flash || (max_drop && smallest); }
};

struct CompressSettings {
  std::string name = "model";
  bool int8 = false;
  std::string metric = "auto", target = "any";
  Budget budget;
  /// Bytes: layers run row by row where the arena would be larger, and scratch may fill it up.
  std::optional<std::uint64_t> max_arena;
  bool qat = false;                 ///< quantization-aware training, where there are training samples
  std::vector<std::string> passes;  ///< empty: the default pipeline
  PassOptions pass_options;
  std::vector<const Pass*> loaded_passes;  ///< of shared libraries: known by name, and part of the default pipeline
  std::string finetune_hook;               ///< command that trains instead of tinyc; empty: none
  double hook_timeout = 0;                 ///< seconds; 0: never
  std::uint64_t seed = 1;
  std::function<void(const Pass&, const Graph&)> after_pass;                ///< may be empty
  std::function<void(const std::string& stage, double fraction)> progress;  ///< may be empty
};

struct Compressed {
  Graph graph;                      ///< final graph, Quantized or Coded
  std::optional<Graph> real_graph;  ///< pruned and trained, before quantization; none for models that came quantized
  Program program;
  Report report;
  std::vector<Bytes> sample;  ///< the first one measured, by input, as it lies in the arena
};

/// Runs the pipeline. Throws Error: usage (float model without int8, unknown pass or metric), data, unsupported.
Compressed compress(const CompressInputs& in, const CompressSettings& s);

/// Budgets; absent ones do not gate.
struct Gates {
  std::optional<std::uint64_t> max_flash, max_ram;  ///< bytes
  std::optional<double> max_drop;                   ///< share: 0.01 is one point
  std::optional<double> min_accuracy;
};

/// Every gate that is set. With `baseline`, anything worse than it fails: flash or RAM by more than 1 %, the metric by
/// more than max_drop (default 0.005).
std::vector<GateResult> evaluate_gates(const Report& r, const Gates& g, const Report* baseline = nullptr);
/// The sentences of those that fail.
std::vector<std::string> failed_gates(const Report& r, const Gates& g, const Report* baseline = nullptr);

/// True when larger values of the metric are better.
bool higher_is_better(const std::string& metric) noexcept;

}  // namespace tinyc
