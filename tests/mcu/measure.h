// What an emitted model costs on an emulated microcontroller: instructions, exact, by a plugin of QEMU (cycles on AVR,
// by a timer of the chip); flash by linking the same program with and without the model; stack by painting.
#pragma once
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "mcu/cores.h"
#include "tinyc/report.h"

namespace tinyc {

namespace fs = std::filesystem;

inline bool is_avr(const Core& c) { return std::string(c.name) == "avr"; }
/// "arm-none-eabi-" + tool
inline std::string tool(const Core& c, const char* name) {
  const std::string cc = c.cc;
  return cc.substr(0, cc.size() - 3) + name;
}
/// Its compiler and its emulator are there.
inline bool installed(const Core& c) {
  const std::string run = c.run;
  return installed(std::string(c.cc)) && installed(run.substr(0, run.find(' ')));
}

struct Cost {
  std::int64_t instructions = 0;  ///< AVR: cycles
  std::int64_t cycles = 0;        ///< Cortex-M4: the model of cycles(); else 0
  std::int64_t flash = 0, arena = 0, stack = 0;
  std::int64_t estimate = 0;  ///< of instructions, by report.json; 0: none
  std::uint32_t hash = 0;     ///< FNV-1a of output 0
};

/// A folder of its own that goes away again.
struct Scratch {
  fs::path path;
  Scratch() {
    std::string name = (fs::temp_directory_path() / "tinyc_bench.XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
    path = name;
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
};

inline std::string read_text(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Standard output of a command; throws where it fails.
inline std::string output_of(const std::string& command, const fs::path& dir) {
  const std::string file = (dir / "stdout").string();
  if (shell("cd '" + dir.string() + "' && { " + command + "; } >'" + file + "' 2>'" + file + ".err'") != 0)
    throw std::runtime_error(command + "\n" + read_text(file + ".err"));
  return read_text(file);
}

/// The number behind `key` in lines of "key number".
inline std::int64_t number(const std::string& text, const std::string& key) {
  const auto at = ("\n" + text).find("\n" + key + " ");
  if (at == std::string::npos) throw std::runtime_error("no " + key + " in: " + text);
  return std::stoll(text.substr(at + key.size() + 1));
}

/// One straight piece of code as the plugin reports it.
struct Block {
  std::uint64_t address, instructions, runs, taken;
};

/// Cycles of a Cortex-M4 without wait states (ARM DDI 0439, table 3-1): a load takes 2, the one behind a load 1;
/// several registers 1 + n (STRD 2); a division 7 of its 2 ... 12; a branch taken 2 more for the pipeline; everything
/// else 1. A model, not a measurement.
inline std::int64_t cycles(const std::vector<Block>& blocks, const std::string& disassembly) {
  struct Instruction {
    std::string name, operands;
  };
  std::map<std::uint64_t, Instruction> code;
  std::istringstream lines(disassembly);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string address, name, operands;
    if (!(words >> address >> name)) continue;
    char* end = nullptr;
    const std::uint64_t at = std::strtoull(address.c_str(), &end, 16);
    if (std::string(end) != ":") continue;  // not an instruction
    std::getline(words, operands);
    code[at] = {name, operands};
  }
  const auto starts = [](const std::string& s, const char* with) { return s.rfind(with, 0) == 0; };
  std::int64_t sum = 0;
  for (const Block& b : blocks) {
    std::int64_t once = 0;
    bool after_load = false;
    auto at = code.find(b.address);
    for (std::uint64_t i = 0; i < b.instructions && at != code.end(); ++i, ++at) {
      const auto& [name, operands] = at->second;
      const bool load = starts(name, "ldr") || starts(name, "ldm") || starts(name, "pop") || starts(name, "vldr");
      const bool many = starts(name, "ldm") || starts(name, "stm") || name == "pop" || name == "push" ||
                        starts(name, "pop.") || starts(name, "push.");
      const int two = starts(name, "ldrd") ? 3 : starts(name, "strd") ? 2 : 0;
      if (many) {  // registers of a list, as in {r4, r5, pc}
        once += 2 + std::count(operands.begin() + static_cast<std::ptrdiff_t>(operands.find('{')), operands.end(), ',');
      } else if (two) {
        once += two;
      } else {
        once += load ? (after_load ? 1 : 2) : starts(name, "sdiv") || starts(name, "udiv") ? 7 : 1;
      }
      after_load = load && !many;
    }
    sum += static_cast<std::int64_t>(b.runs) * once + 2 * static_cast<std::int64_t>(b.taken);
  }
  return sum;
}

class Bench {
 public:
  Bench(const fs::path& tests, const std::string& tinyc) : mcu_(tests / "mcu"), tinyc_(tinyc) {}

  /// Compresses a model (`arguments` of tinyc compress) and runs it once. Absent where it does not fit the chip.
  std::optional<Cost> run(const Core& core, const std::string& arguments) {
    const Scratch dir;
    output_of("'" + tinyc_ + "' compress " + arguments + " --target " + core.name + " --name net --emit c,json -o .",
              dir.path);
    auto cost = run(core, dir);
    if (cost)
      cost->estimate = static_cast<std::int64_t>(
          report_from_json(read_text(dir.path / "report.json"), "report.json").instructions().value_or(0));
    return cost;
  }

  /// Runs the files that emit_c wrote for the model "net". `marks`: instructions up to the end of each layer.
  std::optional<Cost> run(const Core& core, const Scratch& dir, std::vector<std::int64_t>* marks = nullptr) {
    const std::string cc = std::string(core.cc) + " " + core.flags + (is_avr(core) ? " -Os" : " -O2") +
                           " -ffunction-sections -fdata-sections -I. -I'" + (mcu_ / "boards").string() + "'" +
                           (marks ? " -DTINYC_TRACE" : "");
    Cost cost;
    cost.arena = number(replaced(read_text(dir.path / "net_data.h"), "#define NET_"), "ARENA_SIZE");
    if (is_avr(core) && cost.arena > 1024) return std::nullopt;
    const std::string boards = (mcu_ / "boards").string() + "/";
    std::string link = cc + " -Wl,--gc-sections board.o ";
    if (!is_avr(core))
      link += "-nostartfiles " + std::string(core.cc[0] == 'a' ? "--specs=nano.specs " : "") + core.memory + " -T '" +
              boards + "board.ld' ";
    try {
      output_of(cc + " -std=c++17 -fno-exceptions -fno-rtti -x c++ -c net_data.cc -o net.o && " + cc +
                    " -std=c99 -c tinyc_rt.c -o rt.o && " + cc + " -std=gnu11 -c '" + boards +
                    "bench.c' -o bench.o && " + cc + " -std=gnu11 -DEMPTY -c '" + boards + "bench.c' -o empty.o && " +
                    cc + " -std=gnu11 -c '" + boards + core.board + "' -o board.o && " + link +
                    "empty.o -o empty.elf && " + link + "bench.o net.o rt.o -o net.elf",
                dir.path);
    } catch (const std::runtime_error& e) {
      const std::string why = e.what();
      for (const char* full : {"is too large", "too many initializers", "overflowed by"})  // arrays have 16-bit sizes
        if (is_avr(core) && why.find(full) != why.npos) return std::nullopt;
      throw;
    }
    const auto sections = [&](const char* elf) {
      std::istringstream in(output_of(tool(core, "size") + " " + elf + " | tail -1", dir.path));
      std::array<std::int64_t, 3> s{};  // code, data with initial values, data without
      in >> s[0] >> s[1] >> s[2];
      return s;
    };
    const auto with = sections("net.elf"), without = sections("empty.elf");
    cost.flash = with[0] + with[1] - without[0] - without[1];
    std::string printed;
    if (is_avr(core)) {
      printed = output_of(std::string("timeout 120 ") + core.run +
                              " net.elf 2>&1 | tr -d '\\033\\r' | sed 's/\\[[0-9;]*m//g; s/\\.*$//'",
                          dir.path);
      cost.instructions = number(printed, "cycles");
      std::istringstream lines(printed);
      for (std::string line; marks && std::getline(lines, line);)
        if (line.starts_with("mark ")) marks->push_back(number(line, "mark"));
    } else {
      printed = count(core, dir.path, cost, marks);
    }
    if (number(printed, "status") != 0) throw std::runtime_error("the model failed on the target");
    cost.stack = number(printed, "stack");
    cost.hash = static_cast<std::uint32_t>(number(printed, "hash"));
    return cost;
  }

 private:
  static std::string replaced(std::string text, const std::string& prefix) {
    for (std::size_t at; (at = text.find(prefix)) != std::string::npos;) text.erase(at, prefix.size());
    return text;
  }

  /// Runs net.elf under QEMU with the plugin; returns what it printed.
  std::string count(const Core& core, const fs::path& dir, Cost& cost, std::vector<std::int64_t>* marks) {
    const auto address = [&](const char* symbol) {
      return output_of(tool(core, "nm") + " net.elf | sed -n 's/ [Tt] " + symbol + "$//p' | tr -d '\\n'", dir);
    };
    std::string window = ",begin=" + address("count_begin") + ",end=" + address("count_end") + ",out=counts";
    if (marks) window += ",mark=" + address("tinyc_trace") + ",marks=marks";
    const int known = plugin_;
    for (int version = std::max(known, 1);; ++version) {  // QEMU loads only plugins of versions that it knows
      const std::string plugin = (work_.path / ("counter" + std::to_string(version) + ".so")).string();
      if (const std::lock_guard hold(building_); !fs::exists(plugin))
        output_of("cc -O2 -fPIC -shared -fvisibility=hidden -DPLUGIN_VERSION=" + std::to_string(version) + " '" +
                      (mcu_ / "emulator/counter.c").string() + "' -o '" + plugin + "'",
                  dir);
      std::string printed;
      try {
        printed = output_of(
            std::string("timeout 300 ") + core.run + " -plugin '" + plugin + "'" + window + kQemuTail + "net.elf 2>&1",
            dir);
      } catch (const std::runtime_error&) {
        if (known || version == 6) throw;
        continue;
      }
      plugin_ = version;
      std::vector<Block> blocks;
      std::ifstream in(dir / "counts");
      for (Block b; in >> std::hex >> b.address >> std::dec >> b.instructions >> b.runs >> b.taken;)
        blocks.push_back(b);
      if (marks) {
        std::ifstream lines(dir / "marks");
        for (std::int64_t v = 0; lines >> v;) marks->push_back(v);
      }
      for (const Block& b : blocks) cost.instructions += static_cast<std::int64_t>(b.instructions * b.runs);
      if (std::string(core.name) == "cortex-m4")
        cost.cycles = cycles(blocks, output_of(tool(core, "objdump") + " -d --no-show-raw-insn net.elf", dir));
      return printed;
    }
  }

  fs::path mcu_;
  std::string tinyc_;
  Scratch work_;
  std::mutex building_;
  std::atomic<int> plugin_ = 0;  ///< its version; 0: not known yet
};

}  // namespace tinyc
