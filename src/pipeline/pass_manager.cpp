// Runs passes in order and distrusts every one of them.
#include <chrono>
#include <cmath>
#include <limits>
#include <set>

#include "tinyc/error.h"
#include "tinyc/executor.h"
#include "tinyc/parallel.h"
#include "tinyc/pass.h"

namespace tinyc {
namespace {

constexpr std::size_t kCheckSamples = 2;
constexpr std::uint64_t kCheckSeed = 20;

// Outputs on deterministic inputs: floats, or the integers of the lowered program.
struct Outputs {
  std::vector<std::vector<float>> real;
  std::vector<std::vector<std::int8_t>> integers;
};

Outputs outputs_of(const Graph& g, const Dataset& samples) {
  if (g.stage == Stage::Float) return {run_float(g, samples, kCheckSamples), {}};
  const Program p = lower(g);
  const ProgramExecutor e(p);
  auto state = e.make_state();
  Outputs out;
  std::uint32_t random = 1;
  for (std::size_t sample = 0; sample < kCheckSamples; ++sample) {
    for (std::size_t i = 0; i < p.inputs.size(); ++i)
      for (auto& v : e.input(state, i)) {
        random = random * 1664525u + 1013904223u;
        v = static_cast<std::int8_t>(random >> 24);
      }
    e.run(state);
    for (std::size_t i = 0; i < p.outputs.size(); ++i) {
      const auto v = e.output(state, i);
      out.integers.emplace_back(v.begin(), v.end());
    }
  }
  return out;
}

// Empty when equal (integers) or within 1e-4 of the output's range (floats).
std::string difference(const Outputs& a, const Outputs& b) {
  if (a.integers != b.integers) return "integer outputs differ";
  for (std::size_t k = 0; k < a.real.size(); ++k) {
    if (a.real[k].size() != b.real[k].size()) return "output " + std::to_string(k) + " changed its size";
    float largest = 0, worst = 0;
    for (const float v : a.real[k])
      if (std::isfinite(v)) largest = std::max(largest, std::fabs(v));
    for (std::size_t i = 0; i < a.real[k].size(); ++i) {
      const float x = a.real[k][i], y = b.real[k][i];
      if (x == y || (std::isnan(x) && std::isnan(y))) continue;  // infinities too
      const float d = std::fabs(x - y);
      worst = std::isnan(d) ? std::numeric_limits<float>::infinity() : std::max(worst, d);
    }
    if (!(worst <= 1e-4f * std::max(largest, 1e-30f)))
      return "output " + std::to_string(k) + " moved by " + std::to_string(worst);
  }
  return {};
}

}  // namespace

std::uint64_t constant_bytes(const Graph& g) {
  std::uint64_t total = 0;
  std::set<TensorId> counted;
  std::set<std::int32_t> tables;
  for (const Node& n : g.nodes)
    for (const auto id : n.inputs) {
      if (id == kNoTensor || !g.at(id).is_const() || !counted.insert(id).second) continue;
      const Tensor& t = g.at(id);
      total += t.coded ? t.coded->stream->size() : t.bytes();
      if (t.coded && tables.insert(t.coded->table).second)
        total += g.code_tables[static_cast<std::size_t>(t.coded->table)]->size();
    }
  return total;
}

std::vector<PassRecord> run_passes(Graph& g, std::span<const Pass* const> passes, const PassOptions& o,
                                   const std::function<void(const Pass&, const Graph&)>& after) {
  std::vector<PassRecord> records;
  const Dataset samples = synthetic_dataset(g, kCheckSamples, kCheckSeed);  // made once: calibration changes ranges
  std::optional<Outputs> known;                                             // outputs of g as it stands
  for (const Pass* pass : passes) {
    check_interrupt();
    if (pass->any_stage ? g.stage == Stage::Coded : g.stage != pass->needs)
      throw Error(ErrorCode::pass_order,
                  std::string("pass ") + pass->name + " needs a " + name_of(pass->needs) + " graph, this one is " +
                      name_of(g.stage),
                  "see the order in `tinyc passes`");
    const auto start = std::chrono::steady_clock::now();
    PassRecord record{pass->name, 0, constant_bytes(g), 0, false, {}, {}};
    const Graph before = g;
    PassResult result = pass->run(g, o);
    try {
      verify(g);
    } catch (const Error& e) {
      throw Error(ErrorCode::defect, std::string("pass ") + pass->name + " broke the graph: " + e.what());
    }
    const bool comparable = g.stage == before.stage || g.stage == Stage::Coded;
    if (pass->exact && result.changed && comparable) {
      if (!known) known = outputs_of(before, samples);
      Outputs now = outputs_of(g, samples);
      if (const std::string d = difference(*known, now); !d.empty())
        throw Error(ErrorCode::defect, std::string("pass ") + pass->name + " is exact but changed the model: " + d);
      known = std::move(now);
    } else if (result.changed) {
      known.reset();
    }
    record.ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    record.bytes_after = constant_bytes(g);
    record.changed = result.changed;
    record.notes = std::move(result.notes);
    record.training = std::move(result.training);
    records.push_back(std::move(record));
    if (after) after(*pass, g);
    if (o.training.hooks.after_pass) o.training.hooks.after_pass(*pass, g);
  }
  return records;
}

}  // namespace tinyc
