// The price of a bit that a size or accuracy budget asks for.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "pipeline/compress.h"

namespace tinyc {

class Compression;

/// A price and what came of it.
struct PriceTrial {
  double price = 0;                      ///< nats a bit
  std::uint64_t flash = 0, weights = 0;  ///< bytes: all of it; weights, tables and parameters
  std::uint64_t ram = 0;
  std::optional<Accuracy> accuracy;
  double value = 0, drop = 0;  ///< of the metric; a positive drop is a loss
};

/// Tries prices on a logarithmic scale, first in coarse steps and then between the last two, about ten in all: where
/// the budget needs none, exact weights alone. `progress` may be empty.
std::vector<PriceTrial> try_prices(const Compression& c, const Budget& b,
                                   const std::function<void(const std::string& stage, double fraction)>& progress);

/// Tries prices and returns the best: with `max_drop` and `smallest` the smallest flash whose metric drops by no more;
/// else, where the flash of exact weights is over `max_flash`, the best metric that fits. The nearest to the budget
/// where none keeps it: gates judge that. Every trial is a point of the report's trade-off.
Compressed fit_budget(const Compression& c, const Budget& b,
                      const std::function<void(const std::string& stage, double fraction)>& progress);

}  // namespace tinyc
