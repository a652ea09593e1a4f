#include "tflite/slices.h"

#include <algorithm>

#include "tinyc/error.h"

namespace tinyc::tfl {
namespace {

void require(bool ok, const char* why) {
  if (!ok) throw Error(ErrorCode::unsupported, why);
}

bool bit(std::int32_t mask, std::size_t i) { return i < 32 && (static_cast<std::uint32_t>(mask) >> i & 1u) != 0; }

struct Masks {
  std::int32_t begin = 0, end = 0, ellipsis = 0, new_axis = 0, shrink = 0;
};

// One dimension: where the slice starts and how many elements it takes.
void slice_dimension(ResolvedSlice& out, std::int64_t extent, std::int64_t begin, std::int64_t end, std::int64_t stride,
                     bool open_begin, bool open_end, bool shrink) {
  if (begin < 0) begin += extent;
  if (end < 0) end += extent;
  if (shrink) {
    if (open_begin) begin = 0;
    require(begin >= 0 && begin < extent, "an index lies outside the input");
    out.begin.push_back(static_cast<std::int32_t>(begin));
    out.size.push_back(1);
    out.stride.push_back(1);
    return;
  }
  const std::int64_t low = stride > 0 ? 0 : -1, high = stride > 0 ? extent : extent - 1;
  begin = open_begin ? (stride > 0 ? low : high) : std::clamp(begin, low, high);
  end = open_end ? (stride > 0 ? high : low) : std::clamp(end, low, high);
  const std::int64_t span = stride > 0 ? end - begin : begin - end, step = stride > 0 ? stride : -stride;
  require(span > 0, "the slice is empty");
  const std::int64_t size = (span + step - 1) / step;
  out.begin.push_back(static_cast<std::int32_t>(begin));
  out.size.push_back(static_cast<std::int32_t>(size));
  out.stride.push_back(static_cast<std::int32_t>(size == 1 ? 1 : stride));  // a single element has no step
  out.shape.push_back(static_cast<std::int32_t>(size));
}

}  // namespace

ResolvedSlice resolve_slice(const Shape& in, const std::vector<std::int64_t>& begin,
                            const std::vector<std::int64_t>& end, const std::vector<std::int64_t>& stride,
                            const fb::StridedSliceOptions* o) {
  const Masks m =
      o ? Masks{o->begin_mask(), o->end_mask(), o->ellipsis_mask(), o->new_axis_mask(), o->shrink_axis_mask()}
        : Masks{};
  const std::size_t n = begin.size();
  require(end.size() == n && stride.size() == n && n <= 32, "begin, end and strides differ in length");
  std::size_t consumed = 0;  // input dimensions that the entries name
  bool has_ellipsis = false;
  for (std::size_t i = 0; i < n; ++i) {
    if (bit(m.ellipsis, i)) {
      require(!has_ellipsis, "more than one ellipsis");
      has_ellipsis = true;
    } else if (!bit(m.new_axis, i)) {
      ++consumed;
    }
  }
  require(consumed <= in.size(), "more slice entries than input dimensions");
  ResolvedSlice out;
  const auto whole = [&](std::size_t count) {
    for (std::size_t k = 0; k < count; ++k) slice_dimension(out, in[out.begin.size()], 0, 0, 1, true, true, false);
  };
  for (std::size_t i = 0; i < n; ++i) {
    if (bit(m.ellipsis, i)) {
      whole(in.size() - consumed);
    } else if (bit(m.new_axis, i)) {
      out.shape.push_back(1);
    } else {
      constexpr std::int64_t limit = std::int64_t{1} << 40;
      require(stride[i] != 0 && stride[i] > INT32_MIN && stride[i] <= INT32_MAX, "a stride is zero or huge");
      const std::int64_t b = std::clamp(begin[i], -limit, limit), e = std::clamp(end[i], -limit, limit);
      slice_dimension(out, in[out.begin.size()], b, o && o->offset() ? b + e : e, stride[i], bit(m.begin, i),
                      bit(m.end, i), bit(m.shrink, i));
    }
  }
  whole(in.size() - out.begin.size());
  return out;
}

std::size_t resolve_axis(std::int64_t axis, std::size_t rank) {
  const auto r = static_cast<std::int64_t>(rank);
  if (axis < -r || axis >= r)
    throw Error(ErrorCode::unsupported,
                "axis " + std::to_string(axis) + " lies outside the input's " + std::to_string(rank) + " dimensions");
  return static_cast<std::size_t>(axis < 0 ? axis + r : axis);
}

std::vector<std::size_t> slice_elements(const Shape& in, const ResolvedSlice& s) {
  std::vector<std::size_t> out{0};
  for (std::size_t d = 0; d < in.size(); ++d) {
    std::vector<std::size_t> next;
    next.reserve(out.size() * static_cast<std::size_t>(s.size[d]));
    for (const auto base : out)
      for (std::int64_t i = 0; i < s.size[d]; ++i)
        next.push_back(base * static_cast<std::size_t>(in[d]) + static_cast<std::size_t>(s.begin[d] + i * s.stride[d]));
    out = std::move(next);
  }
  return out;
}

}  // namespace tinyc::tfl
