// The emulated cores: their compilers, boards and emulators.
#pragma once
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "emit/rt_sources.h"
#include "tinyc/dataset.h"

namespace tinyc {

struct Core {
  const char* name;
  const char* cc;
  const char* flags;
  const char* board;
  const char* run;  ///< emulator and its arguments; the ELF follows
  const char* memory;
};
inline constexpr const char* kQemuTail =
    " -nographic -monitor none -serial none -semihosting-config enable=on,target=native -kernel ";
inline const Core kCores[] = {
    {"cortex-m0", "arm-none-eabi-gcc", "-mcpu=cortex-m0 -mthumb -mfloat-abi=soft", "arm.c",
     "qemu-system-arm -M mps2-an385", "-Wl,--defsym=flash=0 -Wl,--defsym=ram=0x20000000"},
    {"cortex-m3", "arm-none-eabi-gcc", "-mcpu=cortex-m3 -mthumb -mfloat-abi=soft", "arm.c",
     "qemu-system-arm -M mps2-an385", "-Wl,--defsym=flash=0 -Wl,--defsym=ram=0x20000000"},
    {"cortex-m4", "arm-none-eabi-gcc", "-mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard", "arm.c",
     "qemu-system-arm -M mps2-an386", "-Wl,--defsym=flash=0 -Wl,--defsym=ram=0x20000000"},
    {"cortex-m55", "arm-none-eabi-gcc", "-mcpu=cortex-m55 -mthumb -mfloat-abi=hard", "arm.c",
     "qemu-system-arm -M mps3-an547", "-Wl,--defsym=flash=0 -Wl,--defsym=ram=0x20000000"},
    {"rv32", "riscv64-unknown-elf-gcc", "-march=rv32imac -mabi=ilp32 -mcmodel=medany --specs=picolibc.specs", "riscv.c",
     "qemu-system-riscv32 -M virt -bios none -cpu rv32", "-Wl,--defsym=flash=0x80000000 -Wl,--defsym=ram=0x80400000"},
};

/// All targets of tinyc compress that name a core, for figures: further cores of the families above, and AVR.
inline const Core kMeasuredCores[] = {
    kCores[0],
    kCores[1],
    kCores[2],
    {"cortex-m7", "arm-none-eabi-gcc", "-mcpu=cortex-m7 -mthumb -mfpu=fpv5-d16 -mfloat-abi=hard", "arm.c",
     "qemu-system-arm -M mps2-an500", "-Wl,--defsym=flash=0 -Wl,--defsym=ram=0x20000000"},
    {"cortex-m33", "arm-none-eabi-gcc", "-mcpu=cortex-m33 -mthumb -mfpu=fpv5-sp-d16 -mfloat-abi=hard", "arm.c",
     "qemu-system-arm -M mps2-an505", "-Wl,--defsym=flash=0x10000000 -Wl,--defsym=ram=0x38000000"},
    kCores[3],
    kCores[4],
    {"avr", "avr-gcc", "-mmcu=atmega328p", "avr.c", "simavr -m atmega328p -f 16000000", ""},
};

inline bool installed(const std::string& tool) {
  return std::system(("command -v " + tool + " >/dev/null 2>&1").c_str()) == 0;
}

inline int shell(const std::string& command) {
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

// All runtime files as one: the models share it.
inline void write_runtime(const std::filesystem::path& dir) {
  std::string all;
  for (const RtSource* s = kRtSources; s->name; ++s) {
    const std::string text(s->text, s->size);
    write_file(dir / s->name, text);
    if (std::string(s->name).ends_with(".c")) all += std::string("#include \"") + s->name + "\"\n";
  }
  write_file(dir / "all_rt.c", all);
}

inline std::filesystem::path scratch_folder(const std::string& name) {
  const auto dir = std::filesystem::temp_directory_path() / ("tinyc_mcu_" + name + "_" + std::to_string(getpid()));
  std::filesystem::create_directories(dir);
  return dir;
}

}  // namespace tinyc
