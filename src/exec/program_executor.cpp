// The int8 executor: patches the program's records with host pointers and calls the shipped kernels.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "tinyc/error.h"
#include "tinyc/executor.h"
#include "tinyc/parallel.h"

namespace tinyc {
namespace {

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

void ProgramExecutor::run(State& s, const std::function<void(std::size_t, std::span<const std::int8_t>)>& trace) const {
  for (std::size_t i = 0; i < records_.size(); ++i) {
    const tinyc_layer& r = records_[i];
    if (const int rc = r.run(&r, s.arena); rc != TINYC_OK)
      throw Error(ErrorCode::defect, "layer " + std::to_string(i) + " '" + printable(program_.layers[i].name) +
                                         "' failed with code " + std::to_string(rc));
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
