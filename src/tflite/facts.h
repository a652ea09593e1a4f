// Facts of a file for `inspect` and the report.
#pragma once
#include "tflite/tensor_table.h"
#include "tinyc/import.h"

namespace tinyc::tfl {

/// Hash, size, inputs, outputs and operator counts; what only the import can tell stays empty.
ModelFacts file_facts(const ModelFile& file, const TensorTable& tensors, std::span<const std::uint8_t> bytes);

/// One error that lists all of them, a line each.
[[noreturn]] void throw_unsupported(const std::vector<ModelFacts::Unsupported>& list, const std::string& path);

}  // namespace tinyc::tfl
