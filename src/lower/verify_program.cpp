// Checks of a program that came from a file: everything that does not depend on what an operator means.
#include <algorithm>
#include <cmath>

#include "tinyc/codec.h"
#include "tinyc/error.h"
#include "tinyc/program.h"

namespace tinyc {
namespace {

void check(bool ok, const std::string& what) {
  if (!ok) throw Error(ErrorKind::input, what);
}

bool within(std::uint64_t offset, std::uint64_t bytes, std::uint64_t size) {
  return offset <= size && bytes <= size - offset;
}

void verify_value(const Program& p, const Value& v) {
  const std::string name = "value '" + printable(v.name) + "' ";
  std::int64_t elements = 1;
  for (const auto d : v.shape) {
    check(d > 0 && d <= static_cast<std::int64_t>(kMaxArenaBytes), name + "has a bad shape");
    elements *= d;
    check(elements <= static_cast<std::int64_t>(kMaxArenaBytes), name + "has a bad shape");
  }
  const auto end = static_cast<std::int32_t>(p.layers.size()) + 1;
  check(v.type == DType::i8 || v.type == DType::i32, name + "has a type that no kernel knows");
  check(elements * static_cast<std::int64_t>(size_of(v.type)) == std::int64_t{v.bytes},
        name + "has a size that is not its shape's");
  check(within(v.offset, v.bytes, p.arena_bytes), name + "lies outside the arena");
  check(std::isfinite(v.scale) && v.scale >= 0 && v.zero_point >= -128 && v.zero_point <= 127,
        name + "has a bad quantization");
  check(v.first >= -1 && v.first <= end && v.last >= v.first && v.last <= end, name + "has a bad lifetime");
}

void verify_layer(const Program& p, const Layer& l) {
  const std::string name = "layer '" + printable(l.name) + "' ";
  const auto blob = [&](BlobId id, Blob::Type type) {
    check(id >= -1 && id < static_cast<std::int32_t>(p.blobs.size()), name + "names an array that does not exist");
    if (id >= 0) check(p.blobs[static_cast<std::size_t>(id)].type == type, name + "names an array of the wrong type");
  };
  blob(l.weights, Blob::Type::i8);
  blob(l.codec, Blob::Type::u8);
  blob(l.bias, Blob::Type::i32);
  blob(l.mult, Blob::Type::i32);
  blob(l.shift, Blob::Type::i8);
  blob(l.table, Blob::Type::i32);
  const auto value = [&](ValueId id, std::uint32_t offset) {
    check(id >= -1 && id < static_cast<std::int32_t>(p.values.size()), name + "names a value that does not exist");
    check(offset == (id < 0 ? 0 : p.values[static_cast<std::size_t>(id)].offset),
          name + "has an offset that is not its value's");
  };
  value(l.in0, l.record.in0);
  value(l.in1, l.record.in1);
  value(l.out, l.record.out);
  check(l.out >= 0, name + "writes nothing");
  check(l.record.out_bytes == (l.part ? 0 : p.values[static_cast<std::size_t>(l.out)].bytes),
        name + "has an output of the wrong size");
  check(within(l.record.scratch, l.scratch_bytes, p.arena_bytes), name + "has scratch outside the arena");
  check(l.macs >= 0, name + "has negative work");
  const std::size_t stored = l.weights < 0 ? 0 : p.blobs[static_cast<std::size_t>(l.weights)].bytes.size();
  check(l.codec >= 0 ? l.weight_count <= kMaxArenaBytes : l.weight_count == stored,
        name + "has a wrong number of weights");
  if (l.codec >= 0) {
    check(l.weights >= 0 && l.record.stream_bytes == stored, name + "has a stream of the wrong size");
    const Bytes& table = p.blobs[static_cast<std::size_t>(l.codec)].bytes;
    verify_table(table);
    check(reader_bytes(table, filter_shape(l)) <= l.scratch_bytes, name + "has no scratch for its reader");
  } else {
    check(l.record.stream_bytes == 0, name + "has a stream without a decode table");
  }
}

}  // namespace

void verify(const Program& p) {
  check(p.arena_bytes <= kMaxArenaBytes, "its arena is larger than 256 MiB");
  check(p.arena_lower_bound <= p.arena_bytes, "its arena is smaller than possible");
  for (const Blob& b : p.blobs)
    check(b.type != Blob::Type::i32 || b.bytes.size() % 4 == 0, "array '" + printable(b.name) + "' has a broken size");
  for (const Value& v : p.values) verify_value(p, v);
  for (const Layer& l : p.layers) {
    check(l.kernel != nullptr, "layer '" + printable(l.name) + "' has no kernel");
    verify_layer(p, l);
  }
  const auto ids = [&](const std::vector<ValueId>& list) {
    return std::all_of(list.begin(), list.end(),
                       [&](ValueId id) { return id >= 0 && id < static_cast<std::int32_t>(p.values.size()); });
  };
  check(!p.outputs.empty() && ids(p.inputs) && ids(p.outputs), "its inputs or outputs do not exist");
}

}  // namespace tinyc
