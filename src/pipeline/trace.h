// What a device printed with tinyc_trace.h, beside what the host computes.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tinyc/program.h"

namespace tinyc {

/// One line of the dump: an input's or a layer's bytes.
struct TraceLine {
  int layer = -1;  ///< -1: an input
  std::uint32_t bytes = 0, hash = 0, address = 0;
  Bytes data;  ///< where they were dumped
};

/// The first inference of a dump; text that is not tinyc_trace.h's is passed over. Throws Error(data): there is none,
/// or a line is damaged (naming its number).
std::vector<TraceLine> parse_trace(const std::string& text, const std::string& what);

/// FNV-1a, 32 bits.
std::uint32_t trace_hash(std::span<const std::uint8_t> bytes) noexcept;

struct TraceReport {
  enum class State : std::uint8_t { same, differs, missing, part };  ///< part: the layer's output is complete later
  struct Row {
    State state = State::part;
    std::uint32_t bytes = 0, host = 0, device = 0;  ///< hashes
    std::string how;                                ///< values that differ, where they were dumped
  };
  std::vector<Row> layers;
  std::string input;                ///< what was run on the host, and whether the device had the same
  int first_bad = -1;               ///< layer that differs or is missing first; -1: none
  std::vector<std::string> causes;  ///< likely ones first; not empty without a bad layer where something else is wrong
};

/// Runs the program on `inputs` (as they lie in the arena) or, where the dump holds them, on the device's own. Throws
/// Error(data) when there are neither.
TraceReport compare_trace(const Program& p, const std::vector<TraceLine>& dump, const std::vector<Bytes>& inputs);

std::string to_text(const Program& p, const TraceReport& r);
std::string to_json(const Program& p, const TraceReport& r);

}  // namespace tinyc
