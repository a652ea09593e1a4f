#include "lower/rows.h"

#include <algorithm>
#include <array>
#include <limits>

#include "ops/overlap.h"
#include "tinyc/error.h"

namespace tinyc {
namespace {

std::size_t at(std::int32_t id) { return static_cast<std::size_t>(id); }

constexpr std::int64_t kMost = std::numeric_limits<std::int16_t>::max();
constexpr std::int32_t kMostStages = 64;

/// A layer of a group, in the order of the numbers that the runtime reads.
struct RowStage {
  std::int64_t kind = 0, step = 1;
  std::array<std::int64_t, 2> from{-1, -1};
  std::int64_t band = 0, cap = 0, height = 0, row = 0, stride = 1, pad = 0, extent = 1, input = 0;
};

/// A picture's rows, as far as its value tells.
std::int64_t rows_of(const Value& v) { return v.shape.size() == 4 && v.shape[0] == 1 ? v.shape[1] : 0; }

/// The stages as their records and values say; empty where they cannot run by rows. Caps are those of the values.
class RowStages {
 public:
  RowStages(const Program& p, std::int32_t first, std::int32_t count, std::int32_t step) : p_(p), first_(first) {
    if (first < 0 || count < 1 || count > kMostStages || step < 1 || step > kMost ||
        first > static_cast<std::int32_t>(p.layers.size()) - count)
      return;
    for (std::int32_t s = 0; s < count; ++s) {
      RowStage stage;
      stage.step = step;
      if (!read(s, stage)) {
        all_.clear();
        return;
      }
      all_.push_back(stage);
    }
  }
  const std::vector<RowStage>& all() const { return all_; }

 private:
  const Layer& layer(std::int64_t s) const { return p_.layers[static_cast<std::size_t>(first_ + s)]; }

  bool read(std::int32_t s, RowStage& stage) const {
    const Layer& l = layer(s);
    const tinyc_layer& r = l.record;
    if (l.part || l.kernel->bands == Bands::none || l.in0 < 0) return false;
    for (std::int32_t t = 0; t < s; ++t) {
      if (layer(t).out == l.in0) stage.from[0] = t;
      if (layer(t).out == l.in1) stage.from[1] = t;
    }
    stage.band = s;
    if (l.out == l.in0 || l.out == l.in1) {  // in place
      const std::int64_t from = stage.from[l.out == l.in0 ? 0 : 1];
      if (from < 0 || l.kernel->bands != Bands::elements) return false;
      stage.band = all_[static_cast<std::size_t>(from)].band;
    }
    const bool shaped = l.kernel->bands == Bands::elements ? read_elements(l, stage) : read_window(l, stage);
    for (std::size_t k = 0; shaped && k < 2; ++k)  // what is written is what is read
      if (stage.from[k] >= 0) {
        const RowStage& source = all_[static_cast<std::size_t>(stage.from[k])];
        const std::int64_t row = l.kernel->bands == Bands::elements ? stage.row : std::int64_t{r.in_w} * r.in_c;
        if (source.height != stage.input || source.row != row) return false;
      }
    return shaped && stage.height > 0 && stage.height <= kMost && stage.row <= kMost && stage.input <= kMost &&
           stage.cap <= kMost;
  }

  bool read_elements(const Layer& l, RowStage& stage) const {
    std::int64_t height = 0;
    for (std::size_t k = 0; k < 2; ++k)
      if (stage.from[k] >= 0) height = all_[static_cast<std::size_t>(stage.from[k])].height;
    if (height == 0) height = rows_of(p_.values[at(l.in0)]);
    if (height == 0 || l.record.p[0] < 1 || l.record.p[0] % height != 0 || (l.in1 >= 0 && l.weights >= 0)) return false;
    stage.input = stage.height = height;
    stage.row = l.record.p[0] / height;
    stage.cap = operand_bytes(p_, l.out) / stage.row;
    return true;
  }

  bool read_window(const Layer& l, RowStage& stage) const {
    const tinyc_layer& r = l.record;
    const std::int64_t dilation = std::max<std::int64_t>(r.dil_h, 1);
    if (r.n != 1 || l.in1 >= 0 || r.in_h < 1 || r.in_w < 1 || r.in_c < 1 || r.k_h < 1) return false;
    stage.input = r.in_h;
    if (l.kernel->bands == Bands::sums) {
      stage.kind = 2;
      stage.height = stage.cap = r.in_h;
      stage.row = 0;
      return r.out_h == 1 && r.out_w == 1 && r.k_h == r.in_h && r.pad_t == 0 &&
             std::int64_t{l.scratch_bytes} >= 4 * std::int64_t{r.in_c};
    }
    stage.kind = 1;
    stage.height = r.out_h;
    stage.row = std::int64_t{r.out_w} * r.out_c;
    stage.stride = r.stride_h;
    stage.pad = r.pad_t;
    stage.extent = (r.k_h - 1) * dilation + 1;
    if (stage.row < 1 || stage.stride < 1 || stage.pad < 0 || stage.pad >= stage.extent || stage.extent > kMost)
      return false;
    // every window must see the picture
    if ((stage.height - 1) * stage.stride - stage.pad >= stage.input) return false;
    stage.cap = operand_bytes(p_, l.out) / stage.row;
    return true;
  }

