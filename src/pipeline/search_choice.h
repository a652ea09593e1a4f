// Which of the results of a search counts.
#pragma once
#include "tinyc/search.h"

namespace tinyc {

/// Sorts the results by number and fills `best`, `met` and `front` from them. The order in which results came does not
/// matter: of equal points the one of the first trial, and of its first price, wins.
void choose(Search& s);

}  // namespace tinyc
