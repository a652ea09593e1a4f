// The targets of --target: names, and how their compiler is called.
#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "tinyc/program.h"

namespace tinyc {

struct Target {
  const char* name;
  const char* summary;
  const char* compiler;  ///< empty for "any"
  const char* flags;
  Family family = Family::portable;
  double mac_instructions = 3;  ///< of a multiply-accumulate, about (docs/benchmarks.md has whole nets)
};

std::span<const Target> all_targets() noexcept;
/// nullptr when unknown.
const Target* find_target(const std::string& name) noexcept;

/// Bytes of machine code (.text) that the kernels `symbols` of an emitted tinyc_rt.c need when the target's compiler
/// builds it with -O2 and the linker drops the rest; absent when that compiler is not installed or the target is "any".
std::optional<std::uint64_t> measure_code_bytes(const Target& t, const std::string& runtime_header,
                                                const std::string& runtime_source,
                                                const std::set<std::string>& symbols);

}  // namespace tinyc
