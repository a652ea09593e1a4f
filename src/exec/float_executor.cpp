#include <algorithm>

#include "tinyc/error.h"
#include "tinyc/executor.h"
#include "tinyc/parallel.h"

namespace tinyc {
namespace {

// Last node that reads each tensor; graph outputs live to the end.
std::vector<std::int32_t> last_uses(const Graph& g) {
  std::vector<std::int32_t> last(g.tensors.size(), -1);
  for (std::size_t i = 0; i < g.nodes.size(); ++i)
    for (const auto id : g.nodes[i].inputs)
      if (id != kNoTensor) last[static_cast<std::size_t>(id)] = static_cast<std::int32_t>(i);
  for (const auto id : g.outputs) last[static_cast<std::size_t>(id)] = static_cast<std::int32_t>(g.nodes.size());
  return last;
}

}  // namespace

FloatExecutor::FloatExecutor(const Graph& g, bool keep_all)
    : graph_(g), slot_(g.tensors.size(), -1), keep_all_(keep_all) {
  if (g.stage != Stage::Float) throw Error(ErrorCode::defect, "the float executor was given a quantized graph");
  const auto last = last_uses(g);
  std::vector<std::int32_t> free_slots;
  const auto acquire = [&](TensorId id) {
    const auto t = static_cast<std::size_t>(id);
    const auto need = static_cast<std::size_t>(num_elements(g.at(id).shape));
    if (keep_all_ || free_slots.empty()) {
      slot_[t] = static_cast<std::int32_t>(slot_elements_.size());
      slot_elements_.push_back(need);
      return;
    }
    // the slot that wastes least: smallest that fits, else the largest, which grows
    auto best = free_slots.begin();
    for (auto it = free_slots.begin(); it != free_slots.end(); ++it) {
      const auto have = slot_elements_[static_cast<std::size_t>(*it)],
                 chosen = slot_elements_[static_cast<std::size_t>(*best)];
      if (have >= need ? (chosen < need || have < chosen) : (chosen < need && have > chosen)) best = it;
    }
    slot_[t] = *best;
    auto& size = slot_elements_[static_cast<std::size_t>(*best)];
    size = std::max(size, need);
    free_slots.erase(best);
  };
  for (const auto id : g.inputs) acquire(id);
  for (std::size_t i = 0; i < g.nodes.size(); ++i) {
    const Node& n = g.nodes[i];
    for (const auto id : n.outputs) acquire(id);
    std::vector<TensorId> dying(n.inputs);
    dying.insert(dying.end(), n.outputs.begin(), n.outputs.end());
    std::sort(dying.begin(), dying.end());
    dying.erase(std::unique(dying.begin(), dying.end()), dying.end());
    for (const auto id : dying) {
      if (id == kNoTensor || slot_[static_cast<std::size_t>(id)] < 0) continue;
      if (last[static_cast<std::size_t>(id)] <= static_cast<std::int32_t>(i))
        free_slots.push_back(slot_[static_cast<std::size_t>(id)]);
    }
  }
}

FloatExecutor::State FloatExecutor::make_state() const {
  State s;
  for (const auto n : slot_elements_) s.buffers.emplace_back(n);
  return s;
}

std::span<float> FloatExecutor::input(State& s, std::size_t i) const {
  const auto id = graph_.inputs.at(i);
  return std::span(s.buffers[static_cast<std::size_t>(slot_[static_cast<std::size_t>(id)])])
      .first(static_cast<std::size_t>(num_elements(graph_.at(id).shape)));
}

std::span<const float> FloatExecutor::value(const State& s, TensorId id) const {
  const Tensor& t = graph_.at(id);
  if (t.is_const()) return t.as<float>();
  return std::span(s.buffers[static_cast<std::size_t>(slot_[static_cast<std::size_t>(id)])])
      .first(static_cast<std::size_t>(num_elements(t.shape)));
}

void FloatExecutor::run(State& s) const {
  std::vector<FloatIn> in;
  std::vector<FloatOut> out;
  for (const Node& n : graph_.nodes) {
    in.clear();
    out.clear();
    for (const auto id : n.inputs) {
      if (id == kNoTensor) {
        in.push_back({});
      } else {
        in.push_back({value(s, id).data(), &graph_.at(id).shape});
      }
    }
    for (const auto id : n.outputs)
      out.push_back(
          {s.buffers[static_cast<std::size_t>(slot_[static_cast<std::size_t>(id)])].data(), &graph_.at(id).shape});
    traits(n.op).forward({n.op, in, out, s.scratch});
  }
}

namespace {

// Runs `body(sample, worker, executor, state)` for the first n samples, one state for each worker.
template <class F>
void for_samples(const FloatExecutor& e, const Graph& g, const Dataset& d, std::size_t n, const F& body) {
  std::vector<FloatExecutor::State> states(static_cast<std::size_t>(thread_count()));
  parallel_for(n, [&](std::size_t sample, int worker) {
    auto& state = states[static_cast<std::size_t>(worker)];
    if (state.buffers.empty()) state = e.make_state();
    for (std::size_t k = 0; k < g.inputs.size(); ++k) d.sample(k, sample, e.input(state, k));
    e.run(state);
    body(sample, worker, state);
  });
}

}  // namespace

std::vector<std::vector<float>> run_float(const Graph& g, const Dataset& d, std::size_t n) {
  const FloatExecutor e(g);
  std::vector<std::vector<float>> result;
  result.reserve(g.outputs.size());
  for (const auto id : g.outputs) result.emplace_back(n * static_cast<std::size_t>(num_elements(g.at(id).shape)));
  for_samples(e, g, d, n, [&](std::size_t sample, int, const FloatExecutor::State& s) {
    for (std::size_t k = 0; k < g.outputs.size(); ++k) {
      const auto v = e.value(s, g.outputs[k]);
      std::copy(v.begin(), v.end(), result[k].begin() + static_cast<std::ptrdiff_t>(sample * v.size()));
    }
  });
  return result;
}

void observe_float(const Graph& g, const Dataset& d, std::size_t n,
                   const std::function<void(std::size_t, int, TensorId, std::span<const float>)>& observe) {
  const FloatExecutor e(g, true);
  for_samples(e, g, d, n, [&](std::size_t sample, int worker, const FloatExecutor::State& s) {
    for (const auto id : g.inputs) observe(sample, worker, id, e.value(s, id));
    for (const Node& node : g.nodes)
      for (const auto id : node.outputs) observe(sample, worker, id, e.value(s, id));
  });
}

}  // namespace tinyc
