// What layers cost on a core: an estimate, without a board or an emulator.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include "tinyc/program.h"

namespace tinyc {

/// What the instructions of a kernel grow with.
struct Work {
  double calls = 1;      ///< of the kernel: more than 1 where the layer runs row by row
  double positions = 0;  ///< pixels of the output; rows of kernels that work on rows, runs of copies
  double outputs = 0;    ///< elements
  double products = 0;   ///< multiply-accumulates with weights that are there; taps of pools; else elements read
  double window = 0;     ///< elements of input that products are made of: those of each pixel's window, or row
};
Work work_of(const Program& p, const Layer& l);

/// Instructions of one layer (AVR: clock cycles) on a target, its weights' decoding included: linear in its work, with
/// factors that `tests/calibrate` fitted to counts on the emulated core (docs/benchmarks.md tells how far off whole
/// nets are). Absent for targets and kernels without factors.
std::optional<std::int64_t> layer_instructions(const Program& p, const Layer& l, std::string_view target);

/// Those of them that decoding takes; absent where nothing is decoded.
std::optional<std::int64_t> decoding_instructions(const Program& p, const Layer& l, std::string_view target);

}  // namespace tinyc
