// RESIZE_BILINEAR on [n,h,w,c]: each output pixel mixes the four input pixels around its position.
#include "ops/copy.h"

extern "C" int tinyc_resize_bilinear(const tinyc_layer* l, std::uint8_t* arena);

namespace tinyc {
namespace {

constexpr Kernel kKernels[] = {{"tinyc_resize_bilinear", tinyc_resize_bilinear, "tinyc_resize_bilinear.c"}};

std::vector<Shape> infer(const OpData& op, std::span<const Tensor* const> in) {
  const auto& o = get<ResizeBilinear>(op);
  const Shape& s = in[0]->shape;
  require(s.size() == 4, "resize works on 4 dimensions");
  require(!(o.align_corners && o.half_pixel_centers), "align_corners and half_pixel_centers exclude each other");
  return {{s[0], checked_dim(o.size.h), checked_dim(o.size.w), s[3]}};
}

// The two neighbours of an output position along one axis and how far it lies from the lower one.
struct Spot {
  std::int32_t low, high;
  float far;
};

std::vector<Spot> spots(std::int32_t in, std::int32_t out, bool align, bool half) {
  const bool corners = align && out > 1;
  const float scale = static_cast<float>(corners ? in - 1 : in) / static_cast<float>(corners ? out - 1 : out);
  std::vector<Spot> r;
  for (std::int32_t i = 0; i < out; ++i) {
    const float at = half ? (static_cast<float>(i) + 0.5f) * scale - 0.5f : static_cast<float>(i) * scale;
    // float rounding may put the last position past the end
    const auto low = std::clamp(static_cast<std::int32_t>(std::floor(at)), 0, in - 1);
    const auto high = std::clamp(static_cast<std::int32_t>(std::ceil(at)), 0, in - 1);
    r.push_back({low, high, at - static_cast<float>(low)});
  }
  return r;
}

void forward(const ForwardArgs& a) {
  const auto& o = get<ResizeBilinear>(a.op);
  const Shape& s = *a.in[0].shape;
  const auto rows = spots(s[1], o.size.h, o.align_corners, o.half_pixel_centers);
  const auto columns = spots(s[2], o.size.w, o.align_corners, o.half_pixel_centers);
  const std::ptrdiff_t c = s[3], row = c * s[2];
  float* to = a.out[0].data;
  for (std::ptrdiff_t n = 0; n < s[0]; ++n) {
    const float* picture = a.in[0].data + n * s[1] * row;
    for (const Spot& y : rows)
      for (const Spot& x : columns) {
        const float *ll = picture + y.low * row + x.low * c, *hl = picture + y.high * row + x.low * c;
        const float *lh = picture + y.low * row + x.high * c, *hh = picture + y.high * row + x.high * c;
        for (std::ptrdiff_t k = 0; k < c; ++k)
          *to++ = ll[k] * (1 - y.far) * (1 - x.far) + hl[k] * y.far * (1 - x.far) + lh[k] * (1 - y.far) * x.far +
                  hh[k] * y.far * x.far;
      }
  }
}

void backward(const BackwardArgs& a) {
  if (!a.grad_in[0]) return;
  const auto& o = get<ResizeBilinear>(a.op);
  const Shape& s = *a.in[0].shape;
  const auto rows = spots(s[1], o.size.h, o.align_corners, o.half_pixel_centers);
  const auto columns = spots(s[2], o.size.w, o.align_corners, o.half_pixel_centers);
  const std::ptrdiff_t c = s[3], row = c * s[2];
  const float* g = a.grad_out[0];
  for (std::ptrdiff_t n = 0; n < s[0]; ++n) {
    float* picture = a.grad_in[0] + n * s[1] * row;
    for (const Spot& y : rows)
      for (const Spot& x : columns)
        for (std::ptrdiff_t k = 0; k < c; ++k, ++g) {
          picture[y.low * row + x.low * c + k] += *g * (1 - y.far) * (1 - x.far);
          picture[y.high * row + x.low * c + k] += *g * y.far * (1 - x.far);
          picture[y.low * row + x.high * c + k] += *g * (1 - y.far) * x.far;
          picture[y.high * row + x.high * c + k] += *g * y.far * x.far;
        }
  }
}

// Input pixels per output pixel with 10 fraction bits, rounded to nearest.
std::int32_t step(std::int32_t in, std::int32_t out, bool align) {
  if (align && out > 1) {
    --in;
    --out;
  }
  return (1024 * in + out / 2) / out;
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const auto& o = get<ResizeBilinear>(n.op);
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
  const std::int32_t steps[] = {step(s[1], o.size.h, o.align_corners), step(s[2], o.size.w, o.align_corners)};
  for (int i = 0; i < 2; ++i) {
    l.record.p[i] = steps[i];
    l.record.p[2 + i] = o.half_pixel_centers ? steps[i] / 2 - 512 : 0;
  }
  out.add(std::move(l));
}

}  // namespace

constexpr OpTraits traits_resize_bilinear = {
    .name = "resize_bilinear",
    .summary = "picture to another size, linear between pixels",
    .quant = {.output = QuantRule::Output::same_as_input},
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kKernels,
};
static_assert(complete(traits_resize_bilinear));

}  // namespace tinyc
