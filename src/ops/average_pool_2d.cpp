// AVERAGE_POOL_2D: mean over the part of each window that lies in the picture. Int8: integer division, half away from
// zero.
#include "ops/pool.h"

extern "C" int tinyc_average_pool_2d(const tinyc_layer* l, uint8_t* arena);
extern "C" int tinyc_average_pool_2d_rows(const tinyc_layer* l, uint8_t* arena);

namespace tinyc {
namespace {

constexpr Kernel kKernels[] = {
    {"tinyc_average_pool_2d", tinyc_average_pool_2d, "tinyc_average_pool_2d.c", pool_overlaps, false, Bands::windows},
    {"tinyc_average_pool_2d_rows", tinyc_average_pool_2d_rows, "tinyc_average_pool_2d_rows.c", nullptr, false,
     Bands::sums}};

void forward(const ForwardArgs& a) {
  const std::int32_t channels = a.in[0].shape->back();
  const Act act = get<AveragePool2D>(a.op).act;
  forward_pool<AveragePool2D>(
      a, [=](float* to) { std::fill_n(to, channels, 0.0f); },
      [=](float* to, const float* x) {
        for (std::int32_t c = 0; c < channels; ++c) to[c] += x[c];
      },
      [=](float* to, std::int32_t pixels) {
        for (std::int32_t c = 0; c < channels; ++c) to[c] = activate(to[c] / static_cast<float>(pixels), act);
      });
}

void backward(const BackwardArgs& a) {
  const std::int32_t channels = a.in[0].shape->back();
  std::vector<float> masked;
  const float* g = unclamped_gradient(a, get<AveragePool2D>(a.op).act, masked);
  if (!a.grad_in[0]) return;
  for_windows<AveragePool2D>(a.op, *a.in[0].shape, *a.out[0].shape, [&](std::ptrdiff_t to, const PoolWindow& w) {
    const float share = 1.0f / static_cast<float>(w.pixels());
    for_pixels(w, [&](std::ptrdiff_t from) {
      for (std::int32_t c = 0; c < channels; ++c) a.grad_in[0][from + c] += g[to + c] * share;
    });
  });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const auto& p = get<AveragePool2D>(n.op);
  Layer l = make_pool(g, n, out, kKernels[0], p.kernel, p.stride, p.pad, p.act);
  const tinyc_layer& r = l.record;
  if (out.rows() > 0 && r.out_h == 1 && r.out_w == 1 && r.k_h == r.in_h && r.k_w == r.in_w && r.n == 1) {
    l.kernel = &kKernels[1];  // whose input need not be whole
    l.scratch_bytes = static_cast<std::uint32_t>(4 * r.in_c);
  }
  out.add(std::move(l));
}

}  // namespace

constexpr OpTraits traits_average_pool_2d{
    .name = "average_pool_2d",
    .summary = "mean over windows",
    .quant = {.output = QuantRule::Output::same_as_input},
    .infer = infer_pool<AveragePool2D>,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kKernels,
};
static_assert(complete(traits_average_pool_2d));

}  // namespace tinyc
