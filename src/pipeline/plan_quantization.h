// Which of the passes around quantize_int8 pay for a model: tried on held-out calibration samples.
#pragma once
#include <string>
#include <vector>

#include "tinyc/dataset.h"
#include "tinyc/pass.h"

namespace tinyc {

struct QuantizationPlan {
  std::vector<const Pass*> passes;  ///< from ranges to rounded weights, to be run before quantize_int8
  PassOptions options;              ///< with what was chosen filled in
  PassRecord record;                ///< for the report: what was tried and what it gave
};

/// Plain quantization: ranges, then rounding to the nearest level.
QuantizationPlan plain_quantization(const PassOptions& o);

/// Compares ways to quantize the float graph `g` by the SQNR of the shipped runtime's outputs against the float ones on
/// a quarter of the calibration samples that the others do not see. Varied are the calibration method, equalization and
/// how weights are rounded, as far as `o` leaves them automatic; a change stays only where it makes the SQNR better.
/// Plain where there are too few samples to compare by.
QuantizationPlan plan_quantization(const Graph& g, const PassOptions& o);

}  // namespace tinyc
