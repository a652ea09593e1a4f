// A whole graph given as text: its float step, and its quantized form with integers in and out, whatever their type.
#pragma once
#include <string>
#include <vector>

#include "tinyc/executor.h"
#include "tinyc/program.h"
#include "tinyc/text.h"

namespace oracle {

using Integers = std::vector<std::vector<std::int32_t>>;  ///< one vector for each input or output

/// Lowers the graph and runs it once; the arena starts filled with a pattern.
inline Integers run_integers(const tinyc::Graph& g, const Integers& inputs) {
  const tinyc::Program p = tinyc::lower(g);
  const tinyc::ProgramExecutor e(p);
  auto state = e.make_state();
  for (std::size_t i = 0; i < p.arena_bytes; ++i) state.arena[i] = 0xA5;
  for (std::size_t k = 0; k < inputs.size(); ++k) e.set_input(state, k, inputs[k]);
  e.run(state);
  Integers out;
  for (std::size_t k = 0; k < p.outputs.size(); ++k) {
    out.emplace_back(p.values[static_cast<std::size_t>(p.outputs[k])].elements());
    e.read_output(state, k, out.back());
  }
  return out;
}

}  // namespace oracle