  const Program& p_;
  std::int32_t first_;
  std::vector<RowStage> all_;
};

std::vector<std::int16_t> numbers_of(const std::vector<RowStage>& stages) {
  std::vector<std::int16_t> n;
  for (const RowStage& s : stages)
    for (const std::int64_t v :
         {s.kind, s.step, s.from[0], s.from[1], s.band, s.cap, s.height, s.row, s.stride, s.pad, s.extent, s.input})
      n.push_back(static_cast<std::int16_t>(v));
  return n;
}

/// Runs the schedule without kernels; visit(stage, rows, state) is called in each step, when its rows count as written
/// and nothing has been dropped yet.
template <class Visit>
void run_schedule(const std::vector<RowStage>& stages, Visit visit) {
  const std::vector<std::int16_t> numbers = numbers_of(stages);
  std::vector<tinyc_rows_state> state(stages.size(), tinyc_rows_state{0, 0, 0, 0});
  const int count = static_cast<int>(stages.size());
  for (int s; (s = tinyc_rows_next(numbers.data(), count, state.data())) >= 0;) {
    const auto stage = static_cast<std::size_t>(s);
    const std::int16_t rows = state[stage].rows;
    state[stage].next = static_cast<std::int16_t>(state[stage].next + rows);
    visit(stage, std::int64_t{rows}, state);
    state[stage].next = static_cast<std::int16_t>(state[stage].next - rows);
    tinyc_rows_end(nullptr, numbers.data(), count, state.data(), s, nullptr);
  }
}

/// Rows that each stage's band must hold; 0 for what is in an operand's.
std::vector<std::int64_t> needed_rows(std::vector<RowStage> stages) {
  const std::int64_t whole = stages.back().band;
  for (RowStage& s : stages) s.cap = 0;  // always drops what it may
  stages[static_cast<std::size_t>(whole)].cap = stages.back().height;
  std::vector<std::int64_t> needed(stages.size(), 0);
  run_schedule(stages, [&](std::size_t s, std::int64_t, const std::vector<tinyc_rows_state>& state) {
    if (stages[s].band == static_cast<std::int64_t>(s))
      needed[s] = std::max<std::int64_t>(needed[s], state[s].next - state[s].start);
  });
  needed[static_cast<std::size_t>(whole)] = stages.back().height;
  return needed;
}

bool is_output(const Program& p, ValueId v) { return std::ranges::find(p.outputs, v) != p.outputs.end(); }

/// The stage whose band an element-wise one can run in: the operand that nobody else reads and that waits longest.
std::int32_t operand_in_place(const Program& p, const std::vector<RowStage>& stages, std::int32_t first,
                              std::size_t s) {
  const Layer& l = p.layers[at(first) + s];
  if (l.kernel->bands != Bands::elements) return -1;
  std::int64_t best = -1;
  for (std::size_t k = 0; k < 2; ++k) {
    const std::int64_t from = stages[s].from[k];
    if (from < 0 || stages[static_cast<std::size_t>(from)].kind == 2) continue;
    const ValueId id = k == 0 ? l.in0 : l.in1;
    std::int64_t readers = 0;
    for (const Layer& other : p.layers) readers += (other.in0 == id) + (other.in1 == id);
    if (readers == 1 && (best < 0 || from < best)) best = from;
  }
  return static_cast<std::int32_t>(best);
}

}  // namespace

std::uint32_t row_state_bytes(std::int32_t layers) noexcept {
  static_assert(sizeof(tinyc_layer) <= TINYC_ROWS_RECORD);
  return TINYC_ROWS_RECORD + static_cast<std::uint32_t>(layers) * sizeof(tinyc_rows_state);
}

const RowGroup* row_group(const Program& p, std::size_t layer) noexcept {
  for (const RowGroup& g : p.rows)
    if (layer >= at(g.first) && layer < at(g.first) + at(g.count)) return &g;
  return nullptr;
}

bool can_run_by_rows(const Program& p, std::int32_t first, std::int32_t count) {
  const std::vector<RowStage> stages = RowStages(p, first, count, 1).all();
  if (stages.empty()) return false;
  const std::size_t begin = at(first), end = begin + at(count);
  for (std::size_t i = begin; i < end; ++i) {
    const ValueId out = p.layers[i].out;
    if (row_group(p, i) || (i + 1 < end && (stages[i - begin].kind == 2 || is_output(p, out)))) return false;
    bool read = i + 1 == end;
    for (std::size_t j = 0; j < p.layers.size(); ++j) {
      const bool reads = p.layers[j].in0 == out || p.layers[j].in1 == out;
      if (i + 1 < end && reads && (j <= i || j >= end)) return false;
      if (j != i && p.layers[j].out == out) return false;
      read = read || reads;
    }
    if (!read) return false;
  }
  return true;
}

void run_by_rows(Program& p, std::int32_t first, std::int32_t count, std::int32_t step) {
  std::vector<RowStage> stages = RowStages(p, first, count, step).all();
  for (std::size_t s = 0; s < stages.size(); ++s) {
    const std::int32_t from = operand_in_place(p, stages, first, s);
    if (from < 0) continue;
    Layer& l = p.layers[at(first) + s];
    const ValueId old = p.layers[at(first + from)].out;
    for (std::int32_t t = 0; t < static_cast<std::int32_t>(s); ++t)  // itself perhaps in place
      if (Layer& other = p.layers[at(first + t)]; true) {
        if (other.out == old) other.out = l.out;
        if (other.in0 == old) other.in0 = l.out;
        if (other.in1 == old) other.in1 = l.out;
      }
    if (l.in0 == old) l.in0 = l.out;
    if (l.in1 == old) l.in1 = l.out;
    p.values[at(old)].shape = {1};  // nobody's any more
    p.values[at(old)].bytes = static_cast<std::uint32_t>(size_of(p.values[at(old)].type));
  }
  stages = RowStages(p, first, count, step).all();
  if (stages.empty()) throw Error(ErrorCode::defect, "these layers cannot run row by row");
  const std::vector<std::int64_t> needed = needed_rows(stages);
  for (std::size_t s = 0; s < stages.size(); ++s) {
    Layer& l = p.layers[at(first) + s];
    if (s + 1 < stages.size()) l.record.out_bytes = 0;
    if (stages[s].kind == 2 || needed[s] == 0 || needed[s] >= stages[s].height) continue;
    Value& v = p.values[at(l.out)];
    v.bytes = static_cast<std::uint32_t>(needed[s] * stages[s].row);
    v.shape = {1, static_cast<std::int32_t>(needed[s]), 1, static_cast<std::int32_t>(stages[s].row)};
  }
  Value state;
  state.name = "rows";
  state.bytes = row_state_bytes(count);
  state.shape = {static_cast<std::int32_t>(state.bytes)};
  p.values.push_back(std::move(state));
  p.rows.push_back({first, count, step, static_cast<ValueId>(p.values.size() - 1)});
  std::ranges::sort(p.rows, {}, &RowGroup::first);
}

RowUse row_use(const Program& p, const RowGroup& g) {
  const std::vector<RowStage> stages = RowStages(p, g.first, g.count, g.step).all();
  const std::size_t n = stages.size();
  RowUse use{std::vector(n, std::vector<std::int64_t>(n, 0)), std::vector(n, std::vector<bool>(n, false)),
             std::vector<std::int64_t>(n, 0)};
  if (stages.empty()) return use;
  const auto whole = static_cast<std::size_t>(stages.back().band);
  run_schedule(stages, [&](std::size_t s, std::int64_t, const std::vector<tinyc_rows_state>& state) {
    std::vector<std::int64_t> bytes(n, 0);
    std::int64_t all = 0;
    for (std::size_t b = 0; b < n; ++b) {
      if (stages[b].band != static_cast<std::int64_t>(b)) continue;
      bytes[b] = b == whole ? operand_bytes(p, p.layers[at(g.first) + b].out)
                            : (state[b].next - state[b].start) * stages[b].row;
      use.bytes[s][b] = std::max(use.bytes[s][b], bytes[b]);
      all += bytes[b];
    }
    use.most[s] = std::max(use.most[s], all);
    for (std::size_t a = 0; a < n; ++a)
      for (std::size_t b = 0; b < n; ++b)
        if (bytes[a] > 0 && bytes[b] > 0) use.together[a][b] = true;
  });
  return use;
}

namespace {
/// The stage that owns the value's band; -1: it is no band of the group.
std::int64_t band_of(const Program& p, const RowGroup& g, ValueId v) {
  for (std::int32_t s = 0; s < g.count; ++s)
    if (p.layers[at(g.first + s)].out == v) return s;
  return -1;
}
}  // namespace

std::int64_t bytes_apart(const Program& p, const RowGroup& g, const RowUse& use, ValueId a, ValueId b) {
  const std::int64_t x = band_of(p, g, a), y = band_of(p, g, b);
  const bool free = x >= 0 && y >= 0 && !use.together[static_cast<std::size_t>(x)][static_cast<std::size_t>(y)];
  return free ? 0 : p.values[at(a)].bytes;
}

std::int64_t bytes_before_scratch(const Program& p, const RowGroup& g, const RowUse& use, ValueId v,
                                  std::size_t layer) {
  const std::int64_t band = band_of(p, g, v);
  if (band < 0 || p.layers[layer].kernel->bands == Bands::sums) return p.values[at(v)].bytes;
  return use.bytes[layer - at(g.first)][static_cast<std::size_t>(band)];
}

std::vector<std::pair<ValueId, Overlap>> row_overlaps(const Program& p, const RowGroup& g) {
  const std::vector<RowStage> stages = RowStages(p, g.first, g.count, g.step).all();
  if (stages.empty()) return {};
  std::vector<std::pair<ValueId, Walk>> walks;
  const std::int64_t whole = stages.back().band;
  const auto layer = [&](std::size_t s) -> const Layer& { return p.layers[at(g.first) + s]; };
  for (std::size_t s = 0; s < stages.size(); ++s)
    for (std::size_t k = 0; k < 2; ++k) {
      const ValueId id = k == 0 ? layer(s).in0 : layer(s).in1;
      if (id < 0 || stages[s].from[k] >= 0) continue;
      if (std::ranges::none_of(walks, [&](const auto& w) { return w.first == id; })) walks.emplace_back(id, Walk());
    }
  const auto reads = [&](std::size_t s, std::size_t k, std::int64_t y, std::int64_t rows, Walk& walk) {
    const RowStage& stage = stages[s];
    const tinyc_layer& r = layer(s).record;
    const std::int64_t row = stage.kind == 0 ? stage.row : std::int64_t{r.in_w} * r.in_c,
                       from = std::max<std::int64_t>(0, y * stage.stride - stage.pad),
                       to = std::min(stage.input, (y + rows - 1) * stage.stride - stage.pad + stage.extent);
    (void)k;
    walk.read(from * row, to * row - 1);
  };
  run_schedule(stages, [&](std::size_t s, std::int64_t rows, const std::vector<tinyc_rows_state>& state) {
    const RowStage& stage = stages[s];
    const std::int64_t y = state[s].next - rows;
    for (auto& [id, walk] : walks) {
      // a kernel may write before it reads again
      if (stage.kind == 2 ? y + rows == stage.height : stage.band == whole)
        walk.write(stage.kind == 2 ? 0 : y * stage.row,
                   (stage.kind == 2 ? operand_bytes(p, layer(s).out) : (y + rows) * stage.row) - 1);
      for (std::size_t k = 0; k < 2; ++k)
        if (stage.from[k] < 0 && (k == 0 ? layer(s).in0 : layer(s).in1) == id) reads(s, k, y, rows, walk);
    }
  });
  std::vector<std::pair<ValueId, Overlap>> result;
  result.reserve(walks.size());
  for (const auto& [id, walk] : walks) result.emplace_back(id, Overlap{.below = walk.below(), .above = walk.above()});
  return result;
}

std::int64_t row_steps(const Program& p, const RowGroup& g) {
  std::int64_t steps = 0;
  if (const auto stages = RowStages(p, g.first, g.count, g.step).all(); !stages.empty())
    run_schedule(stages, [&](std::size_t, std::int64_t, const std::vector<tinyc_rows_state>&) { ++steps; });
  return steps;
}

std::vector<std::int16_t> row_numbers(const Program& p, const RowGroup& g) {
  const std::vector<RowStage> stages = RowStages(p, g.first, g.count, g.step).all();
  if (stages.empty()) throw Error(ErrorCode::damaged_program, "its layers cannot run row by row");
  const std::vector<std::int64_t> needed = needed_rows(stages);
  for (std::size_t s = 0; s < stages.size(); ++s)
    if (stages[s].kind != 2 && stages[s].cap < needed[s])
      throw Error(ErrorCode::damaged_program, "a band of rows is too small");
  const std::uint32_t state = p.values.at(at(g.state)).offset;
  std::vector<std::int16_t> n = {static_cast<std::int16_t>(g.first), static_cast<std::int16_t>(g.count),
                                 static_cast<std::int16_t>(state & 0xffff), static_cast<std::int16_t>(state >> 16)};
  const std::vector<std::int16_t> of_stages = numbers_of(stages);
  n.insert(n.end(), of_stages.begin(), of_stages.end());
  return n;
}

std::vector<std::int16_t> row_numbers(const Program& p) {
  std::vector<std::int16_t> n;
  for (const RowGroup& g : p.rows) {
    const auto of_group = row_numbers(p, g);
    n.insert(n.end(), of_group.begin(), of_group.end());
  }
  n.push_back(-1);
  return n;
}

}  // namespace tinyc
