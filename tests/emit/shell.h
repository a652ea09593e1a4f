// Emitted files in a folder, and compilers that take them.
#pragma once
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <utility>

#include "catch.h"
#include "tinyc/emit.h"

namespace tinyc {

namespace fs = std::filesystem;

/// A folder that goes away with the test.
struct Folder {
  fs::path path;
  Folder() {
    std::string name = (fs::temp_directory_path() / "tinyc_emit.XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
};

inline void write_text(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

inline void write_bytes(const fs::path& file, const Bytes& bytes) { write_text(file, {bytes.begin(), bytes.end()}); }

inline void write_all(const Folder& dir, const Texts& files) {
  for (const auto& [name, text] : files) write_text(dir.path / name, text);
}

/// Runs a command in the folder; whether it succeeded, and its output.
inline std::pair<bool, std::string> shell(const Folder& dir, const std::string& command) {
  FILE* pipe = popen(("cd " + dir.path.string() + " && (" + command + ") 2>&1").c_str(), "r");
  REQUIRE(pipe);
  std::string out;
  std::array<char, 4096> buffer;
  while (const std::size_t n = fread(buffer.data(), 1, buffer.size(), pipe)) out.append(buffer.data(), n);
  return {pclose(pipe) == 0, out};
}

inline bool installed(const std::string& tool) {
  return std::system(("command -v " + tool + " >/dev/null 2>&1").c_str()) == 0;
}

/// The output of a command that must succeed.
inline std::string check_runs(const Folder& dir, const std::string& command) {
  const auto [ok, out] = shell(dir, command);
  INFO(command << "\n" << out);
  CHECK(ok);
  return out;
}

struct Compiler {
  const char *c, *cxx, *flags;
};
inline constexpr Compiler kCompilers[] = {
    {"gcc", "g++", ""},
    {"clang-19", "clang++-19", ""},
    {"arm-none-eabi-gcc", "arm-none-eabi-g++", "-mcpu=cortex-m0 -mthumb"},
    {"arm-none-eabi-gcc", "arm-none-eabi-g++", "-mcpu=cortex-m4 -mthumb"},
    {"riscv64-unknown-elf-gcc", "riscv64-unknown-elf-g++", "-march=rv32imac -mabi=ilp32 --specs=picolibc.specs"},
    {"avr-gcc", "avr-g++", "-mmcu=atmega328p"}};
/// What is new beside the model needs a flat and a split address space.
inline constexpr Compiler kFlatAndSplit[] = {kCompilers[2], kCompilers[5]};
inline constexpr const char* kStrict = " -O2 -Wall -Wextra -Wpedantic -Wconversion -Werror -c -o /dev/null ";

/// tinyc_rt.c and NAME_data.cc by these compilers, as C and as C++, without a warning.
inline void check_compiles(const Folder& dir, const std::string& name, std::span<const Compiler> compilers) {
  for (const Compiler& k : compilers) {
    if (!installed(k.c) || !installed(k.cxx)) {
      WARN(k.c << " is not installed: skipped");
      continue;
    }
    const std::string c = std::string(k.c) + " " + k.flags + kStrict,
                      cxx = std::string(k.cxx) + " " + k.flags + kStrict;
    check_runs(dir, c + "-std=c99 tinyc_rt.c");
    check_runs(dir, c + "-std=c99 -DTINYC_TRACE tinyc_rt.c");
    check_runs(dir, c + "-std=c99 -x c " + name + "_data.cc");
    check_runs(dir, cxx + "-std=c++11 " + name + "_data.cc");
    check_runs(dir, cxx + "-std=c++17 -fno-exceptions -fno-rtti " + name + "_data.cc");
  }
}

}  // namespace tinyc
