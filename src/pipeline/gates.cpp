#include <cstdio>

#include "pipeline/compress.h"

namespace tinyc {

bool higher_is_better(const std::string& metric) noexcept { return metric != "mse"; }

namespace {
std::string points(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", 100 * share);
  return text;
}
}  // namespace

std::vector<std::string> failed_gates(const Report& r, const Gates& g, const Report* baseline) {
  std::vector<std::string> failed;
  const auto over = [&](const char* what, std::uint64_t value, std::uint64_t limit, const char* why) {
    if (value > limit)
      failed.push_back(std::string(what) + " is " + std::to_string(value) + " B, " + why + " " + std::to_string(limit) +
                       " B (" + std::to_string(value - limit) + " B too much)");
  };
  if (g.max_flash) over("flash", r.flash_total(), *g.max_flash, "the budget is");
  if (g.max_ram) over("RAM (arena)", r.arena, *g.max_ram, "the budget is");
  const bool measured = r.accuracy && r.accuracy->float_value && r.accuracy->compressed && !r.accuracy->synthetic;
  if ((g.max_drop || g.min_accuracy) && !measured && !baseline)
    failed.push_back("accuracy was not measured, so its gate cannot pass; give --eval with labels");
  if (measured) {
    const double sign = higher_is_better(r.accuracy->metric) ? 1 : -1;
    const double drop = sign * (*r.accuracy->float_value - *r.accuracy->compressed);
    if (g.max_drop && drop > *g.max_drop + 1e-9)
      failed.push_back(r.accuracy->metric + " dropped by " + points(drop) + " points, allowed are " +
                       points(*g.max_drop));
    if (g.min_accuracy && sign * *r.accuracy->compressed < sign * *g.min_accuracy - 1e-9)
      failed.push_back(r.accuracy->metric + " is " + std::to_string(*r.accuracy->compressed) + ", at least " +
                       std::to_string(*g.min_accuracy) + " is required");
  }
  if (baseline) {
    over("flash", r.flash_total(), baseline->flash_total() + baseline->flash_total() / 100, "the baseline plus 1 % is");
    over("RAM (arena)", r.arena, baseline->arena + baseline->arena / 100, "the baseline plus 1 % is");
    if (baseline->accuracy && baseline->accuracy->compressed && r.accuracy && r.accuracy->compressed &&
        baseline->accuracy->metric == r.accuracy->metric) {
      const double sign = higher_is_better(r.accuracy->metric) ? 1 : -1;
      const double drop = sign * (*baseline->accuracy->compressed - *r.accuracy->compressed);
      if (drop > g.max_drop.value_or(0.005) + 1e-9)
        failed.push_back(r.accuracy->metric + " is " + points(drop) + " points worse than the baseline");
    }
  }
  return failed;
}

}  // namespace tinyc
