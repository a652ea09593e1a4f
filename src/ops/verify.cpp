// Graph invariants that need to know the operators: shape inference, verification, work.
#include <cmath>

#include "tinyc/error.h"
#include "tinyc/graph.h"

namespace tinyc {
namespace {

std::vector<const Tensor*> input_tensors(const Graph& g, const Node& n) {
  std::vector<const Tensor*> in;
  in.reserve(n.inputs.size());
  for (const auto id : n.inputs) in.push_back(id == kNoTensor ? nullptr : &g.at(id));
  return in;
}

std::string where(const Node& n) {
  return std::string(traits(n.op).name) + " '" + printable(n.name) + "'" +
         (n.source >= 0 ? " (node " + std::to_string(n.source) + ")" : "");
}

std::vector<Shape> inferred(const Graph& g, const Node& n) {
  try {
    auto shapes = traits(n.op).infer(n.op, input_tensors(g, n));
    for (const auto& s : shapes)
      if (!is_valid(s)) throw Error(ErrorCode::unsupported, "output shape " + to_string(s) + " is empty or too large");
    return shapes;
  } catch (const Error& e) {
    throw Error(e.code(), where(n) + ": " + e.what(), e.hint());
  }
}

[[noreturn]] void broken(const std::string& what) {
  throw Error(ErrorCode::defect, "graph verification failed: " + what);
}

void check_arity(const Graph& g, const Node& n) {
  const OpTraits& t = traits(n.op);
  const auto count = static_cast<std::int32_t>(n.inputs.size());
  if (count < t.min_inputs || (t.max_inputs >= 0 && count > t.max_inputs))
    broken(where(n) + " has " + std::to_string(count) + " inputs");
  for (std::size_t i = 0; i < n.inputs.size(); ++i) {
    const auto id = n.inputs[i];
    if (id == kNoTensor ? static_cast<std::int32_t>(i) < t.min_inputs
                        : (id < 0 || static_cast<std::size_t>(id) >= g.tensors.size()))
      broken(where(n) + " has a bad input " + std::to_string(i));
  }
  if (n.outputs.empty()) broken(where(n) + " has no output");
  for (const auto id : n.outputs)
    if (id < 0 || static_cast<std::size_t>(id) >= g.tensors.size()) broken(where(n) + " has a bad output");
}

void check_quant(const Tensor& t) {
  const Quant& q = *t.quant;
  const std::string name = "tensor '" + printable(t.name) + "'";
  if (q.scale.empty() || q.scale.size() != q.zero_point.size()) broken(name + " has an incomplete quantization");
  if (q.per_channel()) {
    if (q.axis < 0 || static_cast<std::size_t>(q.axis) >= t.shape.size() ||
        static_cast<std::size_t>(t.shape[static_cast<std::size_t>(q.axis)]) != q.scale.size())
      broken(name + " has scales that do not fit its axis");
  }
  for (std::size_t i = 0; i < q.scale.size(); ++i) {
    if (!(q.scale[i] >= 0) || !std::isfinite(q.scale[i]) || (!t.is_const() && q.scale[i] == 0))
      broken(name + " has a bad scale");
    // the integer grid that has been chosen for float weights
    if (t.dtype == DType::f32 && t.is_const() && (q.scale[i] == 0 || q.zero_point[i] != 0))
      broken(name + " has a bad grid");
    if (t.dtype == DType::i8 && (q.zero_point[i] < -128 || q.zero_point[i] > 127))
      broken(name + " has a bad zero point");
  }
}

bool is_int8(const Tensor& t) { return t.dtype == DType::i8 && t.quant && !t.quant->per_channel(); }
bool is_index(const Tensor& t) { return t.dtype == DType::i32 && t.quant && *t.quant == Quant{{1.0f}, {0}, 0}; }

void check_tensor(const Graph& g, const Tensor& t) {
  const std::string name = "tensor '" + printable(t.name) + "'";
  if (!is_valid(t.shape)) broken(name + " has shape " + to_string(t.shape));
  if (t.data && t.data->size() != t.bytes()) broken(name + " has a payload of the wrong size");
  if (t.range && !(std::isfinite(t.range->min) && std::isfinite(t.range->max) && t.range->min <= t.range->max))
    broken(name + " has a bad range");
  if (t.quant) check_quant(t);
  if (t.coded && (!t.data || t.dtype != DType::i8 || !t.coded->stream || t.coded->table < 0 ||
                  static_cast<std::size_t>(t.coded->table) >= g.code_tables.size()))
    broken(name + " has a bad coded form");
}

}  // namespace

void infer_shapes(Graph& g, const Node& n) {
  const auto shapes = inferred(g, n);
  for (std::size_t i = 0; i < n.outputs.size(); ++i) g.at(n.outputs[i]).shape = shapes.at(i);
}

std::vector<std::uint8_t> index_tensors(const Graph& g) {
  std::vector<std::uint8_t> index(g.tensors.size(), 0);
  const auto mark = [&](TensorId id) { index[static_cast<std::size_t>(id)] = !g.at(id).is_const(); };
  const auto marked = [&](TensorId id) { return index[static_cast<std::size_t>(id)] != 0; };
  for (auto n = g.nodes.rbegin(); n != g.nodes.rend(); ++n) {
    const QuantRule& rule = traits(n->op).quant;
    if (rule.index >= 0 && static_cast<std::size_t>(rule.index) < n->inputs.size() &&
        n->inputs[static_cast<std::size_t>(rule.index)] != kNoTensor)
      mark(n->inputs[static_cast<std::size_t>(rule.index)]);
    if (kind(n->op) == OpKind::reshape && marked(n->outputs[0])) mark(n->inputs[0]);
  }
  for (const Node& n : g.nodes) {
    if (traits(n.op).quant.output == QuantRule::Output::index) mark(n.outputs[0]);
    if (kind(n.op) == OpKind::reshape && marked(n.inputs[0])) mark(n.outputs[0]);
  }
  return index;
}

std::int64_t macs(const Graph& g, const Node& n) {
  return traits(n.op).macs(n.op, input_tensors(g, n), g.at(n.outputs[0]));
}

void verify(const Graph& g) {
  const auto valid = [&](TensorId id) { return id >= 0 && static_cast<std::size_t>(id) < g.tensors.size(); };
  for (const auto& t : g.tensors) check_tensor(g, t);
  std::vector<std::uint8_t> available(g.tensors.size(), 0), activation(g.tensors.size(), 0);
  for (std::size_t i = 0; i < g.tensors.size(); ++i) available[i] = g.tensors[i].is_const();
  for (const auto id : g.inputs) {
    if (!valid(id) || available[static_cast<std::size_t>(id)]) broken("bad or repeated graph input");
    available[static_cast<std::size_t>(id)] = activation[static_cast<std::size_t>(id)] = 1;
  }
  for (const auto& n : g.nodes) {
    check_arity(g, n);
    for (const auto id : n.inputs)
      if (id != kNoTensor && !available[static_cast<std::size_t>(id)])
        broken(where(n) + " reads a tensor before it is written");
    const auto shapes = inferred(g, n);
    if (shapes.size() != n.outputs.size()) broken(where(n) + " has the wrong number of outputs");
    for (std::size_t i = 0; i < n.outputs.size(); ++i) {
      const auto id = static_cast<std::size_t>(n.outputs[i]);
      if (available[id]) broken(where(n) + " writes a tensor twice");
      available[id] = activation[id] = 1;
      if (g.tensors[id].shape != shapes[i])
        broken(where(n) + " has output shape " + to_string(g.tensors[id].shape) + ", its inputs give " +
               to_string(shapes[i]));
    }
  }
  if (g.outputs.empty()) broken("the graph has no output");
  for (const auto id : g.outputs)
    if (!valid(id) || !available[static_cast<std::size_t>(id)]) broken("a graph output is never written");
  for (std::size_t i = 0; i < g.tensors.size(); ++i) {
    const Tensor& t = g.tensors[i];
    if (!activation[i]) continue;
    if (g.stage == Stage::Float ? t.dtype != DType::f32 : !(is_int8(t) || is_index(t)))
      broken("activation '" + printable(t.name) + "' has type " + name_of(t.dtype) + " in a graph of stage " +
             name_of(g.stage));
  }
}

}  // namespace tinyc
