// IDX, the format of MNIST: 0, 0, type, number of dimensions, then the dimensions and elements, big-endian.
#include <algorithm>

#include "data/byte_stream.h"
#include "data/loaders.h"
#include "data/mapped_file.h"

namespace tinyc {
namespace {

std::optional<Array::Type> element_type(std::uint8_t code) {
  switch (code) {
    case 0x08: return Array::Type::u8;
    case 0x09: return Array::Type::i8;
    case 0x0b: return Array::Type::i16;
    case 0x0c: return Array::Type::i32;
    case 0x0d: return Array::Type::f32;
    case 0x0e: return Array::Type::f64;
    default: return std::nullopt;
  }
}

Array read_idx(std::span<const std::uint8_t> file, const std::string& what, std::size_t max_rows) {
  ByteStream in(file, is_gzip(file) ? ByteStream::Method::gzip : ByteStream::Method::stored, what);
  std::uint8_t start[4];
  in.read(start);
  const auto type = element_type(start[2]);
  if (start[0] != 0 || start[1] != 0 || !type || start[3] == 0 || start[3] > 8)
    throw Error(ErrorCode::unknown_data, what + " is no IDX file",
                "IDX files start with two zero bytes, as those of MNIST do");
  Array a;
  a.type = *type;
  std::uint64_t elements = 1;
  for (int i = 0; i < start[3]; ++i) {
    std::uint8_t d[4];
    in.read(d);
    const std::uint64_t n = std::uint64_t{d[0]} << 24 | std::uint64_t{d[1]} << 16 | std::uint64_t{d[2]} << 8 | d[3];
    elements *= n;
    if (elements > std::uint64_t{1} << 31)
      throw Error(ErrorCode::damaged_data, what + " claims more than 2^31 elements");
    a.shape.push_back(static_cast<std::int64_t>(n));
  }
  const std::size_t size = size_of(a.type);
  if (elements * size > in.at_most())
    throw Error(ErrorCode::damaged_data, what + " is cut off or damaged: it claims more elements than it can hold");
  if (max_rows > 0 && a.rows() > max_rows) a.shape[0] = static_cast<std::int64_t>(max_rows);
  a.data = in.take(std::uint64_t{a.rows()} * a.row_elements() * size);
  for (std::size_t i = 0; size > 1 && i < a.data.size(); i += size)
    std::reverse(a.data.data() + i, a.data.data() + i + size);
  return a;
}

bool replace(std::string& text, const std::string& from, const std::string& to) {
  const auto at = text.rfind(from);
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return at != std::string::npos;
}

}  // namespace

// The labels beside train-images-idx3-ubyte.gz are in train-labels-idx1-ubyte, gzipped or not.
std::optional<std::filesystem::path> label_file(const std::filesystem::path& images) {
  std::string name = images.filename().string();
  if (!replace(name, "images", "labels")) return std::nullopt;
  replace(name, "idx3", "idx1");
  const std::string other = name.ends_with(".gz") ? name.substr(0, name.size() - 3) : name + ".gz";
  for (const auto& candidate : {name, other}) {
    std::error_code error;
    auto path = images.parent_path() / candidate;
    if (std::filesystem::is_regular_file(path, error)) return path;
  }
  return std::nullopt;
}

bool is_gzip(std::span<const std::uint8_t> file) noexcept {
  return file.size() >= 18 && file[0] == 0x1f && file[1] == 0x8b;
}
bool is_idx(std::span<const std::uint8_t> file) noexcept {
  return file.size() >= 8 && file[0] == 0 && file[1] == 0 && element_type(file[2]) && file[3] >= 1 && file[3] <= 8;
}

Samples load_idx(const LoadRequest& r, std::span<const std::uint8_t> file) {
  Samples s;
  s.x = read_idx(file, r.what, r.max_rows);
  if (const auto labels = label_file(r.path)) {
    const MappedFile mapped(*labels);
    s.y = read_idx(mapped.bytes(), "'" + printable(labels->string()) + "'", r.max_rows);
  }
  return s;
}

}  // namespace tinyc
