#include "pipeline/search_plan.h"

#include <algorithm>
#include <span>

namespace tinyc {
namespace {

constexpr std::size_t kLonger = 4;  // how much longer the last trainings take

// Shares by how likely they are to be best: trained networks bear a great deal more pruning than mended ones.
constexpr double kTrained[] = {0.8, 0.9, 0.7, 0.95, 0.5, 0}, kTrainedBetween[] = {0.85, 0.93, 0.75, 0.97, 0.6, 0.98},
                 kTrainedMacs[] = {0, 0.3, 0.5};
constexpr double kMended[] = {0, 0.4, 0.6, 0.2, 0.7}, kMendedBetween[] = {0.3, 0.5, 0.1, 0.8},
                 kMendedMacs[] = {0, 0.1, 0.3};

class Plan {
 public:
  Plan() { add(0, 0, 0); }

  // All pairs, diagonal by diagonal: pairs of likely shares before those with an unlikely one.
  void add(std::span<const double> prune, std::span<const double> macs, std::size_t epochs) {
    for (std::size_t diagonal = 0; diagonal < prune.size() + macs.size() - 1; ++diagonal)
      for (std::size_t m = 0; m < macs.size() && m <= diagonal; ++m)
        if (diagonal - m < prune.size()) add(prune[diagonal - m], macs[m], epochs);
  }
  std::vector<SearchTrial> take() { return std::move(trials_); }

 private:
  void add(double prune, double macs, std::size_t epochs) {
    const SearchTrial trial{trials_.size(), prune, macs, epochs};
    const auto same = [&](const SearchTrial& t) { return t.prune == prune && t.macs == macs && t.epochs == epochs; };
    if (std::ranges::none_of(trials_, same)) trials_.push_back(trial);
  }
  std::vector<SearchTrial> trials_;
};

}  // namespace

std::vector<SearchTrial> search_plan(std::size_t epochs) {
  Plan plan;
  if (epochs == 0) {
    plan.add(kMended, kMendedMacs, 0);
    plan.add(kMendedBetween, kMendedMacs, 0);
    return plan.take();
  }
  for (const std::size_t n : {epochs, kLonger * epochs}) {
    plan.add(kTrained, kTrainedMacs, n);
    plan.add(kTrainedBetween, kTrainedMacs, n);
  }
  return plan.take();
}

}  // namespace tinyc
