// The int8 executor: patches the program's records with host pointers and calls the shipped kernels.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "tinyc/error.h"
#include "tinyc/executor.h"
#include "tinyc/parallel.h"

namespace tinyc {
namespace {

constexpr std::size_t kHeight = 6, kRowBytes = 7;  // among a stage's numbers (tinyc_run_rows.c)

// The whole number nearest to a real one; NaN counts as 0.
std::int32_t count_of(float x) {
  if (std::isnan(x)) return 0;
  return static_cast<std::int32_t>(std::clamp(std::round(static_cast<double>(x)), -2147483648.0, 2147483647.0));
}

}  // namespace

ProgramExecutor::ProgramExecutor(const Program& p) : program_(p) {
  const auto data = [&](BlobId id) -> const std::uint8_t* {
    return id < 0 ? nullptr : p.blobs.at(static_cast<std::size_t>(id)).bytes.data();
  };
  for (const Layer& l : p.layers) {
    tinyc_layer r = l.record;
    r.run = l.kernel->run;
    r.weights = reinterpret_cast<const std::int8_t*>(data(l.weights));
    r.codec = data(l.codec);
    r.bias = reinterpret_cast<const std::int32_t*>(data(l.bias));
    r.mult = reinterpret_cast<const std::int32_t*>(data(l.mult));
    r.shift = reinterpret_cast<const std::int8_t*>(data(l.shift));
    r.table = reinterpret_cast<const std::int32_t*>(data(l.table));
    records_.push_back(r);
  }
  for (const RowGroup& g : p.rows) row_numbers_.push_back(row_numbers(p, g));
}

ProgramExecutor::State ProgramExecutor::make_state() const {
  State s;
  s.memory.resize(program_.arena_bytes + 16);
  const auto address = reinterpret_cast<std::uintptr_t>(s.memory.data());
  s.arena = s.memory.data() + (16 - address % 16) % 16;
  return s;
}

std::span<std::int8_t> ProgramExecutor::input(State& s, std::size_t i) const {
  const Value& v = program_.values.at(static_cast<std::size_t>(program_.inputs.at(i)));
  return {reinterpret_cast<std::int8_t*>(s.arena + v.offset), v.bytes};
}

std::span<const std::int8_t> ProgramExecutor::output(const State& s, std::size_t i) const {
  const Value& v = program_.values.at(static_cast<std::size_t>(program_.outputs.at(i)));
  return {reinterpret_cast<const std::int8_t*>(s.arena + v.offset), v.bytes};
}

void ProgramExecutor::set_input(State& s, std::size_t i, std::span<const std::int32_t> integers) const {
  const Value& v = program_.values.at(static_cast<std::size_t>(program_.inputs.at(i)));
  if (v.type == DType::i32) {
    std::memcpy(s.arena + v.offset, integers.data(), integers.size_bytes());
    return;
  }
  const auto in = input(s, i);
  for (std::size_t j = 0; j < in.size(); ++j) in[j] = static_cast<std::int8_t>(std::clamp(integers[j], -128, 127));
}

void ProgramExecutor::set_input(State& s, std::size_t i, std::span<const float> reals) const {
  const Value& v = program_.values.at(static_cast<std::size_t>(program_.inputs.at(i)));
  if (v.type == DType::i32) {
    for (std::size_t j = 0; j < reals.size(); ++j) {
      const std::int32_t q = count_of(reals[j]);
      std::memcpy(s.arena + v.offset + 4 * j, &q, sizeof q);
    }
    return;
  }
  const auto in = input(s, i);
  for (std::size_t j = 0; j < in.size(); ++j) in[j] = quantize_value(reals[j], v.scale, v.zero_point);
}

void ProgramExecutor::read_output(const State& s, std::size_t i, std::span<std::int32_t> to) const {
  const Value& v = program_.values.at(static_cast<std::size_t>(program_.outputs.at(i)));
  if (v.type == DType::i32) {
    std::memcpy(to.data(), s.arena + v.offset, v.bytes);
  } else {
    const auto out = output(s, i);
    std::copy(out.begin(), out.end(), to.begin());
  }
}

void ProgramExecutor::check(std::size_t layer, int code) const {
  if (code != TINYC_OK)
    throw Error(ErrorCode::defect, "layer " + std::to_string(layer) + " '" + printable(program_.layers[layer].name) +
                                       "' failed with code " + std::to_string(code));
}

// Step by step, so that `trace` can have the whole outputs of layers that never have one in the arena.
void ProgramExecutor::run_group(State& s, const RowGroup& g, std::span<const std::int16_t> numbers,
                                const std::function<void(std::size_t, std::span<const std::int8_t>)>& trace) const {
  const auto first = static_cast<std::size_t>(g.first), count = static_cast<std::size_t>(g.count);
  const std::int16_t* stages = numbers.data() + TINYC_ROWS_GROUP;
  tinyc_layer record;
  std::vector<tinyc_rows_state> state(count, tinyc_rows_state{0, 0, 0, 0});
  std::vector<std::vector<std::int8_t>> seen(trace ? count : 0);
  for (int stage; (stage = tinyc_rows_next(stages, g.count, state.data())) >= 0;) {
    const auto i = static_cast<std::size_t>(stage);
    tinyc_rows_begin(records_.data() + first, stages, state.data(), stage, &record);
    check(first + i, record.run(&record, s.arena));
    if (trace && i + 1 < count) {
      const auto* made = reinterpret_cast<const std::int8_t*>(s.arena + record.out);
      seen[i].insert(seen[i].end(), made,
                     made + std::ptrdiff_t{state[i].rows} * stages[i * TINYC_ROWS_NUMBERS + kRowBytes]);
    }
    tinyc_rows_end(records_.data() + first, stages, g.count, state.data(), stage, s.arena);
  }
  if (!trace) return;
  for (std::size_t i = 0; i + 1 < count; ++i)  // the last rows of a layer that nobody reads are not made
    if (state[i].next == stages[i * TINYC_ROWS_NUMBERS + kHeight]) trace(first + i, seen[i]);
  const tinyc_layer& r = records_[first + count - 1];
  trace(first + count - 1, {reinterpret_cast<const std::int8_t*>(s.arena + r.out), r.out_bytes});
}

void ProgramExecutor::run(State& s, const std::function<void(std::size_t, std::span<const std::int8_t>)>& trace) const {
  std::size_t group = 0;
  for (std::size_t i = 0; i < records_.size(); ++i) {
    if (group < program_.rows.size() && static_cast<std::size_t>(program_.rows[group].first) == i) {
      run_group(s, program_.rows[group], row_numbers_[group], trace);
      i += static_cast<std::size_t>(program_.rows[group++].count) - 1;
      continue;
    }
    const tinyc_layer& r = records_[i];
    check(i, r.run(&r, s.arena));
    if (trace && r.out_bytes > 0) trace(i, {reinterpret_cast<const std::int8_t*>(s.arena + r.out), r.out_bytes});
  }
}

std::vector<std::vector<std::int32_t>> run_program(const Program& p, const Dataset& d, std::size_t n) {
  const ProgramExecutor e(p);
  std::vector<std::vector<std::int32_t>> result;
  result.reserve(p.outputs.size());
  for (const auto id : p.outputs) result.emplace_back(n * p.values.at(static_cast<std::size_t>(id)).elements());
  struct Worker {
    ProgramExecutor::State state;
    std::vector<float> real;
  };
  std::vector<Worker> workers(static_cast<std::size_t>(thread_count()));
  parallel_for(n, [&](std::size_t sample, int worker) {
    auto& w = workers[static_cast<std::size_t>(worker)];
    if (!w.state.arena) w.state = e.make_state();
    for (std::size_t k = 0; k < p.inputs.size(); ++k) {
      const Value& v = p.values[static_cast<std::size_t>(p.inputs[k])];
      w.real.resize(v.elements());
      d.sample(k, sample, w.real);
      e.set_input(w.state, k, w.real);
    }
    e.run(w.state);
    for (std::size_t k = 0; k < p.outputs.size(); ++k) {
      const std::size_t elements = result[k].size() / n;
      e.read_output(w.state, k, std::span(result[k]).subspan(sample * elements, elements));
    }
  });
  return result;
}

}  // namespace tinyc
