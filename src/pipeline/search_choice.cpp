#include "pipeline/search_choice.h"

#include <algorithm>
#include <limits>
#include <tuple>

namespace tinyc {
namespace {

constexpr double kTolerance = 1e-9;  // of drops, as in the gates

// Smaller is better: by how much the goal is missed, then what it asks for.
auto rank(const SearchGoal& g, const SearchPoint& p) {
  const auto flash = static_cast<double>(p.flash);
  const double drop_excess = g.max_drop && p.drop > *g.max_drop + kTolerance ? p.drop - *g.max_drop : 0;
  const double flash_excess = g.max_flash && p.flash > *g.max_flash ? static_cast<double>(p.flash - *g.max_flash) : 0;
  return g.max_drop ? std::tuple(drop_excess, flash_excess, flash, p.drop)
                    : std::tuple(drop_excess, flash_excess, p.drop, flash);
}

}  // namespace

void choose(Search& s) {
  std::ranges::sort(s.results, {}, [](const SearchResult& r) { return r.trial.number; });
  const auto at = [&](const SearchPlace& p) -> const SearchPoint& { return s.results[p.result].points[p.point]; };
  std::vector<SearchPlace> all;
  for (std::size_t r = 0; r < s.results.size(); ++r)
    for (std::size_t p = 0; p < s.results[r].points.size(); ++p) all.push_back({r, p});

  s.best.reset();
  s.met = false;
  if (!all.empty()) {
    s.best = *std::ranges::min_element(all, {}, [&](const SearchPlace& p) { return rank(s.goal, at(p)); });
    const auto missed = rank(s.goal, at(*s.best));
    s.met = std::get<0>(missed) == 0 && std::get<1>(missed) == 0;
  }

  std::ranges::stable_sort(all, {}, [&](const SearchPlace& p) { return std::pair(at(p).flash, at(p).drop); });
  s.front.clear();
  double least = std::numeric_limits<double>::infinity();
  for (const SearchPlace& p : all) {
    if (!(at(p).drop < least)) continue;
    least = at(p).drop;
    s.front.push_back(p);
  }
}

}  // namespace tinyc
