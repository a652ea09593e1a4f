// Figures of tests/mcu/figures.txt are ceilings: what a model costs on a core may not be more than 2 % worse. Own nets
// on every core; those of the folder of reference models on Cortex-M4 (./dev bench measures them everywhere).
#include "mcu/figures.h"

#include "catch.h"

using namespace tinyc;

namespace {

const fs::path kRoot = TINYC_SOURCE_DIR, kShared = TINYC_SHARED_DIR;

/// The recorded figures hold for the compiler that is installed.
bool comparable(const Core& core) {
  if (!installed(core)) {
    WARN("skipped " << core.name << ": " << core.cc << " or its emulator is not installed");
    return false;
  }
  const Scratch scratch;
  const std::string version = compiler(core, scratch.path);
  const auto recorded = compilers(kRoot / "tests/mcu/figures.txt");
  if (std::find(recorded.begin(), recorded.end(), version) != recorded.end()) return true;
  WARN("skipped " << core.name << ": figures.txt was made with another compiler than " << version);
  return false;
}

void check(Bench& bench, const Net& net, const Core& core) {
  static const Figures figures = read_figures(kRoot / "tests/mcu/figures.txt");
  const Cost* ceiling = find(figures, net.name, core.name);
  const auto cost = bench.run(core, arguments(net, kRoot, kShared));
  CAPTURE(net.name, core.name);
  REQUIRE(cost.has_value() == (ceiling != nullptr));
  if (!cost) return;
  if (net.hash) CHECK(cost->hash == net.hash);
  CHECK(worse(*cost, *ceiling) == "");
}

}  // namespace

TEST_CASE("figures: the example's net costs no more than recorded") {
  Bench bench(kRoot / "tests", TINYC_BINARY);
  for (const Core& core : kMeasuredCores) {
    if (!comparable(core)) continue;
    for (const Net& net : kNets)
      if (!net.shared) check(bench, net, core);
  }
}

TEST_CASE("figures: reference nets cost no more than recorded on Cortex-M4") {
  const auto core = std::find_if(std::begin(kMeasuredCores), std::end(kMeasuredCores),
                                 [](const Core& c) { return std::string(c.name) == "cortex-m4"; });
  if (!comparable(*core)) return;
  Bench bench(kRoot / "tests", TINYC_BINARY);
  for (const Net& net : kNets) {
    if (!net.shared) continue;
    if (!fs::exists(kShared / "models" / net.file)) {
      WARN("skipped " << net.name << ": there is no " << (kShared / "models" / net.file).string());
      continue;
    }
    check(bench, net, *core);
  }
}

TEST_CASE("figures: a ceiling is two per cent above the figure") {
  const Cost ceiling{1000, 2000, 3000, 100, 200, 0};
  REQUIRE(worse(ceiling, ceiling).empty());
  Cost now = ceiling;
  now.instructions = 1020;
  now.stack = 216;
  REQUIRE(worse(now, ceiling).empty());
  now.instructions = 1021;
  REQUIRE(worse(now, ceiling) == "instructions 1021 instead of 1000; ");
  now = ceiling;
  now.arena = 103;
  now.stack = 217;
  REQUIRE(worse(now, ceiling) == "arena 103 instead of 100; stack 217 instead of 200; ");
}

TEST_CASE("figures: the cycle model of Cortex-M4") {
  const std::string code =
      "net.elf:     file format elf32-littlearm\n\n00000100 <f>:\n"
      " 100:\tpush\t{r4, r5, lr}\n 102:\tldr\tr3, [r0, #0]\n 104:\tldrsb.w\tr2, [r1]\n 108:\tadds\tr3, r3, r2\n"
      " 10a:\tsdiv\tr3, r3, r2\n 10e:\tstrd\tr3, r2, [r0]\n 112:\tldmia.w\tsp!, {r4, r5, pc}\n";
  // 4 + 2 + 1 + 1 + 7 + 2 + 4, and 2 where control went elsewhere
  REQUIRE(cycles({{0x100, 7, 10, 3}}, code) == 10 * 21 + 3 * 2);
  REQUIRE(cycles({{0x104, 2, 1, 0}}, code) == 3);  // a load that is not behind one
}
