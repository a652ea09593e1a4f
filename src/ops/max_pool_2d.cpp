// MAX_POOL_2D: maximum over the part of each window that lies in the picture.
#include <limits>

#include "ops/pool.h"

extern "C" int tinyc_max_pool_2d(const tinyc_layer* l, uint8_t* arena);

namespace tinyc {
namespace {

constexpr Kernel kKernels[] = {
    {"tinyc_max_pool_2d", tinyc_max_pool_2d, "tinyc_max_pool_2d.c", pool_overlaps, false, Bands::windows}};

void forward(const ForwardArgs& a) {
  const std::int32_t channels = a.in[0].shape->back();
  const Act act = get<MaxPool2D>(a.op).act;
  forward_pool<MaxPool2D>(
      a, [=](float* to) { std::fill_n(to, channels, std::numeric_limits<float>::lowest()); },
      [=](float* to, const float* x) {
        for (std::int32_t c = 0; c < channels; ++c) to[c] = std::max(to[c], x[c]);
      },
      [=](float* to, std::int32_t) {
        for (std::int32_t c = 0; c < channels; ++c) to[c] = activate(to[c], act);
      });
}

// The gradient goes to the first of the largest elements.
void backward(const BackwardArgs& a) {
  const std::int32_t channels = a.in[0].shape->back();
  std::vector<float> masked;
  const float* g = unclamped_gradient(a, get<MaxPool2D>(a.op).act, masked);
  if (!a.grad_in[0]) return;
  std::vector<std::ptrdiff_t> best(static_cast<std::size_t>(channels));
  for_windows<MaxPool2D>(a.op, *a.in[0].shape, *a.out[0].shape, [&](std::ptrdiff_t to, const PoolWindow& w) {
    std::fill(best.begin(), best.end(), -1);
    const float* x = a.in[0].data;
    for_pixels(w, [&](std::ptrdiff_t from) {
      for (std::int32_t c = 0; c < channels; ++c) {
        auto& b = best[static_cast<std::size_t>(c)];
        if (b < 0 || x[from + c] > x[b]) b = from + c;
      }
    });
    for (std::int32_t c = 0; c < channels; ++c) a.grad_in[0][best[static_cast<std::size_t>(c)]] += g[to + c];
  });
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const auto& p = get<MaxPool2D>(n.op);
  out.add(make_pool(g, n, out, kKernels[0], p.kernel, p.stride, p.pad, p.act));
}

}  // namespace

constexpr OpTraits traits_max_pool_2d{
    .name = "max_pool_2d",
    .summary = "maximum over windows",
    .quant = {.output = QuantRule::Output::same_as_input},
    .moves = true,
    .infer = infer_pool<MaxPool2D>,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kKernels,
};
static_assert(complete(traits_max_pool_2d));

}  // namespace tinyc
