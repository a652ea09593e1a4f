// ./dev bench: measures all nets on all cores, compares with tests/mcu/figures.txt, and writes that file and
// docs/benchmarks.md anew. Exit status 1, and nothing written, where a figure is more than 2 % worse (--accept writes
// all the same).   bench [--accept] [NET...]
#include <atomic>
#include <cstdio>
#include <mutex>
#include <set>
#include <thread>

#include "mcu/figures.h"

using namespace tinyc;

namespace {

const fs::path kRoot = TINYC_SOURCE_DIR, kShared = TINYC_SHARED_DIR;

std::string grouped(std::int64_t v) {
  std::string s = std::to_string(v);
  for (std::size_t at = s.size(); at > 3;) s.insert(at -= 3, ",");
  return s;
}

std::string ratio(std::int64_t theirs, std::int64_t ours) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2fx", static_cast<double>(theirs) / static_cast<double>(ours));
  return text;
}

std::string deviation(const Cost& c) {
  char text[32];
  std::snprintf(text, sizeof text, "%+.1f %%",
                100 * (static_cast<double>(c.estimate) / static_cast<double>(c.instructions) - 1));
  return c.estimate ? text : "";
}

std::string figures_text(const Figures& f, const std::set<std::string>& compilers) {
  std::string out =
      "# Written by ./dev bench; the test \"figures\" fails where one is more than 2 % worse.\n"
      "# avr: clock cycles in place of instructions; cycles: the Cortex-M4 model of tests/mcu/measure.h\n";
  for (const auto& c : compilers) out += "# compiler " + c + "\n";
  out += "# model core instructions cycles flash arena stack estimate\n";
  for (const Net& n : kNets)
    for (const Core& c : kMeasuredCores)
      if (const Cost* x = find(f, n.name, c.name)) {
        out += std::string(n.name) + " " + c.name;
        for (const std::int64_t v : {x->instructions, x->cycles, x->flash, x->arena, x->stack, x->estimate})
          out += " " + std::to_string(v);
        out += "\n";
      }
  return out;
}

std::string page(const Figures& ours, const Figures& theirs, const std::set<std::string>& compilers) {
  std::string out = R"(# Benchmarks
Written by `./dev bench`, which measures all of it again. The nets of MLPerf Tiny and of TensorFlow Lite Micro's examples are
not ours to ship: where the folder of reference models is missing, their lines stay as they were, and the command says so.

## Method
- **Nets**: int8 as published, nothing pruned, weights uncoded (`tinyc compress NET.tflite --coding raw --target CORE`). The nets named
  `-pruned` are the float ones, pruned by magnitude without training: what they cost is that of trained ones, what they answer is not.
  `fashion` is the example's float CNN, quantized; in `fashion-coded` its weights are Huffman codes.
- **Input**: byte i is `((i * 1103515245 + 12345) >> 16) & 255`. Outputs equal TensorFlow Lite's on every core.
- **Instructions** that one `net_invoke` executes, exact, counted by a plugin of QEMU. Instructions are not cycles: an MVE
  instruction of the M55 takes two beats, and QEMU has no notion of flash wait states. Code for the M0 runs on an emulated M3,
  which executes the same instructions. AVR: clock cycles of the simulated ATmega328P, by its own timer.
- **Cycles** (M4): a model from the same counts, zero wait states: a load takes 2, the load behind a load 1, n registers 1 + n, a
  division 7, a branch taken 2 more, everything else 1 (Arm DDI 0439, table 3-1).
- **Flash**: the linked program less the same program without a model: weights, tables, code, library functions. **Arena**: all
  of the model's RAM but the stack. **Stack**: painted before, looked for afterwards; 64 means 64 or less.
- **TFLM**: TensorFlow Lite Micro with CMSIS-NN, the same compiler, emulator, input and cycle model; figures are frozen in
  `tests/mcu/incumbent.txt`, with versions. Its flash is the whole program, the model as FlatBuffer; its arena is the smallest that works.
- **Compilers**: )";
  for (const auto& c : compilers) out += (c == *compilers.begin() ? "" : ", ") + c;
  out += "; `-O2`, AVR `-Os`.\n\n## Cortex-M4 against the incumbent\n";
  out += "| net | | instructions | cycles | flash | arena | stack |\n|---|---|---:|---:|---:|---:|---:|\n";
  const auto row = [&](const std::string& name, const char* who, const Cost& c) {
    out += "| " + name + " | " + who;
    for (const std::int64_t v : {c.instructions, c.cycles, c.flash, c.arena, c.stack}) out += " | " + grouped(v);
    out += " |\n";
  };
  for (const Net& n : kNets) {
    const Cost *x = find(ours, n.name, "cortex-m4"), *y = find(theirs, n.name, "cortex-m4");
    if (!x) continue;
    if (y) row(std::string(n.name) + ": " + n.title, "TFLM", *y);
    row(y ? "" : std::string(n.name) + ": " + n.title, "tinyc", *x);
    if (y)
      out += "| | | " + ratio(y->instructions, x->instructions) + " | " + ratio(y->cycles, x->cycles) + " | " +
             ratio(y->flash, x->flash) + " | " + ratio(y->arena, x->arena) + " | " + ratio(y->stack, x->stack) + " |\n";
  }
  const auto table = [&](const std::string& title, auto value, bool incumbents) {
    out += "\n## " + title + "\n| net |";
    for (const Core& c : kMeasuredCores) out += std::string(" ") + c.name + " |";
    out += "\n|---|";
    for (std::size_t i = 0; i < std::size(kMeasuredCores); ++i) out += "---:|";
    out += "\n";
    for (const Net& n : kNets)
      for (const Figures* f : {&ours, &theirs}) {
        if (f == &theirs && (!incumbents || !find(theirs, n.name, "cortex-m4"))) continue;
        out += "| " + std::string(f == &theirs ? "TFLM" : n.name) + " |";
        for (const Core& c : kMeasuredCores) {
          const Cost* x = find(*f, n.name, c.name);
          out += x ? " " + value(*x) + " |" : " |";
        }
        out += "\n";
      }
  };
  table(
      "Instructions, all cores (avr: cycles; empty: does not fit, or not measured)",
      [](const Cost& c) { return grouped(c.instructions); }, true);
  table("Flash", [](const Cost& c) { return grouped(c.flash); }, false);
  table("Stack", [](const Cost& c) { return grouped(c.stack); }, false);
  table("How far the estimate of `report.json` and `tinyc explain` is from the count", deviation, false);
  return out;
}

