// Mutation testing: changes one token of the sources at a time and sees whether a test fails.
//
//   mutate ROOT COUNT SEED [FOLDER...]
//
// Works on a copy (ROOT/build-mutate/tree), so that the checkout is never touched. For each area COUNT mutants are
// drawn. A mutant that does not compile, or whose object files are those of the original, is replaced by another. The
// test executable of the mutated folder runs first, then the others; the first failure kills. Too much time or memory
// kills. With HOME_ONLY=1 in the environment only the folder's own test executable is built and run: a lower bound of
// the score in a fraction of the time.
//
// The copy is built as the checkout is, so that the developer's compiler cache holds the unmutated objects.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "mutation/mutants.h"

namespace fs = std::filesystem;
using mutation::Mutant;

namespace {

std::string read(const fs::path& p) {
  std::ifstream in(p, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const fs::path& p, const std::string& text) {
  fs::create_directories(p.parent_path());
  std::ofstream(p, std::ios::binary) << text;
}

/// Makes `to` equal to `from`, touching only the files that differ: an interrupted run leaves a mutant behind.
void synchronize(const fs::path& from, const fs::path& to) {
  std::set<fs::path> present;
  for (auto it = fs::recursive_directory_iterator(from); it != fs::recursive_directory_iterator(); ++it) {
    const std::string name = it->path().filename().string();
    if (it->is_directory() && (name.starts_with("build") || name == ".git")) it.disable_recursion_pending();
    if (!it->is_regular_file()) continue;
    const fs::path relative = it->path().lexically_relative(from);
    present.insert(relative);
    const std::string text = read(it->path());
    if (fs::exists(to / relative) && read(to / relative) == text) continue;
    write(to / relative, text);
    fs::permissions(to / relative, it->status().permissions());
  }
  std::vector<fs::path> stale;
  for (auto it = fs::recursive_directory_iterator(to); it != fs::recursive_directory_iterator(); ++it) {
    if (it->is_directory() && it->path().filename() == "build") it.disable_recursion_pending();
    if (it->is_regular_file() && !present.contains(it->path().lexically_relative(to))) stale.push_back(it->path());
  }
  for (const auto& p : stale) fs::remove(p);
}

bool has_tests(const fs::path& folder) {
  return std::ranges::any_of(fs::directory_iterator(folder),
                             [](const auto& entry) { return entry.path().filename().string().ends_with("_test.cpp"); });
}

bool shell(const std::string& command) { return std::system(command.c_str()) == 0; }

struct TestProgram {
  std::string area;
  double seconds = 0;  ///< of processor time, unmutated
};

class Laboratory {
 public:
  /// `homes`: test executables to use. test_emit compiles C with several compilers, which only mutants of src/emit are
  /// worth.
  Laboratory(const fs::path& root, const std::set<std::string>& homes)
      : tree_(root / "build-mutate/tree"), build_(tree_ / "build"), tmp_(root / "build-mutate/tmp") {
    synchronize(root, tree_);
    fs::create_directories(tmp_);
    setenv("TMPDIR", tmp_.c_str(), 1);
    std::string targets;
    for (const std::string& home : homes) targets += " test_" + home;
    const std::string configure = "cmake -G Ninja -S '" + tree_.string() + "' -B '" + build_.string() +
                                  "' -DCMAKE_BUILD_TYPE=Release -DSHARED_DIR=none "
                                  "-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=mold >&2";
    if (!shell(configure) || !shell("ninja -C '" + build_.string() + "'" + targets + " >&2"))
      throw std::runtime_error("the unmutated sources do not build");
    setenv("CCACHE_READONLY", "1", 1);  // no mutants in the cache; undoing one costs no compilation
    // the fast ones first; the emulated cores are left out
    for (const char* area :
         {"e2e", "pipeline", "report", "tflite", "ops", "passes", "codec", "lower", "ir", "rt", "data", "cli", "emit"})
      if (homes.contains(area)) tests_.push_back({area});
    for (TestProgram& t : tests_) {
      const auto start = std::chrono::steady_clock::now();
      if (!run(t, 1000)) throw std::runtime_error("test_" + t.area + " fails without a mutant");
      t.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      std::fprintf(stderr, "test_%s: %.1f s\n", t.area.c_str(), t.seconds);
    }
    find_objects();
  }

  enum class Outcome { invalid, equivalent, killed, survived };

  Outcome examine(const Mutant& m, std::string& by) {
    const fs::path file = tree_ / m.file;
    const std::string original = read(file);
    write(file, m.apply(original));
    const Outcome outcome = judge(m, by);
    write(file, original);
    for (const auto& left : fs::directory_iterator(tmp_)) fs::remove_all(left);
    return outcome;
  }

  const fs::path& tree() const { return tree_; }
  bool knows(const std::string& file) const { return objects_of_.contains(file); }

 private:
  bool ninja(const std::string& targets) const {
    return shell("ninja -C '" + build_.string() + "' -j1 " + targets + " >/dev/null 2>&1");
  }

  bool run(const TestProgram& t, int seconds) const {
    // what test_emit compiles runs under AddressSanitizer, which reserves terabytes
    const std::string memory = t.area == "emit" ? "" : "ulimit -v 4000000 && ";
    return shell("cd '" + build_.string() + "/tests' && " + memory + "ulimit -t " + std::to_string(seconds) +
                 " && exec timeout " + std::to_string(10 * seconds) + " ./test_" + t.area +
                 " -a >/dev/null 2>&1 </dev/null");
  }

  /// Which objects of the product depend on which source, and what they hold now.
  void find_objects() {
    shell("ninja -C '" + build_.string() + "' -t deps > '" + build_.string() + "/deps.txt'");
    std::ifstream in(build_ / "deps.txt");
    std::string line, object;
    while (std::getline(in, line)) {
      if (line.starts_with("    ")) {
        if (!object.starts_with("CMakeFiles/tinyc")) continue;
        fs::path source = line.substr(4);
        if (source.is_relative()) source = build_ / source;
        const std::string name = source.lexically_normal().lexically_relative(tree_).string();
        if (!name.starts_with("..")) objects_of_[name].insert(object);
      } else if (const auto end = line.find(": #deps"); end != std::string::npos) {
        object = line.substr(0, end);
        if (object.starts_with("CMakeFiles/tinyc")) pristine_[object] = std::hash<std::string>{}(read(build_ / object));
      }
    }
  }

  Outcome judge(const Mutant& m, std::string& by) {
    std::string objects;
    for (const auto& o : objects_of_.at(m.file)) objects += " " + o;
    if (!ninja(objects)) return Outcome::invalid;
    if (std::ranges::all_of(objects_of_.at(m.file), [&](const auto& o) {
          return std::hash<std::string>{}(read(build_ / o)) == pristine_.at(o);
        }))
      return Outcome::equivalent;
    std::vector<TestProgram> order = tests_;
    if (m.home != "emit") std::erase_if(order, [](const auto& t) { return t.area == "emit"; });
    std::ranges::stable_partition(order, [&](const auto& t) { return t.area == m.home; });
    std::string others;
    for (const auto& t : order) others += " test_" + t.area;
    bool built = order[0].area == m.home && ninja("test_" + m.home);
    for (const auto& t : order) {
      if (!built) built = ninja(others);
      by = "test_" + t.area;
      if (!built || !run(t, static_cast<int>(5 + 10 * t.seconds))) return Outcome::killed;
      if (t.area == m.home) built = false;
    }
    return Outcome::survived;
  }

  fs::path tree_, build_, tmp_;
  std::vector<TestProgram> tests_;
  std::map<std::string, std::set<std::string>> objects_of_;
  std::map<std::string, std::size_t> pristine_;
};

struct Area {
  std::string name;
  int limit;  ///< per cent
  std::vector<mutation::Site> sites;
  int killed = 0, counted = 0;
};

/// Lines "FILE | TEXT | WHY": survivors of that file whose line or mutation contains TEXT are understood.
std::string explanation(const fs::path& file, const Mutant& m) {
  std::ifstream in(file);
  std::string line;
  while (std::getline(in, line)) {
    const auto a = line.find(" | "), b = line.rfind(" | ");
    if (line.starts_with("#") || a == std::string::npos || a == b || line.substr(0, a) != m.file) continue;
    if (m.describe().find(line.substr(a + 3, b - a - 3)) != std::string::npos) return line.substr(b + 3);
  }
  return {};
}

/// The test executables that the wanted files call for: all, or only those of their folders.
template <class Wanted>
std::set<std::string> homes_of(const fs::path& root, const Wanted& wanted) {
  std::set<std::string> own, all;
  for (const auto& entry : fs::directory_iterator(root / "tests")) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && name != "mcu" && has_tests(entry.path())) all.insert(name);
  }
  for (const char* top : {"src", "passes"})
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const std::string name = entry.path().lexically_relative(root).string();
      if (entry.is_regular_file() && wanted(name)) own.insert(mutation::home_of(name));
    }
  if (!own.contains("emit")) all.erase("emit");
  if (!std::getenv("HOME_ONLY")) return all;
  std::set<std::string> both;
  std::ranges::set_intersection(own, all, std::inserter(both, both.end()));
  return both;
}

