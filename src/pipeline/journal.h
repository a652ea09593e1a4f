// The journal of a search: what was asked in its first line, then a line for each trial that ended. JSON lines.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "data/mapped_file.h"
#include "tinyc/search.h"

namespace tinyc {

struct JournalHead {
  std::string model;                               ///< its name
  SearchGoal goal;                                 ///< what prices are tried for
  std::map<std::string, std::string> fingerprint;  ///< hashes of all that results depend on, by what it is
};

struct JournalContent {
  JournalHead head;
  std::vector<SearchResult> results;  ///< in the order of writing
  std::size_t bytes = 0;              ///< of whole lines: what is behind them was torn by a crash and does not count
};

/// Throws Error(data) when it cannot be read or is not a journal.
JournalContent read_journal(const std::filesystem::path& file);

/// Throws Error(usage), naming what differs, when two journals (or a journal and the command at hand) cannot be joined.
void check_same_search(const JournalHead& a, const JournalHead& b, const std::string& where);

/// A journal that grows. One process at a time; each line is on the disk when append() returns.
class Journal {
 public:
  /// Starts a journal, or goes on with the one that is there (its folder must be). Throws Error: usage (it belongs to
  /// another search, or another process writes it), data (damaged), write.
  Journal(std::filesystem::path file, const JournalHead& head);

  /// Of earlier processes.
  const std::vector<SearchResult>& earlier() const noexcept { return earlier_; }
  void append(const SearchResult& r);

 private:
  void write_line(const std::string& json);

  std::filesystem::path path_;
  Descriptor file_;
  std::vector<SearchResult> earlier_;
};

}  // namespace tinyc
