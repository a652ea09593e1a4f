// The search for the smallest model: trial after trial, each a pruning and training with the prices of a bit that the
// goal asks for. One after the other with all threads inside: on the cores that there are this is as fast as several
// at once, and the first results come sooner.
#pragma once
#include <functional>

#include "pipeline/compress.h"
#include "pipeline/journal.h"
#include "tinyc/search.h"

namespace tinyc {

struct SearchJob {
  std::string model;  ///< its name
  CompressInputs inputs;
  CompressSettings settings;  ///< except what a trial is about: pruning, epochs and the price of a bit
  SearchGoal goal;
  std::size_t trials = 0;             ///< the first so many of the list; 0: all
  std::size_t shard = 1, shards = 1;  ///< of those, each `shards`-th
  double minutes = 0;                 ///< no trial begins later; 0: any time

  std::function<bool(const SearchPoint&)> is_written;  ///< whether the best that is on the disk is this one
  std::function<void(const Compressed&)> write_best;   ///< before the journal says that it is the best
  std::function<void(const Search&)> updated;          ///< at the start and after each trial
  std::function<void(const std::string&)> log;         ///< a line for each trial
};

/// Goes on from the journal. Trials that fail are journaled as such; what ends the search is thrown: Error(interrupted)
/// after Ctrl-C, Error(write), and the last failure when no trial succeeded.
Search run_search(const SearchJob& job, Journal& journal);

}  // namespace tinyc
