// Sets the least important weights to zero, for the coder to collect: unstructured, in blocks of four, or N of every M.
// At once and without training; see sparsity.h for what counts as important, and taylor.h for weights by what they do
// to the loss (--prune-criterion taylor). The last layer is treated like every other: its own weights decide how much
// of it goes. Biases stay, and constants that something else reads too.
#include <cstring>

#include "taylor.h"

namespace tinyc {
namespace {

PassResult run(Graph& g, const PassOptions& o) {
  check_prune(o.prune);
  PassResult result;
  if (o.prune.fraction == 0) return result;
  std::vector<PrunableLayer> layers = prunable_layers(g);
  if (o.prune.criterion == PassOptions::Prune::Criterion::taylor) weigh_by_gradients(layers, g, o);
  zero_least_important(layers, o.prune, static_cast<double>(o.prune.fraction));
  result.notes = sparsity_notes(layers);
  for (const PrunableLayer& l : layers) {
    Tensor& t = g.at(l.id);
    if (std::memcmp(t.data->data(), l.w.data(), t.data->size()) == 0) continue;
    Bytes bytes(t.data->size());
    std::memcpy(bytes.data(), l.w.data(), bytes.size());
    t.data = std::make_shared<const Bytes>(std::move(bytes));
    result.changed = true;
  }
  return result;
}

}  // namespace

extern const Pass pass_prune_magnitude;
const Pass pass_prune_magnitude{"prune_magnitude",
                                "zero the least important weights (unstructured, block4 or N:M)",
                                Stage::Float,
                                Stage::Float,
                                false,
                                false,
                                run};

}  // namespace tinyc
