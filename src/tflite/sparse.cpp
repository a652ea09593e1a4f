// Expanding sparse constants. The stored order is a walk through `rank + blocks` levels: level k runs over traversal
// dimension traversal_order[k], either all of it (dense) or the listed indexes (compressed rows). A block dimension
// refines the original dimension that block_map names: index = outer * block_size + inner.
#include <cstring>

#include "tflite/tensor_table.h"
#include "tinyc/error.h"

namespace tinyc::tfl {
namespace {

[[noreturn]] void bad(const char* why) {
  throw Error(ErrorCode::damaged_model, std::string("A sparse constant is damaged: ") + why + ".",
              "Fetch or export the file again.");
}

struct Level {
  bool dense = true;
  std::int64_t size = 0;                        // of the dimension that this level walks
  std::int64_t stride = 0;                      // elements of the dense tensor between neighbours
  std::vector<std::int64_t> segments, indices;  // compressed rows
};

std::vector<std::int64_t> index_vector(fb::SparseIndexVector type, const void* v) {
  const auto copy = [](const auto* table) {
    std::vector<std::int64_t> out;
    if (table && table->values()) out.assign(table->values()->begin(), table->values()->end());
    return out;
  };
  switch (type) {
    case fb::SparseIndexVector::Int32Vector: return copy(static_cast<const fb::Int32Vector*>(v));
    case fb::SparseIndexVector::Uint16Vector: return copy(static_cast<const fb::Uint16Vector*>(v));
    case fb::SparseIndexVector::Uint8Vector: return copy(static_cast<const fb::Uint8Vector*>(v));
    default: bad("a level has no index list");
  }
}

std::vector<Level> read_levels(const fb::SparsityParameters& s, const Shape& shape) {
  const auto order = values(s.traversal_order()), block_map = values(s.block_map());
  const std::size_t rank = shape.size(), count = rank + block_map.size();
  if (order.size() != count || !s.dim_metadata() || s.dim_metadata()->size() != count || block_map.size() > rank)
    bad("its levels do not fit its shape");
  const auto meta = [&](std::size_t k) { return s.dim_metadata()->Get(static_cast<flatbuffers::uoffset_t>(k)); };
  // Where in the walk each dimension is; also proves that `order` is a permutation.
  std::vector<std::int64_t> level_of(count, -1);
  for (std::size_t k = 0; k < count; ++k) {
    if (order[k] < 0 || static_cast<std::size_t>(order[k]) >= count ||
        level_of[static_cast<std::size_t>(order[k])] != -1)
      bad("its traversal order is no permutation");
    level_of[static_cast<std::size_t>(order[k])] = static_cast<std::int64_t>(k);
  }
  std::vector<std::int64_t> size(shape.begin(), shape.end()), stride(rank, 1);
  for (std::size_t d = rank; d-- > 1;) stride[d - 1] = stride[d] * shape[d];
  size.resize(count);
  stride.resize(count);
  std::vector<bool> blocked(rank, false);
  for (std::size_t b = 0; b < block_map.size(); ++b) {
    const auto d = static_cast<std::size_t>(block_map[b]);
    if (block_map[b] < 0 || d >= rank || blocked[d]) bad("its block map is wrong");
    blocked[d] = true;
    const auto* m = meta(static_cast<std::size_t>(level_of[rank + b]));
    if (m->format() != fb::DimensionType::DENSE || m->dense_size() <= 0 || shape[d] % m->dense_size() != 0)
      bad("a block does not divide its dimension");
    size[rank + b] = m->dense_size();
    stride[rank + b] = stride[d];
    size[d] /= m->dense_size();
    stride[d] *= m->dense_size();
  }
  std::vector<Level> levels(count);
  for (std::size_t k = 0; k < count; ++k) {
    const auto d = static_cast<std::size_t>(order[k]);
    Level& l = levels[k];
    l.dense = meta(k)->format() == fb::DimensionType::DENSE;
    l.size = size[d];
    l.stride = stride[d];
    if (l.dense ? meta(k)->dense_size() != l.size : meta(k)->format() != fb::DimensionType::SPARSE_CSR)
      bad("a level has the wrong size or an unknown format");
    if (l.dense) continue;
    l.segments = index_vector(meta(k)->array_segments_type(), meta(k)->array_segments());
    l.indices = index_vector(meta(k)->array_indices_type(), meta(k)->array_indices());
    if (l.segments.empty() || l.segments.front() < 0 || l.segments.back() > static_cast<std::int64_t>(l.indices.size()))
      bad("its segments leave its index list");
    for (std::size_t i = 1; i < l.segments.size(); ++i)
      if (l.segments[i] < l.segments[i - 1]) bad("its segments run backwards");
    for (const auto index : l.indices)
      if (index < 0 || index >= l.size) bad("an index lies outside its dimension");
  }
  return levels;
}

struct Expander {
  std::span<const Level> levels;
  std::span<const std::uint8_t> stored;
  std::size_t element;
  Bytes& out;

  // `node` numbers the visited positions of the level above; at the last level it is the stored element's number.
  void walk(std::size_t k, std::size_t node, std::int64_t offset) {
    if (k == levels.size()) {
      if (node >= stored.size() / element) bad("it stores too few values");
      std::memcpy(out.data() + static_cast<std::size_t>(offset) * element, stored.data() + node * element, element);
      return;
    }
    const Level& l = levels[k];
    if (l.dense) {
      for (std::int64_t i = 0; i < l.size; ++i)
        walk(k + 1, node * static_cast<std::size_t>(l.size) + static_cast<std::size_t>(i), offset + i * l.stride);
      return;
    }
    if (node + 1 >= l.segments.size()) bad("its segments are too few");
    for (auto i = l.segments[node]; i < l.segments[node + 1]; ++i)
      walk(k + 1, static_cast<std::size_t>(i), offset + l.indices[static_cast<std::size_t>(i)] * l.stride);
  }
};

}  // namespace

Bytes expand_sparse(const fb::SparsityParameters& s, const Shape& shape, std::span<const std::uint8_t> stored,
                    std::size_t element) {
  const auto levels = read_levels(s, shape);
  Bytes out(static_cast<std::size_t>(num_elements(shape)) * element, 0);
  Expander{levels, stored, element, out}.walk(0, 0, 0);
  return out;
}

}  // namespace tinyc::tfl
