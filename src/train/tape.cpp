#include "train/tape.h"

#include <algorithm>

#include "train/fake_quant.h"

namespace tinyc {
namespace {

std::size_t at(TensorId id) { return static_cast<std::size_t>(id); }

}  // namespace

Constants constants_of(const Graph& g) {
  Constants c(g.tensors.size(), nullptr);
  for (std::size_t i = 0; i < c.size(); ++i)
    if (g.tensors[i].is_const() && g.tensors[i].dtype == DType::f32) c[i] = g.tensors[i].as<float>().data();
  return c;
}

Plan::Plan(const Graph& g, std::vector<TensorId> wanted, std::span<const Parameter> parameters)
    : graph(g), targets(std::move(wanted)), node_needed(g.nodes.size(), 0), gradient_needed(g.tensors.size(), 0) {
  std::vector<std::uint8_t> needed(g.tensors.size(), 0);
  for (const auto id : targets) needed[at(id)] = 1;
  for (std::size_t i = g.nodes.size(); i-- > 0;) {
    const Node& n = g.nodes[i];
    if (std::none_of(n.outputs.begin(), n.outputs.end(), [&](TensorId id) { return needed[at(id)]; })) continue;
    node_needed[i] = 1;
    for (const auto id : n.inputs)
      if (id != kNoTensor) needed[at(id)] = 1;
  }
  for (const Parameter& p : parameters) gradient_needed[at(p.id)] = 1;
  for (std::size_t i = 0; i < g.nodes.size(); ++i) {
    const Node& n = g.nodes[i];
    if (node_needed[i] && std::any_of(n.inputs.begin(), n.inputs.end(),
                                      [&](TensorId id) { return id != kNoTensor && gradient_needed[at(id)]; }))
      for (const auto id : n.outputs) gradient_needed[at(id)] = 1;
  }
}

std::int64_t Plan::activations() const {
  std::int64_t sum = 0;
  for (const auto id : graph.inputs) sum += num_elements(graph.at(id).shape);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    if (node_needed[i])
      for (const auto id : graph.nodes[i].outputs) sum += num_elements(graph.at(id).shape);
  return sum;
}

std::int64_t Tape::elements(TensorId id) const { return num_elements(plan_.graph.at(id).shape); }

Tape::Tape(const Plan& plan, std::int64_t samples, bool backward)
    : plan_(plan),
      value_(plan.graph.tensors.size()),
      rounded_(plan.graph.tensors.size()),
      gradient_(plan.graph.tensors.size()) {
  const Graph& g = plan.graph;
  const auto make = [&](TensorId id) {
    value_[at(id)].resize(static_cast<std::size_t>(elements(id) * samples));
    if (backward && plan.gradient_needed[at(id)]) gradient_[at(id)].resize(value_[at(id)].size());
  };
  for (const auto id : g.inputs) make(id);
  for (std::size_t i = 0; i < g.nodes.size(); ++i)
    if (plan.node_needed[i])
      for (const auto id : g.nodes[i].outputs) make(id);
}

std::span<float> Tape::input(std::size_t i, std::int64_t sample) {
  const auto id = plan_.graph.inputs[i];
  const auto n = static_cast<std::size_t>(elements(id));
  return std::span(value_[at(id)]).subspan(static_cast<std::size_t>(sample) * n, n);
}

std::span<const float> Tape::output(TensorId id, std::int64_t sample) const {
  const auto n = static_cast<std::size_t>(elements(id));
  return std::span(rounded_[at(id)].empty() ? value_[at(id)] : rounded_[at(id)])
      .subspan(static_cast<std::size_t>(sample) * n, n);
}

std::span<float> Tape::seed(TensorId id, std::int64_t sample) {
  const auto n = static_cast<std::size_t>(elements(id));
  return std::span(gradient_[at(id)]).subspan(static_cast<std::size_t>(sample) * n, n);
}

std::span<const float> Tape::gradient(TensorId id, std::int64_t sample) const {
  if (gradient_[at(id)].empty()) return {};
  const auto n = static_cast<std::size_t>(elements(id));
  return std::span(gradient_[at(id)]).subspan(static_cast<std::size_t>(sample) * n, n);
}

void Tape::widen(std::int64_t samples, std::span<Range> extremes) const {
  for (std::size_t t = 0; t < value_.size(); ++t) {
    const std::size_t n =
        value_[t].empty() ? 0 : static_cast<std::size_t>(elements(static_cast<TensorId>(t)) * samples);
    float lo = extremes[t].min, hi = extremes[t].max;
    for (std::size_t i = 0; i < n; ++i) {
      const float v = value_[t][i];
      lo = v < lo ? v : lo;
      hi = v > hi ? v : hi;
    }
    extremes[t] = {lo, hi};
  }
}

void Tape::clear_gradients(std::int64_t samples) {
  for (std::size_t t = 0; t < gradient_.size(); ++t)
    if (!gradient_[t].empty()) std::fill_n(gradient_[t].begin(), samples * elements(static_cast<TensorId>(t)), 0.0f);
}

// What consumers read: a constant, the rounded values of a tensor with a grid, or the values.
const float* Tape::seen(TensorId id, const Constants& constants, const FakeQuant* quant) const {
  if (constants[at(id)]) return constants[at(id)];
  return quant && quant->by_tensor[at(id)] ? rounded_[at(id)].data() : value_[at(id)].data();
}

// One node's arguments for one call: all samples where the operator takes them together, else one.
struct Tape::Arguments {
  std::vector<FloatIn> in;
  std::vector<FloatOut> out;
  std::vector<FloatIn> made;
  std::vector<const float*> grad_out;
  std::vector<float*> grad_in;

