#include "pipeline/targets.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tinyc/parallel.h"

namespace fs = std::filesystem;

namespace tinyc {
namespace {

constexpr const char* kArm = "arm-none-eabi-";
constexpr Target kTargets[] = {
    {"any", "portable C99", "", ""},
    {"cortex-m0", "Cortex-M0, M0+", kArm, "-mcpu=cortex-m0 -mthumb", Family::pair, 2.5},
    {"cortex-m3", "Cortex-M3", kArm, "-mcpu=cortex-m3 -mthumb", Family::pair, 2.5},
    {"cortex-m4", "Cortex-M4", kArm, "-mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard", Family::dsp, 1},
    {"cortex-m7", "Cortex-M7", kArm, "-mcpu=cortex-m7 -mthumb -mfpu=fpv5-d16 -mfloat-abi=hard", Family::dsp, 1},
    {"cortex-m33", "Cortex-M33", kArm, "-mcpu=cortex-m33 -mthumb -mfpu=fpv5-sp-d16 -mfloat-abi=hard", Family::dsp, 1},
    {"cortex-m55", "Cortex-M55", kArm, "-mcpu=cortex-m55 -mthumb -mfloat-abi=hard", Family::mve, 0.25},
    {"rv32", "RISC-V RV32IMAC", "riscv64-unknown-elf-", "-march=rv32imac -mabi=ilp32 --specs=picolibc.specs",
     Family::pair, 2.5},
    {"avr", "ATmega, e.g. Arduino Uno", "avr-", "-mmcu=atmega328p"},
};

// A folder of its own that goes away again.
struct TemporaryFolder {
  InterruptHold hold;
  fs::path path;
  TemporaryFolder() {
    std::error_code error;
    std::string name = (fs::temp_directory_path(error) / "tinyc.XXXXXX").string();
    if (!error && mkdtemp(name.data())) path = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path.empty()) fs::remove_all(path, ignored);
  }
};

// As one word of the shell.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace

std::span<const Target> all_targets() noexcept { return kTargets; }

const Target* find_target(const std::string& name) noexcept {
  for (const Target& t : kTargets)
    if (name == t.name) return &t;
  return nullptr;
}

std::optional<std::uint64_t> measure_code_bytes(const Target& t, const std::string& runtime_header,
                                                const std::string& runtime_source,
                                                const std::set<std::string>& symbols) {
  const std::string prefix = t.compiler;
  if (prefix.empty() || std::system(("command -v " + prefix + "gcc >/dev/null 2>&1").c_str()) != 0) return std::nullopt;
  const TemporaryFolder folder;
  if (folder.path.empty()) return std::nullopt;
  for (const auto& [name, text] : {std::pair("tinyc_rt.h", &runtime_header), std::pair("tinyc_rt.c", &runtime_source)})
    if (!(std::ofstream(folder.path / name) << *text).flush()) return std::nullopt;
  std::string roots;
  for (const auto& s : symbols) roots += " -Wl,-u," + s;
  const std::string command =
      "cd " + quoted(folder.path.string()) + " && " + prefix + "gcc " + t.flags +
      " -std=c99 -O2 -ffunction-sections -nostdlib -Wl,--gc-sections,--unresolved-symbols=ignore-all -Wl,-e,0" + roots +
      " tinyc_rt.c -o rt.elf 2>/dev/null && " + prefix + "size -A rt.elf 2>/dev/null";
  std::uint64_t total = 0;
  FILE* out = popen(command.c_str(), "r");
  if (!out) return std::nullopt;
  char line[256];
  while (std::fgets(line, sizeof line, out)) {
    char section[128];
    unsigned long long bytes = 0;
    if (std::sscanf(line, "%127s %llu", section, &bytes) == 2 && std::string(section).rfind(".text", 0) == 0)
      total += bytes;
  }
  return pclose(out) == 0 && total > 0 ? std::optional<std::uint64_t>(total) : std::nullopt;
}

}  // namespace tinyc
