// The files of a search: journal, page and best model, of one process or of one shard, and how shards are joined.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "driver.h"
#include "pipeline/journal.h"
#include "tinyc/search.h"

namespace tinyc {

class SearchFolder {
 public:
  /// Files are named journal.jsonl, search.json, search.html and best/; those of a shard end in -K-of-N, so that many
  /// may share a folder. Creates the folder. Throws Error(write).
  SearchFolder(std::filesystem::path dir, std::size_t shard, std::size_t shards);

  std::filesystem::path journal() const { return dir_ / ("journal" + suffix_ + ".jsonl"); }
  std::filesystem::path best() const { return dir_ / ("best" + suffix_); }
  void write(const Search& s) const;
  void write_best(const std::map<std::string, Bytes>& files) const;

 private:
  std::filesystem::path dir_;
  std::string suffix_;
};

/// Whether a folder holds the model of this point.
bool holds(const std::filesystem::path& best, const SearchPoint& p);

/// Joins the journals (files, or folders that hold some), and writes what one search over all of them would have
/// written, but a journal. Throws Error: usage (of different searches), data (none, damaged, or without its best).
Search merge_searches(const std::vector<std::string>& journals, const SearchFolder& out);

}  // namespace tinyc
