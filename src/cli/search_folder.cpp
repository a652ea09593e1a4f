#include "cli/search_folder.h"

#include <algorithm>
#include <cmath>

#include "data/replace_folder.h"
#include "pipeline/search_choice.h"
#include "tinyc/error.h"

namespace fs = std::filesystem;

namespace tinyc {
namespace {

constexpr const char* kJournal = "journal";

std::string quoted(const fs::path& p) { return "'" + printable(p.string()) + "'"; }

Bytes to_bytes(const std::string& text) { return {text.begin(), text.end()}; }

// The journals that the arguments name, folders in the order of names.
std::vector<fs::path> journals_in(const std::vector<std::string>& arguments) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const fs::path argument : arguments) {
    if (!fs::is_directory(argument, error)) {
      files.push_back(argument);
      continue;
    }
    std::vector<fs::path> found;
    for (const auto& e : fs::directory_iterator(argument, error))
      if (e.path().extension() == ".jsonl" && e.path().stem().string().rfind(kJournal, 0) == 0)
        found.push_back(e.path());
    std::ranges::sort(found);
    if (found.empty())
      throw Error(ErrorCode::damaged_search, "folder " + quoted(argument) + " holds no journal of a search",
                  "name the -o DIR of `tinyc search`");
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

// Where the process that wrote this journal put its best model.
fs::path best_of(const fs::path& journal) {
  std::string suffix = journal.stem().string();
  suffix.erase(0, std::min(suffix.size(), std::string(kJournal).size()));
  return journal.parent_path() / ("best" + suffix);
}

std::map<std::string, Bytes> files_in(const fs::path& dir) {
  std::map<std::string, Bytes> files;
  for (const auto& e : fs::directory_iterator(dir))
    if (e.is_regular_file()) files[e.path().filename().string()] = read_file(e.path(), ErrorKind::data);
  return files;
}

// Adds results of one more journal. A trial that two of them hold is the same in both.
void join(std::vector<SearchResult>& all, const std::vector<SearchResult>& more, const fs::path& file) {
  for (const SearchResult& r : more) {
    const auto same = std::ranges::find(all, r.trial.number, [](const SearchResult& a) { return a.trial.number; });
    if (same == all.end()) {
      all.push_back(r);
    } else if (!(*same == r)) {
      throw Error(ErrorCode::damaged_search,
                  quoted(file) + " disagrees with another journal about trial " + std::to_string(r.trial.number),
                  "were they made by different builds of tinyc or on different kinds of processors?");
    }
  }
}

}  // namespace

SearchFolder::SearchFolder(fs::path dir, std::size_t shard, std::size_t shards)
    : dir_(std::move(dir)), suffix_(shards > 1 ? "-" + std::to_string(shard) + "-of-" + std::to_string(shards) : "") {
  std::error_code error;
  fs::create_directories(dir_, error);
  if (!fs::is_directory(dir_, error))
    throw Error(ErrorCode::cannot_write, "cannot create the folder " + quoted(dir_), "choose another -o DIR");
}

void SearchFolder::write(const Search& s) const {
  write_files(dir_, {{"search" + suffix_ + ".json", to_bytes(to_json(s))},
                     {"search" + suffix_ + ".html", to_bytes(to_html(s))}});
}

void SearchFolder::write_best(const std::map<std::string, Bytes>& files) const { replace_folder(best(), files); }

bool holds(const fs::path& best, const SearchPoint& p) {
  try {
    const Report r = load_report(best);
    return r.flash_total() == p.flash && r.arena == p.ram && r.accuracy && r.accuracy->compressed &&
           std::fabs(*r.accuracy->compressed - p.value) < 1e-12;
  } catch (const Error&) {
    return false;
  }
}

Search merge_searches(const std::vector<std::string>& journals, const SearchFolder& out) {
  const auto files = journals_in(journals);
  std::vector<JournalContent> contents;
  contents.reserve(files.size());
  Search s;
  for (const fs::path& file : files) {
    const JournalContent& c = contents.emplace_back(read_journal(file));
    check_same_search(contents[0].head, c.head, quoted(file));
    join(s.results, c.results, file);
  }
  s.model = contents[0].head.model;
  s.goal = contents[0].head.goal;
  choose(s);
  if (s.best) {
    const SearchResult& r = s.results[s.best->result];
    const SearchPoint& p = r.points[s.best->point];
    const auto holder = std::ranges::find_if(files, [&](const fs::path& f) { return holds(best_of(f), p); });
    if (holder == files.end())
      throw Error(ErrorCode::damaged_search, "the best model, of trial " + std::to_string(r.trial.number) + ", is gone",
                  "give the command of the shard that made it again");
    out.write_best(files_in(best_of(*holder)));
  }
  out.write(s);
  return s;
}

}  // namespace tinyc
