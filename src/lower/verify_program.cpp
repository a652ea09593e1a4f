// Checks of a program that came from a file: everything that does not depend on what an operator means,
// and how far its kernel lets an output reach into an operand.
#include <algorithm>
#include <cmath>
#include <map>

#include "lower/lifetimes.h"
#include "tinyc/codec.h"
#include "tinyc/error.h"
#include "tinyc/program.h"

namespace tinyc {
namespace {

void check(bool ok, const std::string& what) {
  if (!ok) throw Error(ErrorCode::damaged_program, what);
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

/// Lists are not checked where they run: here every number of one is, and that the window lies in scratch, or in the
/// operand.
void verify_list(const Program& p, const Layer& l, const std::string& name) {
  const Bytes &table = p.blobs[static_cast<std::size_t>(l.codec)].bytes,
              &stream = p.blobs[static_cast<std::size_t>(l.weights)].bytes;
  decode({table}, stream, l.weight_count);
  const ListLayout layout = parse_list_header(table);
  const std::uint32_t window = layout.group == 4 ? l.scratch_bytes
                               : l.in0 < 0       ? 0
                                                 : p.values[static_cast<std::size_t>(l.in0)].bytes;
  check(list_extent(layout) <= window, name + "has a list of weights for a larger window");
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
    check(is_list(table) == l.kernel->list, name + "has weights that its kernel does not read");
    if (is_list(table)) verify_list(p, l, name);
    check(reader_bytes(table, filter_shape(l)) <= l.scratch_bytes, name + "has no scratch for its reader");
  } else {
    check(!l.kernel->list, name + "has no list of weights");
    check(l.record.stream_bytes == 0, name + "has a stream without a decode table");
  }
}

/// What lies in the arena at one time.
class Occupied {
 public:
  void add(std::uint64_t offset, std::uint64_t bytes, const std::string& name) {
    if (bytes == 0) return;
    const auto next = begins_.lower_bound(offset);
    check((next == begins_.end() || offset + bytes <= next->first) &&
              (next == begins_.begin() || std::prev(next)->second <= offset),
          name + " lies over what is still needed");
    begins_.emplace(offset, offset + bytes);
  }
  /// Of what add() took.
  void remove(std::uint64_t offset, std::uint64_t bytes) {
    if (bytes > 0) begins_.erase(offset);
  }

 private:
  std::map<std::uint64_t, std::uint64_t> begins_;  // to their ends
};

/// Replays the layers: nothing is read before it is written, or overwritten before it was read.
void verify_arena(const Program& p) {
  const auto at = [](std::int32_t i) { return static_cast<std::size_t>(i); };
  const auto lives = lifetimes(p);
  const auto end = static_cast<std::int32_t>(p.layers.size());
  std::vector<std::vector<std::size_t>> dying(p.layers.size() + 1);  // by last layer + 1: the inputs that nobody reads
  Occupied arena;
  const auto value_name = [&](std::size_t v) { return "value '" + printable(p.values[v].name) + "'"; };
  for (std::size_t v = 0; v < p.values.size(); ++v) {
    check(Lifetime{p.values[v].first, p.values[v].last} == lives[v],
          value_name(v) + " has a lifetime that is not its own");
    if (lives[v].last < end) dying[at(lives[v].last + 1)].push_back(v);
    if (lives[v].first < 0) arena.add(p.values[v].offset, p.values[v].bytes, value_name(v));
  }
  std::vector<bool> gone(p.values.size(), false);
  const auto remove = [&](std::size_t v) {
    if (!gone[v]) arena.remove(p.values[v].offset, p.values[v].bytes);
    gone[v] = true;
  };
  for (std::int32_t i = 0; i < end; ++i) {
    const Layer& l = p.layers[at(i)];
    const std::string name = "layer '" + printable(l.name) + "' ";
    for (const std::size_t v : dying[at(i)]) remove(v);
    for (const ValueId id : {l.in0, l.in1})
      check(id < 0 || lives[at(id)].first < i, name + "reads what is not written");
    arena.add(l.record.scratch, l.scratch_bytes, name + "has scratch that");
    const Value& out = p.values[at(l.out)];
    if (out.first == i) {
      for (const auto& [id, o] : overlapped_operands(p, at(i))) {
        const std::int64_t to = out.offset, from = p.values[at(id)].offset;
        if (to + o.below <= from || from + o.above <= to || (o.exact && to == from)) remove(at(id));
      }
      arena.add(out.offset, out.bytes, value_name(at(l.out)));
    }
    arena.remove(l.record.scratch, l.scratch_bytes);
  }
  for (const ValueId id : p.outputs) check(lives[at(id)].first <= end, "an output is never written");
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
  verify_arena(p);
}

}  // namespace tinyc
