// The list of trials of a search.
#pragma once
#include "tinyc/search.h"

namespace tinyc {

/// First the model without pruning or training, then pruning and channel shares, likely ones first and so that the
/// space is covered early, then shares between them and, with training, all of them with longer ones. Depends on
/// nothing else, so that trial N is the same on every machine. `epochs`: of a usual training; 0 where nothing trains.
std::vector<SearchTrial> search_plan(std::size_t epochs);

}  // namespace tinyc
