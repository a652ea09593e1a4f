// Writing C for firmware, and the packages that build systems take it in.
#pragma once
#include <map>
#include <span>
#include <string>
#include <vector>

#include "tinyc/program.h"

namespace tinyc {

/// What firmware gets beyond the model (docs/deployment.md).
struct EmitOptions {
  bool blob = false;            ///< the data are in NAME.bin, loaded by NAME_load, and not in NAME_data.cc
  bool trace = false;           ///< tinyc_trace.h too
  std::vector<Bytes> selftest;  ///< inputs of NAME_selftest, as they lie in the arena; empty: no such function
};

/// Files by name, in folders where a package has some.
using Texts = std::map<std::string, std::string>;

/// NAME_data.h, NAME_data.cc, tinyc_rt.h, tinyc_rt.c (only the kernels in use). Deterministic. Throws Error(usage):
/// `p.name` is no C identifier, or both a self-test and data that change are wanted.
Texts emit_c(const Program& p, const EmitOptions& o = {});

/// NAME.bin: all of the program but its code, as src/rt/tinyc_blob.c reads it.
Bytes emit_blob(const Program& p);

/// A library for the Arduino IDE and PlatformIO, with an example sketch. Throws Error(usage) too where the name begins
/// with an underscore.
Texts emit_arduino(const Program& p, const EmitOptions& o = {});
/// A Zephyr module: zephyr/module.yml, CMakeLists.txt, Kconfig.
Texts emit_zephyr(const Program& p, const EmitOptions& o = {});
/// An ESP-IDF component: CMakeLists.txt, Kconfig, idf_component.yml.
Texts emit_esp_idf(const Program& p, const EmitOptions& o = {});

/// NAME_model.h and NAME_model.cc: a .tflite as the aligned array g_NAME_model, for interpreters.
Texts emit_tflm(const std::string& name, std::span<const std::uint8_t> tflite);

/// tinyc_rt.h and the one tinyc_rt.c that several programs share. Throws Error(usage) when two have the same name.
Texts emit_runtime(std::span<const Program> programs);

/// The function of the runtime that runs the program's layers; its file has the same name.
std::string runner(const Program& p);
/// The runtime's files that tinyc_rt.c holds for this program, by name.
Texts runtime_files(const Program& p);

/// True for [A-Za-z_][A-Za-z0-9_]* that is no keyword of C or C++.
bool is_c_identifier(const std::string& name);

}  // namespace tinyc
