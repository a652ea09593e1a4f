// How far a kernel's output may reach into its input: the kernel's own order of reads and writes is walked, and the
// distance found from which on no write meets what is still to be read (Blacker, Bridges and Hadfield, Diagonal Memory
// Optimisation for Machine Learning on Micro-controllers, 2020).
#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>

#include "tinyc/program.h"

namespace tinyc {

/// Reads and writes in the kernel's order, as byte positions in the operand and in the output. A write at position w
/// destroys what lies at r of the operand when out + w = in + r, so each read that follows it asks for
/// in - out > w - r in a layout with the output in front, and for out - in > r - w in one with the output behind.
class Walk {
 public:
  /// Bytes from `first` to `last` are read, all before the next write.
  void read(std::int64_t first, std::int64_t last) {
    if (!written_) return;
    below_ = std::max(below_, highest_ - first + 1);
    above_ = std::max(above_, last - lowest_ + 1);
  }
  /// Bytes from `first` to `last` are written.
  void write(std::int64_t first, std::int64_t last) {
    lowest_ = std::min(lowest_, first);
    highest_ = std::max(highest_, last);
    written_ = true;
  }
  std::int32_t below() const { return distance(below_); }
  std::int32_t above() const { return distance(std::max<std::int64_t>(above_, 1)); }

 private:
  static std::int32_t distance(std::int64_t v) {
    return static_cast<std::int32_t>(std::min<std::int64_t>(v, std::numeric_limits<std::int32_t>::max()));
  }
  bool written_ = false;
  std::int64_t lowest_ = std::numeric_limits<std::int64_t>::max(), highest_ = -1, below_ = 0, above_ = 0;
};

/// Bytes of an operand's or the output's value; 0 where there is none.
std::int64_t operand_bytes(const Program& p, ValueId id);

/// Kernels that go through equally long operands and output once, from the front: what an element overwrites has been
/// read. In place over either operand.
Overlaps elementwise_overlaps(const Program& p, const Layer& l);
/// tinyc_broadcast: an operand A as large as the output is read that way, while B may be read again.
Overlaps broadcast_overlaps(const Program& p, const Layer& l);

/// The layer's table where it holds `count` numbers, else an empty span.
std::span<const std::int32_t> overlap_table(const Program& p, const Layer& l, std::size_t count);

/// True when the record's pictures are those of in0 and the output, so that a walk over them is bounded.
bool is_window(const Program& p, const Layer& l);

/// How a kernel that goes from output pixel to output pixel treats one of them. Each is also right for kernels that
/// read the windows of several pixels before they write the first of these.
enum class WindowOrder : std::uint8_t {
  gathered,    ///< the window is read, then all channels are written
  again,       ///< the window is read again for every output
  filters,     ///< the window is read again for every four outputs, and then for each of the rest (tinyc_filters)
  channelwise  ///< each output channel is written after its own input channel, or a part of them, was read
};
/// The walk over all pixels, from the first or from the last.
Walk walk_windows(const tinyc_layer& r, WindowOrder order, bool backwards);
/// Layers whose output may lie in front of in0 only.
Overlaps window_overlaps(const Program& p, const Layer& l, WindowOrder order);
/// Kernels that read the windows of `group` pixels again for every output of these, the last one perhaps twice.
Overlaps group_overlaps(const Program& p, const Layer& l, std::int64_t group);

}  // namespace tinyc
