#include <cstring>
#include <set>

#include "tinyc/train.h"

namespace tinyc {

std::vector<Parameter> parameters_of(const Graph& g) {
  std::vector<Parameter> parameters;
  std::set<TensorId> seen;
  for (const Node& n : g.nodes) {
    const QuantRule& rule = traits(n.op).quant;
    for (std::size_t i = 0; i < n.inputs.size(); ++i) {
      const TensorId id = n.inputs[i];
      const auto at = static_cast<std::int32_t>(i);
      const bool weight = at == rule.weight, slope = kind(n.op) == OpKind::prelu && i == 1;
      if (id == kNoTensor || !g.at(id).is_const() || g.at(id).dtype != DType::f32) continue;
      if ((!weight && at != rule.bias && !slope) || !seen.insert(id).second) continue;
      const auto v = g.at(id).as<float>();
      Parameter p{id, weight, {v.begin(), v.end()}, {}};
      if (weight)
        for (const float x : v) p.keep.push_back(x != 0.0f);
      parameters.push_back(std::move(p));
    }
  }
  return parameters;
}

void store(Graph& g, std::span<const Parameter> parameters) {
  for (const Parameter& p : parameters) {
    Bytes bytes(p.value.size() * sizeof(float));
    for (std::size_t i = 0; i < p.value.size(); ++i) {
      const float v = p.keep.empty() || p.keep[i] ? p.value[i] : 0.0f;
      std::memcpy(bytes.data() + i * sizeof v, &v, sizeof v);
    }
    g.at(p.id).data = std::make_shared<const Bytes>(std::move(bytes));
  }
}

}  // namespace tinyc
