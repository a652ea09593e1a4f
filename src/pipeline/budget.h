// The price of a bit that a size or accuracy budget asks for.
#pragma once
#include <functional>
#include <string>

#include "pipeline/compress.h"

namespace tinyc {

class Compression;

/// Tries prices on a logarithmic scale, first in coarse steps and then between the last two, about ten in all, and
/// returns the best: with `max_drop` and `smallest` the smallest flash whose metric drops by no more; else, where the
/// flash of exact weights is over `max_flash`, the best metric that fits. The nearest to the budget where none keeps
/// it: gates judge that. Every trial is a point of the report's trade-off.
Compressed fit_budget(const Compression& c, const Budget& b,
                      const std::function<void(const std::string& stage, double fraction)>& progress);

}  // namespace tinyc
