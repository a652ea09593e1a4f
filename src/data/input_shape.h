// How samples relate to a graph's input tensor.
#pragma once
#include <optional>
#include <vector>

#include "tinyc/dataset.h"

namespace tinyc {

/// (rows, the input's own shape without its batch axis of 1).
std::vector<std::int64_t> rows_of_shape(std::size_t rows, const Shape& input);
/// True when a row of `a` has the input's dimensions, dimensions of 1 aside.
bool row_fits(const Array& a, const Shape& input);
/// The real values that an input is made for: declared, else what its int8 quantization covers; nothing when unknown.
std::optional<Range> input_range(const Tensor& t);

}  // namespace tinyc
