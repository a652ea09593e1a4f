#include "data/input_shape.h"

namespace tinyc {

std::vector<std::int64_t> rows_of_shape(std::size_t rows, const Shape& input) {
  std::vector<std::int64_t> shape = {static_cast<std::int64_t>(rows)};
  for (std::size_t i = !input.empty() && input[0] == 1 ? 1 : 0; i < input.size(); ++i) shape.push_back(input[i]);
  return shape;
}

bool row_fits(const Array& a, const Shape& input) {
  std::vector<std::int64_t> row, wanted;
  for (std::size_t i = 1; i < a.shape.size(); ++i)
    if (a.shape[i] != 1) row.push_back(a.shape[i]);
  for (const auto d : input)
    if (d != 1) wanted.push_back(d);
  return row == wanted;
}

std::optional<Range> input_range(const Tensor& t) {
  if (t.range) return t.range;
  if (t.dtype != DType::i8 || !t.quant || t.quant->scale.size() != 1 || t.quant->zero_point.size() != 1)
    return std::nullopt;
  const float scale = t.quant->scale[0];
  const std::int32_t zero_point = t.quant->zero_point[0];
  return Range{scale * static_cast<float>(-128 - zero_point), scale * static_cast<float>(127 - zero_point)};
}

}  // namespace tinyc
