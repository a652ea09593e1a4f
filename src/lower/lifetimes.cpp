#include "lower/lifetimes.h"

#include <algorithm>

#include "lower/rows.h"

namespace tinyc {
namespace {
std::size_t at(std::int32_t id) { return static_cast<std::size_t>(id); }

/// What both permit, in distances that end where output and operand lie apart.
Overlap closest(const Overlap& a, const Overlap& b, std::int64_t out, std::int64_t in) {
  const auto distance = [](std::int32_t x, std::int32_t y, std::int64_t apart) {
    return static_cast<std::int32_t>(x < 0 || y < 0 ? apart : std::min<std::int64_t>(std::max(x, y), apart));
  };
  return {distance(a.below, b.below, out), distance(a.above, b.above, in), a.exact && b.exact};
}
}  // namespace

std::vector<Lifetime> lifetimes(const Program& p) {
  const auto end = static_cast<std::int32_t>(p.layers.size());
  std::vector<Lifetime> lives(p.values.size(), {end + 1, end + 1});
  for (const ValueId id : p.inputs) lives.at(at(id)) = {-1, -1};
  for (std::int32_t i = 0; i < end; ++i) {
    const Layer& l = p.layers[at(i)];
    for (const ValueId id : {l.in0, l.in1})
      if (id >= 0 && lives.at(at(id)).first <= end) lives[at(id)].last = i;
    Lifetime& out = lives.at(at(l.out));
    out = {out.first > end ? i : out.first, i};
  }
  for (const ValueId id : p.outputs)
    if (lives.at(at(id)).first <= end) lives[at(id)].last = end;
  for (const RowGroup& g : p.rows) {  // all layers of a group run at one time
    const std::int32_t last = g.first + g.count - 1;
    lives.at(at(g.state)) = {g.first, last};
    for (Lifetime& l : lives) {
      if (l.first > g.first && l.first <= last) l.first = g.first;
      if (l.last >= g.first && l.last < last) l.last = last;
    }
  }
  return lives;
}

ValueId begun_output(const Program& p, std::size_t layer) {
  const RowGroup* g = row_group(p, layer);
  const ValueId out = p.layers[g ? at(g->first + g->count - 1) : layer].out;
  return at(p.values[at(out)].first) == layer ? out : -1;
}

OverlappedOperands overlapped_operands(const Program& p, std::size_t layer) {
  const Layer& l = p.layers[layer];
  if (const RowGroup* g = row_group(p, layer)) {
    OverlappedOperands result;
    const ValueId out = begun_output(p, layer);
    if (at(g->first) != layer || out < 0) return result;
    for (const auto& [id, o] : row_overlaps(p, *g)) {
      if (p.values[at(id)].last != g->first + g->count - 1) continue;
      const std::int64_t bytes = p.values[at(out)].bytes, in = p.values[at(id)].bytes;
      if (const Overlap c = closest(o, o, bytes, in); c.below < bytes || c.above < in) result.emplace_back(id, c);
    }
    return result;
  }
  const auto dies = [&](ValueId id) { return id >= 0 && id != l.out && at(p.values[at(id)].last) == layer; };
  if (!l.kernel->overlaps || at(p.values[at(l.out)].first) != layer || (!dies(l.in0) && !dies(l.in1))) return {};
  return overlapped_operands(p, l, l.kernel->overlaps(p, l), dies(l.in0), dies(l.in1));
}

OverlappedOperands overlapped_operands(const Program& p, const Layer& l, const Overlaps& may, bool in0, bool in1) {
  OverlappedOperands result;
  const auto add = [&](ValueId id, const Overlap& a, const Overlap& b) {
    const std::int64_t out = p.values[at(l.out)].bytes, in = p.values[at(id)].bytes;
    const Overlap o = closest(a, b, out, in);
    if (o.below < out || o.above < in || o.exact) result.emplace_back(id, o);
  };
  if (in0) add(l.in0, may.in0, l.in0 == l.in1 ? may.in1 : may.in0);
  if (in1 && l.in0 != l.in1) add(l.in1, may.in1, may.in1);
  return result;
}

std::int64_t shared_bytes(const Program& p, ValueId id_out, const OverlappedOperands& operands) {
  if (id_out < 0) return 0;
  const std::int64_t out = p.values[at(id_out)].bytes;
  std::int64_t all = 0, least = out;  // bytes of the operands, and of all together as close as may be
  for (const auto& [id, o] : operands) {
    const std::int64_t in = p.values[at(id)].bytes;
    all += in;
    least = std::max(least,
                     o.exact ? std::max(out, in) : std::min(std::max(out, o.below + in), std::max(in, o.above + out)));
  }
  return out + all - std::max(least, all);  // the operands lie apart from each other
}

LiveBytes live_bytes(const Program& p) {
  LiveBytes live;
  live.apart.assign(p.layers.size() + 1, 0);
  live.shared.assign(p.layers.size(), 0);
  const auto end = static_cast<std::int32_t>(p.layers.size());
  for (const Value& v : p.values) {
    if (v.first > end) continue;
    live.apart[at(std::max(v.first, 0))] += v.bytes;
    if (v.last < end) live.apart[at(std::max(v.last + 1, 0))] -= v.bytes;
  }
  for (std::size_t i = 0; i < p.layers.size(); ++i) {
    if (i > 0) live.apart[i] += live.apart[i - 1];
    live.shared[i] = shared_bytes(p, begun_output(p, i), overlapped_operands(p, i));
  }
  for (const RowGroup& g : p.rows) {  // bands are not all full at one time
    const RowUse use = row_use(p, g);
    std::int64_t bands = 0;
    for (std::size_t s = 0; s < at(g.count); ++s)
      if (use.together[s][s]) bands += p.values[at(p.layers[at(g.first) + s].out)].bytes;
    const std::int64_t shared = live.shared[at(g.first)];
    for (std::size_t s = 0; s < at(g.count); ++s) live.shared[at(g.first) + s] = shared + bands - use.most[s];
  }
  live.apart.pop_back();
  return live;
}

}  // namespace tinyc
