// Raw samples one after the other.
#include <algorithm>

#include "data/loaders.h"

namespace tinyc {
namespace {

std::optional<Array::Type> stated_type(const std::filesystem::path& path) {
  const auto ending = path.stem().extension();
  if (ending == ".f32") return Array::Type::f32;
  if (ending == ".u8") return Array::Type::u8;
  if (ending == ".i8") return Array::Type::i8;
  return std::nullopt;
}

}  // namespace

Samples load_bin(const LoadRequest& r, std::span<const std::uint8_t> file) {
  const std::size_t elements = sample_elements(r);
  const auto stated = stated_type(r.path);
  Samples s;
  s.x.type = stated.value_or(file.size() % (elements * 4) == 0 ? Array::Type::f32 : Array::Type::u8);
  const std::size_t row_bytes = elements * size_of(s.x.type);
  if (file.empty() || file.size() % row_bytes != 0)
    throw Error(ErrorCode::data_does_not_fit,
                r.what + " has " + std::to_string(file.size()) + " bytes, which is no multiple of the input's " +
                    std::to_string(elements) + (s.x.type == Array::Type::f32 ? " float32 elements" : " elements"),
                "the input has shape " + to_string(r.shape) +
                    "; a file holds whole samples, as float32 (x.f32.bin), uint8 (x.u8.bin) or int8 (x.i8.bin)");
  std::size_t rows = file.size() / row_bytes;
  if (!stated)
    s.warnings.push_back(warning(WarningCode::assumed_type,
                                 r.what + " is read as " + std::to_string(rows) +
                                     (s.x.type == Array::Type::f32 ? " float32" : " uint8") +
                                     " samples by its size; name it x.f32.bin, x.u8.bin or x.i8.bin to say so"));
  if (r.max_rows > 0) rows = std::min(rows, r.max_rows);
  s.x.shape = rows_of_shape(rows, r.shape);
  const auto kept = file.first(rows * row_bytes);
  s.x.data.assign(kept.begin(), kept.end());
  return s;
}

}  // namespace tinyc
