#include "lower/lifetimes.h"

#include <algorithm>

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
  return lives;
}

OverlappedOperands overlapped_operands(const Program& p, std::size_t layer) {
  const Layer& l = p.layers[layer];
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

std::int64_t shared_bytes(const Program& p, const Layer& l, const OverlappedOperands& operands) {
  const std::int64_t out = p.values[at(l.out)].bytes;
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
    live.shared[i] = shared_bytes(p, p.layers[i], overlapped_operands(p, i));
  }
  live.apart.pop_back();
  return live;
}

}  // namespace tinyc