  static bool together(const Node& n, const Constants& constants) {
    if (!traits(n.op).batched || constants[at(n.inputs[0])]) return false;
    for (std::size_t i = 1; i < n.inputs.size(); ++i)
      if (n.inputs[i] != kNoTensor && !constants[at(n.inputs[i])]) return false;
    return true;
  }
};

void Tape::forward(std::int64_t samples, const Constants& constants, const FakeQuant* quant) {
  const Graph& g = plan_.graph;
  const auto finish = [&](TensorId id) {
    if (!quant || !quant->by_tensor[at(id)]) return;
    const auto n = static_cast<std::size_t>(elements(id) * samples);
    rounded_[at(id)].resize(value_[at(id)].size());
    round_activation(*quant->by_tensor[at(id)], std::span(value_[at(id)]).first(n),
                     std::span(rounded_[at(id)]).first(n));
  };
  for (const auto id : g.inputs) finish(id);
  Arguments a;
  for (std::size_t i = 0; i < g.nodes.size(); ++i) {
    if (!plan_.node_needed[i]) continue;
    const Node& n = g.nodes[i];
    const bool together = Arguments::together(n, constants);
    for (std::int64_t s = 0; s < (together ? 1 : samples); ++s) {
      a.in.clear();
      a.out.clear();
      for (const auto id : n.inputs) {
        if (id == kNoTensor)
          a.in.push_back({});
        else
          a.in.push_back({seen(id, constants, quant) + (constants[at(id)] ? 0 : s * elements(id)), &g.at(id).shape});
      }
      for (const auto id : n.outputs) a.out.push_back({value_[at(id)].data() + s * elements(id), &g.at(id).shape});
      traits(n.op).forward({n.op, a.in, a.out, scratch_, together ? samples : 1});
    }
    for (const auto id : n.outputs) finish(id);
  }
}

void Tape::backward(std::int64_t samples, const Constants& constants, const FakeQuant* quant,
                    std::span<float* const> parameter_gradients) {
  const Graph& g = plan_.graph;
  Arguments a;
  for (std::size_t i = g.nodes.size(); i-- > 0;) {
    const Node& n = g.nodes[i];
    if (!plan_.node_needed[i] ||
        std::none_of(n.outputs.begin(), n.outputs.end(), [&](TensorId id) { return plan_.gradient_needed[at(id)]; }))
      continue;
    for (const auto id : n.outputs)
      if (quant && quant->by_tensor[at(id)]) {
        const auto count = static_cast<std::size_t>(elements(id) * samples);
        mask_outside(*quant->by_tensor[at(id)], std::span(value_[at(id)]).first(count),
                     std::span(gradient_[at(id)]).first(count));
      }
    const bool together = Arguments::together(n, constants);
    for (std::int64_t s = 0; s < (together ? 1 : samples); ++s) {
      a.in.clear();
      a.made.clear();
      a.grad_out.clear();
      a.grad_in.clear();
      for (const auto id : n.inputs) {
        if (id == kNoTensor) {
          a.in.push_back({});
          a.grad_in.push_back(nullptr);
          continue;
        }
        const bool constant = constants[at(id)] != nullptr;
        a.in.push_back({seen(id, constants, quant) + (constant ? 0 : s * elements(id)), &g.at(id).shape});
        if (constant)
          a.grad_in.push_back(parameter_gradients[at(id)]);
        else
          a.grad_in.push_back(plan_.gradient_needed[at(id)] ? gradient_[at(id)].data() + s * elements(id) : nullptr);
      }
      for (const auto id : n.outputs) {
        a.made.push_back({value_[at(id)].data() + s * elements(id), &g.at(id).shape});
        a.grad_out.push_back(gradient_[at(id)].data() + s * elements(id));
      }
      traits(n.op).backward({n.op, a.in, a.made, a.grad_out, a.grad_in, scratch_, together ? samples : 1});
    }
  }
}

}  // namespace tinyc
