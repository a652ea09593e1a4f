// clip_weights: draws in the few weights that lie far outside, so that the int8 grid of a layer is finer for all
// others.
//
//   w = clamp(w, -4 s, 4 s), s the standard deviation of the layer's weights
#include <algorithm>
#include <cmath>

#include "tinyc/load_pass.h"

namespace {

tinyc::PassResult run(tinyc::Graph& g, const tinyc::PassOptions&) {
  tinyc::PassResult result;
  std::size_t clipped = 0;
  for (const tinyc::Node& n : g.nodes) {
    const int weight = tinyc::traits(n.op).quant.weight;
    if (weight < 0 || n.inputs.size() <= static_cast<std::size_t>(weight)) continue;
    const tinyc::TensorId id = n.inputs[static_cast<std::size_t>(weight)];
    if (!g.at(id).is_const()) continue;
    const auto w = g.at(id).as<float>();
    double squares = 0;
    for (const float v : w) squares += static_cast<double>(v) * v;
    const auto limit = static_cast<float>(4 * std::sqrt(squares / static_cast<double>(w.size())));
    std::vector<float> drawn_in(w.begin(), w.end());
    for (float& v : drawn_in) {
      clipped += std::fabs(v) > limit;
      v = std::clamp(v, -limit, limit);
    }
    // constants are shared between copies of a graph: they are replaced, never written into
    g.at(id).data = tinyc::make_const(g.at(id).name, g.at(id).shape, drawn_in).data;
  }
  result.changed = clipped > 0;
  result.notes.push_back(std::to_string(clipped) + " weights clipped");
  return result;
}

// a lossy pass on float graphs
const tinyc::Pass pass{
    "clip_weights", "clip outlying weights", tinyc::Stage::Float, tinyc::Stage::Float, false, false, run};

}  // namespace

TINYC_EXPORT_PASS(pass)
