// Layers that run row by row (src/rt/tinyc_run_rows.c): which may, how many rows each tensor between them must keep,
// and how far a group's output may reach into its input. All of it is found by running the schedule without its
// kernels.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "tinyc/program.h"

namespace tinyc {

/// Bytes of the value that a group of so many layers keeps its state in.
std::uint32_t row_state_bytes(std::int32_t layers) noexcept;

/// The group that the layer is in, or nullptr.
const RowGroup* row_group(const Program& p, std::size_t layer) noexcept;

/// True where `count` layers from `first` on can be made a group: every kernel takes bands, and what they write but for
/// the last one's output is read among them only.
bool can_run_by_rows(const Program& p, std::int32_t first, std::int32_t count);

/// Makes them one, before the arena is planned: element-wise layers run in place of an operand, values between the
/// layers shrink to bands.
void run_by_rows(Program& p, std::int32_t first, std::int32_t count, std::int32_t step);

/// How full the bands are while a group runs. A band that is empty makes room for others, and behind the rows that a
/// band holds, scratch may lie.
struct RowUse {
  std::vector<std::vector<std::int64_t>>
      bytes;                                ///< [stage][band's stage]: most that the band holds when the stage runs
  std::vector<std::vector<bool>> together;  ///< [band's stage][band's stage]: both hold something at one time
  std::vector<std::int64_t> most;           ///< [stage]: of all bands together
};
RowUse row_use(const Program& p, const RowGroup& g);

/// Bytes that keep the first value from lying over the second and the second one from lying over the first, when both
/// live as long as the group; or the scratch of a layer and a value. 0: they are free.
std::int64_t bytes_apart(const Program& p, const RowGroup& g, const RowUse& use, ValueId a, ValueId b);
std::int64_t bytes_before_scratch(const Program& p, const RowGroup& g, const RowUse& use, ValueId v, std::size_t layer);

/// Operands from outside that the group reads, with the distances from which on its output may lie over them.
std::vector<std::pair<ValueId, Overlap>> row_overlaps(const Program& p, const RowGroup& g);

/// Steps of the whole group: kernel calls.
std::int64_t row_steps(const Program& p, const RowGroup& g);

}  // namespace tinyc
