// Evaluating at import what does not depend on the model's input: shape arithmetic (the batch is static), constants
// behind DEQUANTIZE, DENSIFY and QUANTIZE.
#pragma once
#include "tflite/tensor_table.h"

namespace tinyc::tfl {

/// Computes operator `op` when its inputs are constants and it belongs to the kinds above; its outputs become constants
/// of `tensors`. False when it must stay in the graph. Throws Error(input) for damaged constants, Error(unsupported)
/// when such an operator contradicts itself.
bool fold_operator(const ModelFile& file, const fb::Operator& op, TensorTable& tensors);

}  // namespace tinyc::tfl
