#include "ops/overlap.h"

namespace tinyc {
namespace {

struct Reach {
  std::int64_t first, last;
};

/// The first and last tap inside [0, size) of `count` taps from `first` on, `step` apart.
Reach taps_inside(std::int64_t first, std::int64_t count, std::int64_t step, std::int64_t size) {
  std::int64_t last = first + (count - 1) * step;
  if (first < 0) first += (-first + step - 1) / step * step;
  if (last >= size) last -= (last - size + step) / step * step;
  return {first, last};
}

bool holds(const Program& p, ValueId id, std::initializer_list<std::int64_t> shape) {
  std::int64_t bytes = 1;
  for (const auto d : shape) {
    if (d < 1 || d > std::int64_t{kMaxArenaBytes}) return false;
    bytes *= d;
    if (bytes > std::int64_t{kMaxArenaBytes}) return false;
  }
  return bytes == operand_bytes(p, id);
}

/// The first and last picture byte of an output pixel's window; `first` > `last` where it lies in the padding.
Reach window_reach(const tinyc_layer& r, std::int64_t n, std::int64_t oy, std::int64_t ox) {
  // pools leave the dilation out
  const Reach y = taps_inside(oy * r.stride_h - r.pad_t, r.k_h, std::max<std::int64_t>(r.dil_h, 1), r.in_h),
              x = taps_inside(ox * r.stride_w - r.pad_l, r.k_w, std::max<std::int64_t>(r.dil_w, 1), r.in_w);
  if (y.first > y.last || x.first > x.last) return {0, -1};
  const std::int64_t picture = n * r.in_h;
  return {((picture + y.first) * r.in_w + x.first) * r.in_c, ((picture + y.last) * r.in_w + x.last + 1) * r.in_c - 1};
}

}  // namespace

std::int64_t operand_bytes(const Program& p, ValueId id) {
  return id < 0 ? 0 : std::int64_t{p.values.at(static_cast<std::size_t>(id)).bytes};
}

Overlaps broadcast_overlaps(const Program& p, const Layer& l) {
  const bool same = operand_bytes(p, l.in0) == operand_bytes(p, l.out);
  return {{.below = same && l.in0 != l.in1 ? 0 : -1}, {}};
}

Overlaps elementwise_overlaps(const Program& p, const Layer& l) {
  const auto over = [&](ValueId in) {
    return Overlap{.below = operand_bytes(p, in) == operand_bytes(p, l.out) ? 0 : -1};
  };
  return {over(l.in0), over(l.in1)};
}

std::span<const std::int32_t> overlap_table(const Program& p, const Layer& l, std::size_t count) {
  if (l.table < 0) return {};
  const Bytes& bytes = p.blobs.at(static_cast<std::size_t>(l.table)).bytes;
  if (bytes.size() < 4 * count) return {};
  return {reinterpret_cast<const std::int32_t*>(bytes.data()), count};
}

bool is_window(const Program& p, const Layer& l) {
  const tinyc_layer& r = l.record;
  return holds(p, l.in0, {r.n, r.in_h, r.in_w, r.in_c}) && holds(p, l.out, {r.n, r.out_h, r.out_w, r.out_c}) &&
         r.k_h > 0 && r.k_w > 0 && r.stride_h > 0 && r.stride_w > 0;
}

Walk walk_windows(const tinyc_layer& r, WindowOrder order, bool backwards) {
  const std::int64_t rows = std::int64_t{r.n} * r.out_h, pixels = rows * r.out_w, channels = r.out_c;
  // outputs of a pixel that are written before its window is read for the last time, and the first byte read then
  const std::int64_t before = order == WindowOrder::gathered  ? 0
                              : order == WindowOrder::filters ? (channels % 4 ? channels - 1 : channels - 4)
                                                              : channels - 1,  // again, channelwise
      skipped = order == WindowOrder::channelwise ? r.in_c - 1 : 0;
  Walk walk;
  for (std::int64_t i = 0; i < pixels; ++i) {
    const std::int64_t pixel = backwards ? pixels - 1 - i : i, row = pixel / r.out_w, out = pixel * channels;
    const Reach reach = window_reach(r, row / r.out_h, row % r.out_h, pixel % r.out_w);
    if (before > 0) walk.write(out, out + before - 1);
    if (reach.first <= reach.last) walk.read(reach.first + skipped, reach.last);
    walk.write(out, out + channels - 1);
  }
  return walk;
}

Overlaps window_overlaps(const Program& p, const Layer& l, WindowOrder order) {
  if (!is_window(p, l)) return {};
  return {{.below = walk_windows(l.record, order, false).below()}, {}};
}

Overlaps group_overlaps(const Program& p, const Layer& l, std::int64_t group) {
  if (!is_window(p, l)) return {};
  const tinyc_layer& r = l.record;
  const std::int64_t per_picture = std::int64_t{r.out_h} * r.out_w;
  Walk walk;
  for (std::int64_t n = 0; n < r.n; ++n)
    for (std::int64_t first = 0; first < per_picture; first += group) {
      const std::int64_t end = std::min(first + group, per_picture);
      walk.write((n * per_picture + first) * r.out_c, (n * per_picture + end) * r.out_c - 1);
      for (std::int64_t i = first; i < end; ++i)
        if (const Reach reach = window_reach(r, n, i / r.out_w, i % r.out_w); reach.first <= reach.last)
          walk.read(reach.first, reach.last);
    }
  return {{.below = walk.below()}, {}};
}

}  // namespace tinyc
