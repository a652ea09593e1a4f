// Checks of a program that came from a file: everything that does not depend on what an operator means,
// and how far its kernel lets an output reach into an operand.
#include <algorithm>
#include <cmath>
#include <map>

#include "lower/lifetimes.h"
#include "lower/rows.h"
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

void verify_layer(const Program& p, const Layer& l, bool within_rows) {
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
  check(l.record.out_bytes == (l.part || within_rows ? 0 : p.values[static_cast<std::size_t>(l.out)].bytes),
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

/// Groups of rows lie one after the other, and their states are values of their own.
void verify_rows(const Program& p) {
  std::int64_t end = 0;
  for (const RowGroup& g : p.rows) {
    check(
        g.first >= end && g.count > 0 && std::int64_t{g.first} + g.count <= static_cast<std::int64_t>(p.layers.size()),
        "its groups of rows are none");
    end = std::int64_t{g.first} + g.count;
    check(g.state >= 0 && g.state < static_cast<ValueId>(p.values.size()) &&
              p.values[static_cast<std::size_t>(g.state)].bytes == row_state_bytes(g.count),
          "a group of rows has no state");
    const auto uses = [&](const Layer& l) { return l.in0 == g.state || l.in1 == g.state || l.out == g.state; };
    check(std::ranges::none_of(p.layers, uses) && std::ranges::find(p.inputs, g.state) == p.inputs.end() &&
              std::ranges::find(p.outputs, g.state) == p.outputs.end() &&
              std::ranges::count(p.rows, g.state, &RowGroup::state) == 1,
          "the state of a group of rows is another's value");
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

/// The arena of a group of rows, whose values and scratch share it as its schedule lets them.
void verify_group(const Program& p, const RowGroup& g, const std::vector<std::size_t>& values, Occupied& arena) {
  struct Place {
    std::int64_t offset, bytes;
    ValueId value;      // or
    std::size_t layer;  // whose scratch it is
    std::string name;
  };
  std::vector<Place> places;
  places.reserve(values.size() + static_cast<std::size_t>(g.count));
  for (const std::size_t v : values)
    places.push_back({p.values[v].offset, p.values[v].bytes, static_cast<ValueId>(v), 0,
                      "value '" + printable(p.values[v].name) + "'"});
  const auto first = static_cast<std::size_t>(g.first), last = first + static_cast<std::size_t>(g.count);
  for (std::size_t i = first; i < last; ++i)
    places.push_back({p.layers[i].record.scratch, p.layers[i].scratch_bytes, -1, i,
                      "layer '" + printable(p.layers[i].name) + "' has scratch that"});
  const RowUse use = row_use(p, g);
  const auto sums = [&](const Place& x) { return p.layers[x.layer].kernel->bands == Bands::sums; };
  for (const Place& a : places) {
    arena.add(static_cast<std::uint64_t>(a.offset), static_cast<std::uint64_t>(a.bytes), a.name);
    arena.remove(static_cast<std::uint64_t>(a.offset), static_cast<std::uint64_t>(a.bytes));
    for (const Place& b : places) {
      if (&a >= &b || a.bytes == 0 || b.bytes == 0) continue;
      std::int64_t kept = a.bytes, kept_b = b.bytes;  // from where on the other may lie
      if (a.value >= 0 && b.value >= 0) {
        if (bytes_apart(p, g, use, a.value, b.value) == 0) continue;
      } else if (a.value >= 0) {
        kept = bytes_before_scratch(p, g, use, a.value, b.layer);
        if (kept == 0) continue;
      } else if (!sums(a) && !sums(b)) {
        continue;  // scratch of different steps
      }
      check(a.offset + kept <= b.offset || b.offset + kept_b <= a.offset, a.name + " lies over what is still needed");
    }
  }
}

/// Replays the layers: nothing is read before it is written, or overwritten before it was read.
void verify_arena(const Program& p) {
  const auto at = [](std::int32_t i) { return static_cast<std::size_t>(i); };
  const auto lives = lifetimes(p);
  const auto end = static_cast<std::int32_t>(p.layers.size());
  std::vector<std::vector<std::size_t>> dying(p.layers.size() + 1);  // by last layer + 1: the inputs that nobody reads
  std::vector<std::vector<std::size_t>> beginning(p.layers.size());
  Occupied arena;
  const auto value_name = [&](std::size_t v) { return "value '" + printable(p.values[v].name) + "'"; };
  for (std::size_t v = 0; v < p.values.size(); ++v) {
    check(Lifetime{p.values[v].first, p.values[v].last} == lives[v],
          value_name(v) + " has a lifetime that is not its own");
    if (lives[v].last < end) dying[at(lives[v].last + 1)].push_back(v);
    if (lives[v].first >= 0 && lives[v].first < end) beginning[at(lives[v].first)].push_back(v);
    if (lives[v].first < 0) arena.add(p.values[v].offset, p.values[v].bytes, value_name(v));
  }
  std::vector<bool> gone(p.values.size(), false);
  const auto remove = [&](std::size_t v) {
    if (!gone[v]) arena.remove(p.values[v].offset, p.values[v].bytes);
    gone[v] = true;
  };
  for (std::int32_t i = 0; i < end; ++i) {
    const Layer& l = p.layers[at(i)];
    const RowGroup* g = row_group(p, at(i));
    const std::string name = "layer '" + printable(l.name) + "' ";
    for (const std::size_t v : dying[at(i)]) remove(v);
    for (const ValueId id : {l.in0, l.in1})
      check(id < 0 || lives[at(id)].first < i || (g && lives[at(id)].first == g->first),
            name + "reads what is not written");
    if (!g) arena.add(l.record.scratch, l.scratch_bytes, name + "has scratch that");
    if (const ValueId out = begun_output(p, at(i)); out >= 0) {
      for (const auto& [id, o] : overlapped_operands(p, at(i))) {
        const std::int64_t to = p.values[at(out)].offset, from = p.values[at(id)].offset;
        if (to + o.below <= from || from + o.above <= to || (o.exact && to == from)) remove(at(id));
      }
    }
    if (g) {
      if (i == g->first) verify_group(p, *g, beginning[at(i)], arena);
      for (const std::size_t v : beginning[at(i)])  // only its output outlives it
        if (lives[v].last == g->first + g->count - 1)
          gone[v] = true;
        else
          arena.add(p.values[v].offset, p.values[v].bytes, value_name(v));
      continue;
    }
    for (const std::size_t v : beginning[at(i)]) arena.add(p.values[v].offset, p.values[v].bytes, value_name(v));
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
  for (const Layer& l : p.layers) check(l.kernel != nullptr, "layer '" + printable(l.name) + "' has no kernel");
  verify_rows(p);
  for (std::size_t i = 0; i < p.layers.size(); ++i) {
    const RowGroup* g = row_group(p, i);
    verify_layer(p, p.layers[i], g && static_cast<std::int32_t>(i) < g->first + g->count - 1);
  }
  for (const RowGroup& g : p.rows) row_numbers(p, g);  // its layers can, and its bands are large enough
  const auto ids = [&](const std::vector<ValueId>& list) {
    return std::all_of(list.begin(), list.end(),
                       [&](ValueId id) { return id >= 0 && id < static_cast<std::int32_t>(p.values.size()); });
  };
  check(!p.outputs.empty() && ids(p.inputs) && ids(p.outputs), "its inputs or outputs do not exist");
  verify_arena(p);
}

}  // namespace tinyc
