// merge_duplicates: nodes that compute the same thing are computed once.
//
//   before:  %a = relu(%x)   %b = relu(%x)   %y = add(%a, %b)
//   after:   %a = relu(%x)   %y = add(%a, %a)
//
// Two nodes are equal when operator, attributes, inputs and the quantization of their outputs are equal; constants count
// as equal by content. A node that writes a graph output stays. Exact by construction.
// Source: common subexpression elimination (Cocke 1970), in one forward sweep because the nodes are in topological order.
#include <algorithm>

#include "tinyc/pass.h"

namespace tinyc {
namespace {

bool same_constant(const Tensor& a, const Tensor& b) {
  return a.is_const() && b.is_const() && a.dtype == b.dtype && a.shape == b.shape && a.quant == b.quant &&
         (a.data == b.data || *a.data == *b.data);
}

bool same_inputs(const Graph& g, const Node& a, const Node& b) {
  return std::equal(a.inputs.begin(), a.inputs.end(), b.inputs.begin(), b.inputs.end(), [&](TensorId x, TensorId y) {
    return x == y || (x != kNoTensor && y != kNoTensor && same_constant(g.at(x), g.at(y)));
  });
}

bool same_outputs(const Graph& g, const Node& a, const Node& b) {
  return std::equal(a.outputs.begin(), a.outputs.end(), b.outputs.begin(), b.outputs.end(), [&](TensorId x, TensorId y) {
    return g.at(x).dtype == g.at(y).dtype && g.at(x).quant == g.at(y).quant;
  });
}

PassResult run(Graph& g, const PassOptions&) {
  std::size_t merged = 0;
  std::vector<TensorId> name(g.tensors.size());  // what each tensor is read as
  for (std::size_t i = 0; i < name.size(); ++i) name[i] = static_cast<TensorId>(i);
  std::vector<std::vector<std::size_t>> readers(g.tensors.size());  // kept nodes by their first activation input
  std::vector<Node> kept;
  const auto is_output = [&](TensorId id) { return std::find(g.outputs.begin(), g.outputs.end(), id) != g.outputs.end(); };
  for (Node& n : g.nodes) {
    TensorId key = kNoTensor;
    for (auto& id : n.inputs) {
      if (id == kNoTensor) continue;
      id = name[static_cast<std::size_t>(id)];
      if (key == kNoTensor && !g.at(id).is_const()) key = id;
    }
    if (key != kNoTensor && std::none_of(n.outputs.begin(), n.outputs.end(), is_output)) {
      const auto& candidates = readers[static_cast<std::size_t>(key)];
      const auto twin = std::find_if(candidates.begin(), candidates.end(), [&](std::size_t k) {
        return kept[k].op == n.op && same_inputs(g, kept[k], n) && same_outputs(g, kept[k], n);
      });
      if (twin != candidates.end()) {
        for (std::size_t o = 0; o < n.outputs.size(); ++o) name[static_cast<std::size_t>(n.outputs[o])] = kept[*twin].outputs[o];
        ++merged;
        continue;
      }
    }
    if (key != kNoTensor) readers[static_cast<std::size_t>(key)].push_back(kept.size());
    kept.push_back(std::move(n));
  }
  g.nodes = std::move(kept);
  if (merged == 0) return {};
  remove_unused(g);
  return {true, {std::to_string(merged) + " nodes were computed twice"}};
}

}  // namespace

extern const Pass pass_merge_duplicates;
const Pass pass_merge_duplicates{"merge_duplicates", "compute equal nodes once", Stage::Float, Stage::Float, true, true, run};

}  // namespace tinyc