int mutate(const fs::path& root, int count, unsigned seed, const std::vector<std::string>& folders) {
  const auto wanted = [&](const std::string& file) {
    return folders.empty() || std::ranges::any_of(folders, [&](const auto& f) { return file.starts_with(f); });
  };
  Laboratory laboratory(root, homes_of(root, wanted));
  std::vector<Area> areas{{"rt", 90, {}}, {"codec", 90, {}}, {"passes", 85, {}}, {"ops", 85, {}}, {"other", 80, {}}};
  std::vector<std::string> files;
  for (const char* top : {"src", "passes"})
    for (const auto& entry : fs::recursive_directory_iterator(laboratory.tree() / top)) {
      const std::string name = entry.path().lexically_relative(laboratory.tree()).string();
      if (wanted(name) && laboratory.knows(name)) files.push_back(name);
    }
  std::ranges::sort(files);
  for (const auto& name : files) {
    const std::string home = mutation::home_of(name);
    const auto area = std::ranges::find_if(areas, [&](const Area& a) { return a.name == home || a.name == "other"; });
    for (auto& site : mutation::sites_of(name, read(laboratory.tree() / name))) area->sites.push_back(std::move(site));
  }
  std::vector<std::string> survivors;
  for (Area& area : areas) {
    std::mt19937 random(seed);
    for (std::size_t i = 0; i < area.sites.size() && area.counted < count; ++i) {
      std::swap(area.sites[i], area.sites[i + random() % (area.sites.size() - i)]);
      const Mutant m = area.sites[i][random() % area.sites[i].size()];
      std::string by;
      const auto outcome = laboratory.examine(m, by);
      using enum Laboratory::Outcome;
      const char* word = outcome == invalid      ? "does not compile"
                         : outcome == equivalent ? "same object"
                         : outcome == killed     ? by.c_str()
                                                 : "SURVIVES";
      std::cerr << "[" << area.name << " " << area.killed << "/" << area.counted << "] " << word << ": " << m.describe()
                << "\n";
      if (outcome == invalid || outcome == equivalent) continue;
      ++area.counted;
      if (outcome == killed) ++area.killed;
      if (outcome != survived) continue;
      const std::string why = explanation(root / "tests/mutation/explained.txt", m);
      survivors.push_back(m.describe() + (why.empty() ? "" : "\n    explained: " + why));
    }
  }
  int rc = 0, killed = 0, counted = 0;
  std::printf("area     mutants  killed  score  limit\n");
  const auto row = [](const char* name, int n, int k, int limit) {
    std::printf("%-8s %7d %7d %5.1f%%  ", name, n, k, 100.0 * k / std::max(1, n));
    limit > 0 ? std::printf("%4d%%\n", limit) : std::printf("\n");
  };
  for (const Area& a : areas) {
    if (a.counted == 0) continue;
    row(a.name.c_str(), a.counted, a.killed, a.limit);
    if (100 * a.killed < a.limit * a.counted) rc = 1;
    killed += a.killed, counted += a.counted;
  }
  row("all", counted, killed, 0);
  if (!survivors.empty()) std::printf("\nsurvivors:\n");
  for (const auto& s : survivors) std::printf("  %s\n", s.c_str());
  return rc;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 4) return std::fprintf(stderr, "usage: mutate ROOT COUNT SEED [FOLDER...]\n"), 2;
  return mutate(fs::canonical(argv[1]), std::stoi(argv[2]), static_cast<unsigned>(std::stoul(argv[3])),
                {argv + 4, argv + argc});
} catch (const std::exception& e) {
  std::fprintf(stderr, "mutate: %s\n", e.what());
  return 2;
}
