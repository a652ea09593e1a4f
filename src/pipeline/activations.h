// What flows through a compressed model: a histogram of each layer's output.
#pragma once
#include <vector>

#include "tinyc/dataset.h"
#include "tinyc/program.h"
#include "tinyc/report.h"

namespace tinyc {

/// Runs the first `n` samples and sets LayerReport::activations of every layer that completes an int8 value.
/// `layers` are the program's, in order.
void observe_activations(const Program& p, const Dataset& d, std::size_t n, std::vector<LayerReport>& layers);

}  // namespace tinyc
