// Measures the sensitivity of each layer to pruning.
#pragma once
#include "tinyc/pass.h"
#include "tinyc/sensitivity.h"

namespace tinyc {

struct SensitivitySettings {
  std::vector<double> steps{0.3, 0.5, 0.7, 0.8, 0.9, 0.95};  ///< sparsities, each in (0, 1)
  std::string metric =
      "auto";  ///< as in eval, and agreement, sqnr; auto without labels: agreement, sqnr for one output
  PassOptions::Prune::Kind kind = PassOptions::Prune::Kind::unstructured;   ///< or block4
  std::function<void(const std::string& stage, double fraction)> progress;  ///< may be empty
};

/// Prunes one layer at a time by magnitude (pass prune_magnitude) and runs the float graph on all samples. The model
/// must be a float one, Error(usage) else.
Sensitivity sensitivity(const Graph& model, const Dataset& d, const SensitivitySettings& settings);

}  // namespace tinyc
