#include "rewrite.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "tinyc/error.h"
#include "tinyc/executor.h"
#include "tinyc/program.h"

namespace tinyc {
namespace {

std::vector<SharedBytes> evaluate_float(const Graph& g, const Node& n, std::span<const SharedBytes> inputs) {
  std::vector<FloatIn> in;
  for (std::size_t i = 0; i < n.inputs.size(); ++i) {
    const TensorId id = n.inputs[i];
    if (id == kNoTensor) {
      in.push_back({});
      continue;
    }
    const Bytes& bytes = inputs[i] ? *inputs[i] : *g.at(id).data;
    in.push_back({reinterpret_cast<const float*>(bytes.data()), &g.at(id).shape});
  }
  std::vector<Bytes> results;
  std::vector<FloatOut> out;
  results.reserve(n.outputs.size());
  out.reserve(n.outputs.size());
  for (const auto id : n.outputs) results.emplace_back(g.at(id).bytes());
  for (std::size_t i = 0; i < n.outputs.size(); ++i)
    out.push_back({reinterpret_cast<float*>(results[i].data()), &g.at(n.outputs[i]).shape});
  std::vector<float> scratch;
  traits(n.op).forward({n.op, in, out, scratch});
  std::vector<SharedBytes> shared;
  shared.reserve(results.size());
  for (auto& r : results) shared.push_back(std::make_shared<const Bytes>(std::move(r)));
  return shared;
}

// A graph of one node; inputs with a given payload become graph inputs.
std::vector<SharedBytes> evaluate_quantized(const Graph& g, const Node& n, std::span<const SharedBytes> inputs) {
  Graph one;
  one.stage = Stage::Quantized;
  Node node = n;
  std::vector<const Bytes*> payload;
  for (std::size_t i = 0; i < n.inputs.size(); ++i) {
    if (n.inputs[i] == kNoTensor) continue;
    Tensor t = g.at(n.inputs[i]);
    if (inputs[i]) t.data = nullptr;
    node.inputs[i] = one.add(std::move(t));
    if (!inputs[i]) continue;
    one.inputs.push_back(node.inputs[i]);
    payload.push_back(inputs[i].get());
  }
  for (auto& id : node.outputs) id = one.add(g.at(id));
  one.outputs = node.outputs;
  one.nodes.push_back(std::move(node));
  const Program program = lower(one);
  const ProgramExecutor executor(program);
  auto state = executor.make_state();
  for (std::size_t i = 0; i < payload.size(); ++i)
    std::memcpy(executor.input(state, i).data(), payload[i]->data(), payload[i]->size());
  executor.run(state);
  std::vector<SharedBytes> results;
  for (std::size_t i = 0; i < one.outputs.size(); ++i) {
    const auto values = executor.output(state, i);
    results.push_back(
        std::make_shared<const Bytes>(reinterpret_cast<const std::uint8_t*>(values.data()),
                                      reinterpret_cast<const std::uint8_t*>(values.data()) + values.size()));
  }
  return results;
}

template <class T>
Tensor filled_like(const Tensor& like, DType dtype, Shape shape, std::span<const T> values) {
  Bytes bytes(values.size_bytes());
  if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  Tensor t = make_const(like.name, dtype, std::move(shape), std::move(bytes));
  t.quant = like.quant;
  return t;
}

}  // namespace

void replace_uses(Graph& g, TensorId from, TensorId to) {
  for (Node& n : g.nodes) std::replace(n.inputs.begin(), n.inputs.end(), from, to);
  std::replace(g.outputs.begin(), g.outputs.end(), from, to);
}

bool remove_identity(Graph& g, std::size_t index, TensorId same) {
  const TensorId out = g.nodes[index].outputs[0];
  const auto is_output = [&](TensorId id) {
    return std::find(g.outputs.begin(), g.outputs.end(), id) != g.outputs.end();
  };
  if (is_output(out)) {
    const auto producer = std::find_if(g.nodes.begin(), g.nodes.end(), [&](const Node& n) {
      return std::find(n.outputs.begin(), n.outputs.end(), same) != n.outputs.end();
    });
    if (producer == g.nodes.end() || is_output(same)) return false;
    std::replace(producer->outputs.begin(), producer->outputs.end(), same, out);
    replace_uses(g, same, out);
  } else {
    replace_uses(g, out, same);
  }
  g.nodes.erase(g.nodes.begin() + static_cast<std::ptrdiff_t>(index));
  return true;
}

Act* fused_activation(OpData& op) {
  Act* found = nullptr;
  visit_fields(op, [&](const char*, auto& field) {
    if constexpr (std::is_same_v<std::remove_reference_t<decltype(field)>, Act>) found = &field;
  });
  return found;
}

std::size_t data_input(const Node& n) { return traits(n.op).quant.weight == 0 ? 1 : 0; }

TensorId input_or_none(const Node& n, std::int32_t i) {
  return i >= 0 && static_cast<std::size_t>(i) < n.inputs.size() ? n.inputs[static_cast<std::size_t>(i)] : kNoTensor;
}

bool is_filled_with(const Tensor& t, float value) {
  if (!t.is_const() || t.dtype != DType::f32) return false;
  const auto v = t.as<float>();
  return std::all_of(v.begin(), v.end(), [&](float x) { return x == value; });
}

bool same_quant(const Tensor& a, const Tensor& b) {
  if (!a.quant || !b.quant) return !a.quant && !b.quant;
  return a.quant->scale == b.quant->scale && a.quant->zero_point == b.quant->zero_point;
}

Tensor constant_like(const Tensor& like, Shape shape, std::span<const float> values) {
  return filled_like(like, DType::f32, std::move(shape), values);
}
Tensor constant_like(const Tensor& like, Shape shape, std::span<const std::int32_t> values) {
  return filled_like(like, DType::i32, std::move(shape), values);
}

std::optional<std::vector<SharedBytes>> evaluate(const Graph& g, const Node& n, std::span<const SharedBytes> inputs) {
  if (kind(n.op) == OpKind::reshape) return std::vector{inputs[0] ? inputs[0] : g.at(n.inputs[0]).data};
  if (g.stage == Stage::Float) return evaluate_float(g, n, inputs);
  try {
    return evaluate_quantized(g, n, inputs);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::unsupported) throw;
    return std::nullopt;
  }
}

SharedBytes zeros(const Tensor& t) {
  const std::uint8_t zero =
      t.dtype == DType::i8 && t.quant ? static_cast<std::uint8_t>(t.quant->zero_point[0]) : std::uint8_t{0};
  return std::make_shared<const Bytes>(t.bytes(), zero);
}

}  // namespace tinyc
