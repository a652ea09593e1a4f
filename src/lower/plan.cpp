// The arena plan: lifetimes, which outputs may lie over which operands, and offsets for all.
//
// Time 0 is the filling of the inputs, layer i runs at i + 1, the outputs are read at the end. An operand that is read
// for the last time in the layer that begins its output shares this one time with it, and there the kernel says how far
// the output may reach into it (Kernel::overlaps): diagonal memory optimisation (Blacker, Bridges and Hadfield,
// Diagonal Memory Optimisation for Machine Learning on Micro-controllers, 2020).
#include <algorithm>

#include "lower/lifetimes.h"
#include "lower/packer.h"
#include "lower/rows.h"
#include "tinyc/error.h"
#include "tinyc/program.h"

namespace tinyc {

static std::size_t at(std::int32_t id) { return static_cast<std::size_t>(id); }

void set_lifetimes(Program& p) {
  const auto lives = lifetimes(p);
  const auto end = static_cast<std::int32_t>(p.layers.size());
  for (const Layer& l : p.layers)
    for (const ValueId id : {l.in0, l.in1})
      if (id >= 0 && lives.at(at(id)).first > end)
        throw Error(ErrorCode::defect, "layer '" + printable(l.name) + "' reads a value before it is written");
  for (const ValueId id : p.outputs)
    if (lives.at(at(id)).first > end) throw Error(ErrorCode::defect, "an output is never written");
  for (std::size_t v = 0; v < p.values.size(); ++v) {
    p.values[v].first = lives[v].first;
    p.values[v].last = lives[v].last;
  }
}

void plan(Program& p) {
  set_lifetimes(p);
  const auto end = static_cast<std::int32_t>(p.layers.size());
  std::vector<PackItem> items;
  std::vector<std::size_t> slot(p.values.size(), 0), scratch_slot(p.layers.size(), 0);
  for (std::size_t v = 0; v < p.values.size(); ++v) {
    const Value& value = p.values[v];
    slot[v] = items.size();
    if (value.first <= end && value.bytes > 0) items.push_back({value.first + 1, value.last + 1, value.bytes});
  }
  for (std::size_t i = 0; i < p.layers.size(); ++i) {
    scratch_slot[i] = items.size();
    const auto time = static_cast<std::int32_t>(i) + 1;
    const RowGroup* g = row_group(p, i);
    if (p.layers[i].scratch_bytes == 0) continue;
    if (g && p.layers[i].kernel->bands == Bands::sums)  // kept from step to step
      items.push_back({g->first + 1, g->first + g->count, p.layers[i].scratch_bytes});
    else
      items.push_back({time, time, p.layers[i].scratch_bytes});
  }
  std::vector<PackPair> pairs;
  std::vector<std::int64_t> shared = live_bytes(p).shared;
  for (std::size_t i = 0; i < p.layers.size(); ++i)
    for (const auto& [id, o] : overlapped_operands(p, i))
      pairs.push_back({slot[at(begun_output(p, i))], slot[at(id)], o.below, o.above, o.exact});
  for (const RowGroup& g : p.rows) {
    const RowUse use = row_use(p, g);
    const std::int32_t last = g.first + g.count;
    for (std::size_t a = 0; a < p.values.size(); ++a) {
      if (p.values[a].first != g.first || p.values[a].bytes == 0) continue;
      const auto id = static_cast<ValueId>(a);
      for (std::size_t b = a + 1; b < p.values.size(); ++b)
        if (p.values[b].first == g.first && p.values[b].bytes > 0 &&
            bytes_apart(p, g, use, id, static_cast<ValueId>(b)) == 0)
          pairs.push_back({slot[a], slot[b], 0, 0, false});
      for (std::size_t i = at(g.first); i < at(last); ++i)
        if (const std::int64_t scratch = p.layers[i].scratch_bytes; scratch > 0) {
          const std::int64_t before = bytes_before_scratch(p, g, use, id, i);
          pairs.push_back({scratch_slot[i], slot[a], before == 0 ? 0 : scratch, before, false});
        }
    }
  }
  shared.insert(shared.begin(), 0);  // of the inputs
  shared.push_back(0);               // and of the outputs
  Packer packer(std::move(items), pairs, shared);
  const Packing best = packer.best();
  const std::int64_t size = best.offset.empty() ? 0 : best.size;
  if (size > std::int64_t{kMaxArenaBytes})
    throw Error(ErrorCode::unsupported, "the activations need more than 256 MiB");
  p.arena_bytes = static_cast<std::uint32_t>(size);
  p.arena_lower_bound = static_cast<std::uint32_t>(packer.bound());
  for (std::size_t v = 0; v < p.values.size(); ++v)
    p.values[v].offset =
        p.values[v].first <= end && p.values[v].bytes > 0 ? static_cast<std::uint32_t>(best.offset[slot[v]]) : 0;
  const auto offset = [&](ValueId id) { return id < 0 ? 0u : p.values[at(id)].offset; };
  for (std::size_t i = 0; i < p.layers.size(); ++i) {
    Layer& l = p.layers[i];
    l.record.in0 = offset(l.in0);
    l.record.in1 = offset(l.in1);
    l.record.out = offset(l.out);
    l.record.scratch = l.scratch_bytes ? static_cast<std::uint32_t>(best.offset[scratch_slot[i]]) : 0;
  }
}

}  // namespace tinyc
