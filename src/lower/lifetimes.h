// When the values of a program live, found from its layers: what the plan and the checks of a file build on.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "tinyc/program.h"

namespace tinyc {

struct Lifetime {
  std::int32_t first, last;  ///< as in Value; both are layers.size() + 1 where nobody writes the value
  bool operator==(const Lifetime&) const = default;
};
/// By value. All ids must exist.
std::vector<Lifetime> lifetimes(const Program& p);

/// Sets Value::first and last. Throws Error(internal) where something is read before it is written.
void set_lifetimes(Program& p);

/// The value that the layer begins, of a group of rows the group's output; -1 where there is none.
ValueId begun_output(const Program& p, std::size_t layer);

/// Operands that die in the layer (or its group of rows) that begins its output and over which this may lie, with the
/// distances: never more than what puts them apart. The values' lifetimes are set.
using OverlappedOperands = std::vector<std::pair<ValueId, Overlap>>;
OverlappedOperands overlapped_operands(const Program& p, std::size_t layer);
/// The same for a layer that begins its output, where in0 or in1 die.
OverlappedOperands overlapped_operands(const Program& p, const Layer& l, const Overlaps& may, bool in0, bool in1);
/// Bytes that the output can at best share with them.
std::int64_t shared_bytes(const Program& p, ValueId out, const OverlappedOperands& operands);

/// Bytes of the values that live while each layer runs, without its scratch. `shared`: those that overlaps can at best
/// save, by layer. The values' lifetimes are set.
struct LiveBytes {
  std::vector<std::int64_t> apart, shared;
};
LiveBytes live_bytes(const Program& p);

}  // namespace tinyc
