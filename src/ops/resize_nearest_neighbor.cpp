// RESIZE_NEAREST_NEIGHBOR on [n,h,w,c]: each output pixel is a copy of one input pixel.
#include "ops/copy.h"

extern "C" int tinyc_resize_nearest_neighbor(const tinyc_layer* l, std::uint8_t* arena);

namespace tinyc {
namespace {

constexpr Kernel kKernels[] = {
    {"tinyc_resize_nearest_neighbor", tinyc_resize_nearest_neighbor, "tinyc_resize_nearest_neighbor.c"}};

std::vector<Shape> infer(const OpData& op, std::span<const Tensor* const> in) {
  const auto& o = get<ResizeNearestNeighbor>(op);
  const Shape& s = in[0]->shape;
  require(s.size() == 4, "resize works on 4 dimensions");
  return {{s[0], checked_dim(o.size.h), checked_dim(o.size.w), s[3]}};
}

// The input index of each output index along one axis, in single precision as TFLite computes it.
Ints sources(std::int32_t in, std::int32_t out, bool align, bool half) {
  const bool corners = align && out > 1;
  const float scale = static_cast<float>(corners ? in - 1 : in) / static_cast<float>(corners ? out - 1 : out);
  Ints r;
  for (std::int32_t i = 0; i < out; ++i) {
    const float at = (static_cast<float>(i) + (half ? 0.5f : 0.0f)) * scale;
    r.push_back(std::clamp(static_cast<std::int32_t>(align ? std::round(at) : std::floor(at)), 0, in - 1));
  }
  return r;
}

// The same along one axis in integers: min((i * step + start) / unit, in - 1).
struct Line {
  std::int32_t step, start, unit;
};

Line line(std::int32_t in, std::int32_t out, bool align, bool half) {
  const bool corners = align && out > 1;
  const std::int32_t num = corners ? in - 1 : in, den = corners ? out - 1 : out;
  return {2 * num, (half ? num : 0) + (align ? den : 0), 2 * den};
}

bool equal(const Line& l, const Ints& indexes, std::int32_t in) {
  for (std::size_t i = 0; i < indexes.size(); ++i) {
    const std::int64_t v = (static_cast<std::int64_t>(i) * l.step + l.start) / l.unit;
    if (std::min<std::int64_t>(v, in - 1) != indexes[i]) return false;
  }
  return true;
}

void forward(const ForwardArgs& a) {
  const auto& o = get<ResizeNearestNeighbor>(a.op);
  const Shape& s = *a.in[0].shape;
  const Ints rows = sources(s[1], o.size.h, o.align_corners, o.half_pixel_centers);
  const Ints columns = sources(s[2], o.size.w, o.align_corners, o.half_pixel_centers);
  const std::ptrdiff_t c = s[3], row = c * s[2];
  float* to = a.out[0].data;
  for (std::ptrdiff_t n = 0; n < s[0]; ++n)
    for (const auto y : rows)
      for (const auto x : columns) to = std::copy_n(a.in[0].data + (n * s[1] + y) * row + x * c, c, to);
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const auto& o = get<ResizeNearestNeighbor>(n.op);
  const Shape& s = g.at(n.inputs[0]).shape;
  require(!g.at(n.inputs[0]).is_const(), "a constant is resized at compile time, not on the target");
  require(std::max({s[1], s[2], o.size.h, o.size.w}) <= 32767, "pictures of more than 32767 rows or columns");
  require_same_quant(g, n, n.inputs[0]);
  Layer l = out.make(n, kKernels[0]);
  l.record.n = s[0];
  l.record.in_h = static_cast<std::int16_t>(s[1]);
  l.record.in_w = static_cast<std::int16_t>(s[2]);
  l.record.in_c = l.record.out_c = s[3];
  l.record.out_h = static_cast<std::int16_t>(o.size.h);
  l.record.out_w = static_cast<std::int16_t>(o.size.w);
  Ints rows = sources(s[1], o.size.h, o.align_corners, o.half_pixel_centers);
  const Ints columns = sources(s[2], o.size.w, o.align_corners, o.half_pixel_centers);
  const Line y = line(s[1], o.size.h, o.align_corners, o.half_pixel_centers);
  const Line x = line(s[2], o.size.w, o.align_corners, o.half_pixel_centers);
  if (equal(y, rows, s[1]) && equal(x, columns, s[2])) {
    const std::int32_t p[6] = {y.step, y.start, y.unit, x.step, x.start, x.unit};
    std::copy(std::begin(p), std::end(p), l.record.p);
  } else {
    // single precision rounds across a pixel border here: only a table says which way
    rows.insert(rows.end(), columns.begin(), columns.end());
    l.table = out.params_i32(n.name, rows);
  }
  out.add(std::move(l));
}

}  // namespace

constexpr OpTraits traits_resize_nearest_neighbor = {
    .name = "resize_nearest_neighbor",
    .summary = "picture to another size, nearest pixel",
    .quant = {.output = QuantRule::Output::same_as_input},
    .moves = true,
    .infer = infer,
    .forward = forward,
    .backward = backward_move,
    .macs = no_macs,
    .lower = lower,
    .kernels = kKernels,
};
static_assert(complete(traits_resize_nearest_neighbor));

}  // namespace tinyc
