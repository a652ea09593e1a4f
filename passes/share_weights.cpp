// share_weights: constants of equal content become one tensor.
//
//   before:  %a = conv_2d(%x, %w1, %b1)   %c = conv_2d(%a, %w2, %b2)     w1 = w2 in type, shape, quantization and bytes
//   after:   %a = conv_2d(%x, %w1, %b1)   %c = conv_2d(%a, %w1, %b2)
//
// Exact by construction. It runs on the quantized graph too, where each node has got weights of its own, so that tied
// weights are coded once and counted once. Source: value numbering of constants (Click 1995).
#include <algorithm>
#include <map>

#include "tinyc/pass.h"

namespace tinyc {
namespace {

std::uint64_t digest(const Tensor& t) {
  std::uint64_t h = 14695981039346656037u;  // FNV-1a
  for (const std::uint8_t byte : *t.data) h = (h ^ byte) * 1099511628211u;
  return h;
}

bool equal(const Tensor& a, const Tensor& b) {
  return a.dtype == b.dtype && a.shape == b.shape && a.quant == b.quant && (a.data == b.data || *a.data == *b.data);
}

PassResult run(Graph& g, const PassOptions&) {
  std::map<std::uint64_t, std::vector<TensorId>> seen;
  std::vector<TensorId> stands_for(g.tensors.size());
  std::uint64_t shared = 0, bytes = 0;
  for (std::size_t i = 0; i < g.tensors.size(); ++i) {
    const auto id = static_cast<TensorId>(i);
    const Tensor& t = g.tensors[i];
    stands_for[i] = id;
    if (!t.is_const()) continue;
    auto& candidates = seen[digest(t)];
    const auto twin = std::find_if(candidates.begin(), candidates.end(), [&](TensorId c) { return equal(g.at(c), t); });
    if (twin == candidates.end()) {
      candidates.push_back(id);
      continue;
    }
    stands_for[i] = *twin;
    ++shared;
    bytes += t.bytes();
  }
  if (shared == 0) return {};
  for (Node& n : g.nodes)
    for (auto& id : n.inputs)
      if (id != kNoTensor) id = stands_for[static_cast<std::size_t>(id)];
  for (auto& id : g.outputs) id = stands_for[static_cast<std::size_t>(id)];
  remove_unused(g);
  return {true, {std::to_string(shared) + " constants were stored twice, " + std::to_string(bytes) + " B"}};
}

}  // namespace

extern const Pass pass_share_weights;
const Pass pass_share_weights{
    "share_weights", "store constants of equal content once", Stage::Float, Stage::Float, true, true, run};

}  // namespace tinyc
