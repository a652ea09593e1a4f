// Graph to Program: inputs, layers node by node, outputs, then the arena.
#include <algorithm>
#include <optional>

#include "lower/lifetimes.h"
#include "lower/order.h"
#include "lower/rows.h"
#include "ops/copy.h"
#include "tinyc/error.h"
#include "tinyc/program.h"

namespace tinyc {
namespace {

std::string where(const Node& n) {
  return std::string(name_of(kind(n.op))) + " '" + printable(n.name) + "'" +
         (n.source >= 0 ? " (node " + std::to_string(n.source) + ")" : "");
}

/// Nodes without an integer form, gathered so that a user sees the whole list at once.
class Refusals {
 public:
  void add(const Node& n, const Error& e) {
    text_ += "\n  " + where(n) + ": " + e.what();
    if (hint_.empty()) hint_ = e.hint();
    ++count_;
  }
  void report() const {
    if (count_ == 0) return;
    throw Error(ErrorCode::not_quantizable,
                std::to_string(count_) + (count_ == 1 ? " operator has" : " operators have") + " no int8 form:" + text_,
                hint_);
  }

 private:
  int count_ = 0;
  std::string text_, hint_;
};

void lower_node(const Graph& g, const Node& n, ProgramBuilder& builder, Program& p) {
  const std::size_t before = p.layers.size();
  traits(n.op).lower(g, n, builder);
  if (p.layers.size() > before) p.layers.back().macs = macs(g, n);
}

/// A layer that copies a value or a constant to a place of its own.
ValueId add_output_copy(const Tensor& t, ValueId from, ProgramBuilder& builder) {
  const auto bytes = static_cast<std::uint32_t>(t.bytes());
  Layer l;
  l.name = t.name;
  l.op = OpKind::reshape;
  l.kernel = &kCopyKernel;
  l.in0 = from;
  const ValueId out = l.out = builder.temporary(t.name, bytes);
  if (from < 0) {  // one run of bytes from flash
    constexpr std::int32_t loop[] = {1, 0, 0};
    l.kernel = &kStridedCopyKernel;
    l.weights = builder.blob(Blob::Kind::weights, Blob::Type::i8, t.name, *t.data);
    l.table = builder.params_i32(t.name, loop);
    l.record.p[0] = 1;
    l.record.p[1] = static_cast<std::int32_t>(bytes);
  }
  builder.add(std::move(l));
  return out;
}

/// Gives every graph output a value that is not overwritten by the next inputs and has the output's own name and shape.
void lower_outputs(const Graph& g, ProgramBuilder& builder, Program& p) {
  for (const TensorId id : g.outputs) {
    const Tensor& t = g.at(id);
    ValueId v = t.is_const() ? -1 : builder.value(id);
    const auto taken = [&](const std::vector<ValueId>& ids) {
      return std::find(ids.begin(), ids.end(), v) != ids.end();
    };
    if (v < 0 || taken(p.inputs) || taken(p.outputs)) v = add_output_copy(t, v, builder);
    Value& value = p.values[static_cast<std::size_t>(v)];
    const ScaleZp q = scale_zp(t);
    value.name = t.name;
    value.shape = t.shape;
    value.type = t.dtype;
    value.scale = q.scale;
    value.zero_point = q.zero_point;
    p.outputs.push_back(v);
  }
}

/// A planned program, and the nodes that its layers come from.
struct Lowered {
  Program program;
  std::vector<std::size_t> node_of;  ///< by layer; g.nodes.size() for copies to outputs
};

constexpr std::size_t kMostTries = 50;

/// What is decided before the layers are made.
struct Choices {
  std::vector<std::int64_t> room;  ///< by node: scratch for decoded filters that costs nothing
  std::vector<bool> one_sweep;     ///< by node: its output should lie over its input
  std::vector<std::size_t> order;  ///< of the layers; empty: that of the nodes
  std::vector<std::int32_t> rows;  ///< by node: rows at a time where its layers run by rows, else 0
  std::vector<RowGroup> groups;    ///< without state
};

Lowered lower_with(const Graph& g, const LowerOptions& options, const Choices& choices) {
  Lowered result;
  Program& p = result.program;
  p.name = g.name;
  ProgramBuilder builder(g, p, options);
  for (const TensorId id : g.inputs) p.inputs.push_back(builder.value(id));
  Refusals refused;
  for (std::size_t i = 0; i < g.nodes.size(); ++i) {
    const Node& n = g.nodes[i];
    builder.set_room(choices.room[i], choices.one_sweep[i], choices.rows[i]);
    try {
      lower_node(g, n, builder, p);
    } catch (const Error& e) {
      if (e.kind() != ErrorKind::unsupported) throw Error(e.code(), where(n) + ": " + e.what(), e.hint());
      refused.add(n, e);
    }
    result.node_of.resize(p.layers.size(), i);
  }
  refused.report();
  lower_outputs(g, builder, p);
  result.node_of.resize(p.layers.size(), g.nodes.size());
  if (!choices.order.empty()) {
    Lowered ordered{p, {}};
    for (std::size_t i = 0; i < choices.order.size(); ++i) {
      ordered.program.layers[i] = p.layers[choices.order[i]];
      ordered.node_of.push_back(result.node_of[choices.order[i]]);
    }
    result = std::move(ordered);
  }
  for (const RowGroup& group : choices.groups) run_by_rows(p, group.first, group.count, group.step);
  plan(p);
  return result;
}

/// The layer decodes its filters in several blocks.
bool in_blocks(const Layer& l) { return l.codec >= 0 && l.record.block > 0 && l.record.block < l.record.out_c; }

/// The layer that needs most RAM.
std::size_t peak_layer(const Program& p) {
  const LiveBytes live = live_bytes(p);
  std::vector<std::int64_t> bytes;
  bytes.reserve(p.layers.size());
  for (std::size_t i = 0; i < p.layers.size(); ++i)
    bytes.push_back(live.apart[i] - live.shared[i] + std::int64_t{p.layers[i].scratch_bytes});
  return static_cast<std::size_t>(std::ranges::max_element(bytes) - bytes.begin());
}

/// Where a layer at the peak decodes its filters block by block, its output may not lie over its input, which each
/// block reads again: decoding all at once takes more scratch and may need less RAM.
void decode_whole_at_peak(const Graph& g, const LowerOptions& options, Lowered& best, Choices& choices) {
  for (std::size_t tries = 0; tries < g.nodes.size() && !best.program.layers.empty(); ++tries) {
    const std::size_t peak = peak_layer(best.program), node = best.node_of[peak];
    const Layer& l = best.program.layers[peak];
    if (!in_blocks(l)) return;
    Choices more = choices;
    more.one_sweep[node] = true;
    more.room[node] = static_cast<std::int64_t>(l.scratch_bytes) + static_cast<std::int64_t>(l.weight_count);
    Lowered next = lower_with(g, options, more);
    if (next.program.arena_bytes >= best.program.arena_bytes) return;
    best = std::move(next);
    choices = std::move(more);
  }
}

/// Lowers with other choices and takes them where the arena does not grow.
bool take(const Graph& g, const LowerOptions& options, const Choices& tried, Lowered& best, Choices& choices) {
  Lowered next = lower_with(g, options, tried);
  if (next.program.arena_bytes > std::max(best.program.arena_bytes, options.arena)) return false;
  best = std::move(next);
  choices = tried;
  return true;
}

/// Decodes, or spreads, more filters at a time where the arena has room for them anyway: in all layers, and where that
/// enlarges it after all (a sweep for each of several blocks reads the input again, so that the output may not lie over
/// it; pieces of room may not join) layer by layer, those with most work first.
void fill_room(const Graph& g, const LowerOptions& options, Lowered& best, Choices& choices) {
  const LiveBytes live = live_bytes(best.program);
  const std::int64_t arena = std::max(best.program.arena_bytes, options.arena);
  Choices more = choices;
  std::vector<std::pair<std::int64_t, std::size_t>> by_work;
  for (std::size_t i = 0; i < best.program.layers.size(); ++i) {
    const std::size_t n = best.node_of[i];
    if (n >= more.room.size()) continue;
    more.room[n] = std::max(more.room[n], arena - live.apart[i] + live.shared[i]);
    if (best.program.layers[i].weights >= 0) by_work.emplace_back(-best.program.layers[i].macs, n);
  }
  if (take(g, options, more, best, choices)) return;
  std::ranges::sort(by_work);
  if (by_work.size() > kMostTries) by_work.resize(kMostTries);
  for (const auto& by : by_work) {
    const std::size_t n = by.second;
    bool taken = false;
    for (std::int64_t share = 1; share <= 4 && !taken; share *= 2) {
      Choices tried = choices;
      tried.room[n] = std::max(tried.room[n], more.room[n] / share);
      taken = take(g, options, tried, best, choices);
    }
  }
}

/// Instructions to decode a weight, at most, in multiply-accumulates.
constexpr std::int64_t kDecoding = 16;

/// True where the layers may be a group whose coded weights, which each step decodes again, cost little.
bool pays_by_rows(const Program& p, std::int32_t first, std::int32_t count) {
  if (!can_run_by_rows(p, first, count)) return false;
  for (std::int32_t i = first; i < first + count; ++i)
    if (const Layer& l = p.layers[static_cast<std::size_t>(i)]; l.codec >= 0 && !l.kernel->list)
      if (kDecoding * l.weight_count * l.record.out_h > l.macs / 4) return false;
  return true;
}

/// `choices` with one more group.
Choices with_group(const Choices& choices, const Lowered& best, const RowGroup& group) {
  Choices more = choices;
  more.groups.push_back(group);
  for (std::int32_t i = group.first; i < group.first + group.count; ++i)
    if (const std::size_t n = best.node_of[static_cast<std::size_t>(i)]; n < more.rows.size())
      more.rows[n] = group.step;
  return more;
}

/// The least arena that a group could have, without a plan of it.
std::int64_t least_bytes(const Program& p, const RowGroup& group) {
  Program tried = p;
  run_by_rows(tried, group.first, group.count, group.step);
  set_lifetimes(tried);
  const LiveBytes live = live_bytes(tried);
  std::int64_t most = 0;
  for (std::size_t i = 0; i < tried.layers.size(); ++i) most = std::max(most, live.apart[i] - live.shared[i]);
  return most;
}

/// Makes groups of rows as long as the arena shrinks: each of layers around the one that needs most.
void find_row_groups(const Graph& g, const LowerOptions& options, Lowered& best, Choices& choices) {
  constexpr std::size_t kTried = 12;    // ranges that are lowered and planned
  constexpr std::int32_t kLayers = 40;  // of a group, on each side of the peak
  for (bool better = true; better && best.program.arena_bytes > options.arena;) {
    better = false;
    if (best.program.layers.empty()) return;
    Choices all = choices;  // every layer as it would be in a group
    for (std::int32_t& rows : all.rows) rows = std::max(rows, 1);
    const Lowered by_rows = lower_with(g, options, all);
    const Program& p = by_rows.program;
    const auto peak = static_cast<std::int32_t>(peak_layer(best.program)),
               end = static_cast<std::int32_t>(p.layers.size());
    std::vector<std::pair<std::int64_t, RowGroup>> candidates;
    for (std::int32_t first = peak; first >= std::max(0, peak - kLayers); --first)
      for (std::int32_t last = std::max(peak, first + 1); last < std::min(end, peak + kLayers); ++last)
        if (const RowGroup group{first, last - first + 1}; pays_by_rows(p, first, group.count))
          candidates.emplace_back(least_bytes(p, group), group);
    std::ranges::stable_sort(candidates, {}, [](const auto& c) { return std::pair(c.first, c.second.count); });
    if (candidates.size() > kTried) candidates.resize(kTried);
    std::optional<Lowered> found;
    Choices with;
    for (const auto& [bytes, group] : candidates) {
      const Choices tried = with_group(choices, best, group);
      Lowered next = lower_with(g, options, tried);
      if (next.program.arena_bytes >= (found ? *found : best).program.arena_bytes) continue;
      found = std::move(next);
      with = tried;
    }
    if (!found) return;
    best = std::move(*found);
    choices = with;
    better = true;
  }
}

}  // namespace

Program lower(const Graph& g, const LowerOptions& options) {
  if (g.stage == Stage::Float) throw Error(ErrorCode::defect, "a float graph cannot be lowered");
  LowerOptions wider = options;
  Choices choices{std::vector<std::int64_t>(g.nodes.size(), 0),
                  std::vector<bool>(g.nodes.size(), false),
                  {},
                  std::vector<std::int32_t>(g.nodes.size(), 0),
                  {}};
  Lowered best = lower_with(g, options, choices);
  choices.order = best_order(best.program);
  bool better = false;
  if (!std::ranges::is_sorted(choices.order)) {
    Lowered other = lower_with(g, options, choices);
    better = other.program.arena_bytes < best.program.arena_bytes;
    if (better) best = std::move(other);
  }
  if (!better) choices.order.clear();
  if (options.rows) {
    constexpr std::uint32_t kSixteenth = 16;  // of the arena, for scratch, where no budget is given
    find_row_groups(g, options, best, choices);
    if (options.arena == 0) wider.arena = best.program.arena_bytes + best.program.arena_bytes / kSixteenth;
  }
  const auto blocks = [&] { return std::ranges::any_of(best.program.layers, in_blocks); };
  if (blocks()) decode_whole_at_peak(g, options, best, choices);
  if (blocks() || options.family != Family::portable) fill_room(g, wider, best, choices);
  return std::move(best.program);
}

}  // namespace tinyc
