// The deepest stack of the runtime on Cortex-M4, by gcc's own account of frames and calls, and the symbols that it
// needs.
#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <vector>

#include "catch.h"
#include "mcu/cores.h"

using namespace tinyc;
namespace fs = std::filesystem;

namespace {

constexpr const char* kArmCompiler = "arm-none-eabi-gcc";
constexpr int kStackLimit = 400;  // with interrupts and the caller's own, half a kilobyte serves
constexpr int kRecord = 160;      // a tinyc_layer of a 32-bit target, and where its arrays are
constexpr int kRows = 64;         // of the two functions that run layers row by row, beyond tinyc_run
constexpr const char* kIndirect = "__indirect_call";
constexpr int kLibraryFrame = 24;  // of memcpy and the like, which save a few registers

struct CallGraph {
  std::map<std::string, int> frame;  ///< bytes, by function; functions of libraries have none
  std::map<std::string, std::set<std::string>> calls;
  bool sized = true;  ///< no frame depends on data
};

std::string quoted_after(const std::string& line, const std::string& key) {
  const auto at = line.find(key + ": \"");
  if (at == std::string::npos) return "";
  const auto begin = at + key.size() + 3;
  return line.substr(begin, line.find('"', begin) - begin);
}

/// What -fcallgraph-info=su writes: nodes labelled "name\nplace\n24 bytes (static)", and edges.
CallGraph parse_calls(std::istream& in) {
  CallGraph g;
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("node:", 0) == 0) {
      const std::string label = quoted_after(line, "label");
      const auto bytes = label.find(" bytes (");
      if (bytes == std::string::npos) continue;
      g.frame[quoted_after(line, "title")] = std::stoi(label.substr(label.rfind("\\n", bytes) + 2));
      g.sized = g.sized && label.find("(static)") != std::string::npos;
    } else if (line.rfind("edge:", 0) == 0) {
      g.calls[quoted_after(line, "sourcename")].insert(quoted_after(line, "targetname"));
    }
  }
  return g;
}

struct Depth {
  int bytes = 0;
  std::string path;
};

/// The deepest stack from `function` on; only direct calls are followed.
Depth deepest(const CallGraph& g, const std::string& function, std::vector<std::string> above = {}) {
  if (std::find(above.begin(), above.end(), function) != above.end()) return {1 << 20, "recursion of " + function};
  const auto own = g.frame.find(function);
  if (own == g.frame.end()) return {kLibraryFrame, function};
  above.push_back(function);
  Depth below;
  if (const auto calls = g.calls.find(function); calls != g.calls.end())
    for (const auto& callee : calls->second)
      if (const Depth d = deepest(g, callee, above); d.bytes > below.bytes) below = d;
  return {own->second + below.bytes, function + " " + std::to_string(own->second) + ", " + below.path};
}

}  // namespace

TEST_CASE("the deepest stack of a call graph") {
  std::istringstream text(
      "graph: { title: \"a.c\"\n"
      "node: { title: \"run\" label: \"run\\na.c:1:1\\n16 bytes (static)\" }\n"
      "node: { title: \"a.c:leaf\" label: \"leaf\\na.c:2:1\\n40 bytes (static)\" }\n"
      "node: { title: \"kernel\" label: \"kernel\\na.c:3:1\\n100 bytes (static)\" }\n"
      "node: { title: \"memcpy\" label: \"memcpy\\n<built-in>\" shape : ellipse }\n"
      "edge: { sourcename: \"run\" targetname: \"__indirect_call\" label: \"a.c:1:9\" }\n"
      "edge: { sourcename: \"kernel\" targetname: \"a.c:leaf\" label: \"a.c:3:9\" }\n"
      "edge: { sourcename: \"a.c:leaf\" targetname: \"memcpy\" label: \"a.c:2:9\" }\n}\n");
  const CallGraph g = parse_calls(text);
  REQUIRE(g.sized);
  REQUIRE(g.calls.at("run").count(kIndirect) == 1);
  REQUIRE(deepest(g, "kernel").bytes == 100 + 40 + kLibraryFrame);
  REQUIRE(deepest(g, "a.c:leaf").path == "a.c:leaf 40, memcpy");
}

TEST_CASE("the runtime's stack on Cortex-M4 stays under 400 bytes") {
  if (!installed(kArmCompiler)) {
    WARN("skipped: " << kArmCompiler << " is not installed");
    return;
  }
  const fs::path dir = scratch_folder("stack");
  write_runtime(dir);
  REQUIRE(shell("cd '" + dir.string() + "' && " + kArmCompiler +
                " -mcpu=cortex-m4 -mthumb -O2 -std=c99 -fcallgraph-info=su -c all_rt.c -o rt.o") == 0);
  std::ifstream in(dir / "rt.ci");
  const CallGraph g = parse_calls(in);
  in.close();
  fs::remove_all(dir);
  REQUIRE(g.frame.size() > 50);
  REQUIRE(g.sized);
  for (const auto& [function, frame] : g.frame) {
    if (function == "tinyc_run" || function == "tinyc_blob_run" || function == "tinyc_run_rows" ||
        function == "tinyc_run_group")
      continue;  // call every kernel through its record
    const Depth d = deepest(g, function);
    INFO(d.path);
    CHECK((g.calls.find(function) == g.calls.end() || !g.calls.at(function).count(kIndirect)));
    CHECK(g.frame.at("tinyc_run") + d.bytes < kStackLimit);
    CHECK(g.frame.at("tinyc_blob_run") + d.bytes <
          kStackLimit + kRecord);  // replaceable data: a record is copied first
    CHECK(g.frame.at("tinyc_run_rows") + g.frame.at("tinyc_run_group") + d.bytes < kStackLimit + kRows);
  }
}

TEST_CASE("the runtime needs only memory functions and integer arithmetic of libgcc, and keeps no state") {
  const struct {
    const char *cc, *nm;
    std::set<std::string> allowed;
  } compilers[] = {
      {"arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb", "arm-none-eabi-nm", {}},
      // without long products and division; a floating-point number would need further functions
      {"arm-none-eabi-gcc -mcpu=cortex-m0 -mthumb",
       "arm-none-eabi-nm",
       {"__aeabi_idiv", "__aeabi_idivmod", "__aeabi_uidiv", "__aeabi_uidivmod", "__aeabi_lmul"}},
      {"riscv64-unknown-elf-gcc -march=rv32imac -mabi=ilp32 --specs=picolibc.specs", "riscv64-unknown-elf-nm", {}}};
  const fs::path dir = scratch_folder("symbols");
  write_runtime(dir);
  for (const auto& c : compilers) {
    const std::string cc = c.cc;
    if (!installed(cc.substr(0, cc.find(' ')))) {
      WARN("skipped: " << cc << " is not installed");
      continue;
    }
    REQUIRE(shell("cd '" + dir.string() + "' && " + cc + " -O2 -std=c99 -c all_rt.c -o rt.o && " + c.nm +
                  " -P rt.o >symbols") == 0);
    std::ifstream in(dir / "symbols");
    std::size_t functions = 0;
    for (std::string line; std::getline(in, line);) {
      std::istringstream words(line);
      std::string name, type;
      words >> name >> type;
      CAPTURE(cc, name, type);
      if (type == "U")
        CHECK((name == "memcpy" || name == "memset" || name == "memmove" || c.allowed.count(name)));
      else
        CHECK((type == "T" || type == "t" || type == "r" || type == "R" || type == "N"));
      functions += type == "T";
    }
    CHECK(functions > 40);
  }
  fs::remove_all(dir);
}