struct Job {
  const Net* net;
  const Core* core;
};

}  // namespace

int main(int argc, char** argv) try {
  bool accept = false;
  std::set<std::string> wanted;
  for (int i = 1; i < argc; ++i)
    if (std::string(argv[i]) == "--accept")
      accept = true;
    else
      wanted.insert(argv[i]);
  const fs::path file = kRoot / "tests/mcu/figures.txt";
  const Scratch scratch;
  Figures figures = read_figures(file);
  std::set<std::string> used;
  for (const std::string& name : compilers(file))  // figures of cores that cannot be measured here stay
    if (!installed(name.substr(0, name.find(' ')))) used.insert(name);
  std::vector<Job> jobs;
  for (const Core& c : kMeasuredCores) {
    if (const std::string name = compiler(c, scratch.path); name.empty())
      std::printf("skipped %s: %s or its emulator is not installed\n", c.name, c.cc);
    else
      used.insert(name);
  }
  for (const Net& n : kNets) {
    if (!wanted.empty() && !wanted.count(n.name)) continue;
    if (n.shared && !fs::exists(kShared / "models" / n.file)) {
      std::printf("skipped %s: there is no %s\n", n.name, (kShared / "models" / n.file).c_str());
      continue;
    }
    for (const Core& c : kMeasuredCores)
      if (installed(c)) jobs.push_back({&n, &c});
  }
  Bench bench(kRoot / "tests", TINYC_BINARY);
  std::atomic<std::size_t> next = 0;
  std::mutex lock;
  bool bad = false;
  std::printf("%-14s %-10s %13s %13s %9s %8s %6s\n", "net", "core", "instructions", "cycles", "flash", "arena",
              "stack");
  const auto work = [&] {
    for (std::size_t i; (i = next++) < jobs.size();) {
      const auto& [net, core] = jobs[i];
      std::optional<Cost> cost;
      std::string trouble;
      try {
        cost = bench.run(*core, arguments(*net, kRoot, kShared));
      } catch (const std::exception& e) {
        trouble = e.what();
      }
      const std::lock_guard hold(lock);
      const Cost* old = find(figures, net->name, core->name);
      if (cost) {
        std::printf("%-14s %-10s %13s %13s %9s %8s %6s", net->name, core->name, grouped(cost->instructions).c_str(),
                    grouped(cost->cycles).c_str(), grouped(cost->flash).c_str(), grouped(cost->arena).c_str(),
                    grouped(cost->stack).c_str());
        if (net->hash && cost->hash != net->hash) trouble += "WRONG OUTPUT ";
        if (old) trouble += worse(*cost, *old);
        figures[{net->name, core->name}] = *cost;
      } else {
        if (trouble.empty() && !old) continue;  // it does not fit the chip
        if (trouble.empty()) trouble = "does not fit any more";
        figures.erase({net->name, core->name});
        std::printf("%-14s %-10s", net->name, core->name);
      }
      std::printf("%s%s\n", trouble.empty() ? "" : "  ", trouble.c_str());
      std::fflush(stdout);
      bad = bad || !trouble.empty();
    }
  };
  std::thread second(work);
  work();
  second.join();
  if (bad && !accept) {
    std::printf("worse than tests/mcu/figures.txt: nothing written (--accept writes)\n");
    return 1;
  }
  std::ofstream(file) << figures_text(figures, used);
  std::ofstream(kRoot / "docs/benchmarks.md") << page(figures, read_figures(kRoot / "tests/mcu/incumbent.txt"), used);
  std::printf("written: tests/mcu/figures.txt, docs/benchmarks.md\n");
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "bench: %s\n", e.what());
  return 1;
}
