// The text form of graphs: printable at every stage and parseable, for goldens, dumps and bug reports.
#pragma once
#include <string>

#include "tinyc/graph.h"

namespace tinyc {

/// Prints every tensor, attribute, quantization and payload; parse(print(g)) == g. With `elide_data`, constants over 8
/// elements print as a digest (`data(N bytes, fnv ...)`) and the text is for reading only.
std::string print(const Graph& g, bool elide_data = false);

/// Parses the text form; also accepts generated constants in an operand position: `random(SEED) f32[2,3]`
/// (standard normal), `he(SEED) f32[8,3,3,4]` (normal with variance 2 / fan-in, the start of training: He et al. 2015),
/// `zeros f32[4]`, `fill(0.5) f32[4]`. Verifies the result. Throws Error(input) with line and column.
Graph parse(const std::string& text);

}  // namespace tinyc
