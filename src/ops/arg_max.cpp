// ARG_MAX: where along one axis the largest value stands, the first of equal ones. Int8: the output is int32.
#include "ops/op_support.h"

extern "C" int tinyc_arg_max(const tinyc_layer* l, uint8_t* arena);

namespace tinyc {
namespace {

constexpr Kernel kKernels[] = {{"tinyc_arg_max", tinyc_arg_max, "tinyc_arg_max.c"}};

std::vector<Shape> infer(const OpData& op, std::span<const Tensor* const> in) {
  Shape s = in[0]->shape;
  const std::int32_t axis = get<ArgMax>(op).axis;
  require(axis >= 0 && static_cast<std::size_t>(axis) < s.size(), "the axis is out of range");
  s.erase(s.begin() + axis);
  return {s};
}

void forward(const ForwardArgs& a) {
  const AxisSplit s = split_at(*a.in[0].shape, get<ArgMax>(a.op).axis);
  float* out = a.out[0].data;
  for (std::int64_t o = 0; o < s.outer; ++o)
    for (std::int64_t i = 0; i < s.inner; ++i) {
      const float* x = a.in[0].data + o * s.extent * s.inner + i;
      std::int64_t best = 0;
      for (std::int64_t k = 1; k < s.extent; ++k)
        if (x[k * s.inner] > x[best * s.inner]) best = k;
      *out++ = static_cast<float>(best);
    }
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  require(g.at(n.inputs[0]).dtype == DType::i8, "its input is not int8");
  const AxisSplit s = split_at(g.at(n.inputs[0]).shape, get<ArgMax>(n.op).axis);
  Layer l = out.make(n, kKernels[0]);
  l.record.p[0] = static_cast<std::int32_t>(s.outer);
  l.record.p[1] = static_cast<std::int32_t>(s.extent);
  l.record.p[2] = static_cast<std::int32_t>(s.inner);
  out.add(std::move(l));
}

}  // namespace

constexpr OpTraits traits_arg_max{
    .name = "arg_max",
    .summary = "position of the largest value along an axis (int32)",
    .quant = {.output = QuantRule::Output::index},
    .infer = infer,
    .forward = forward,
    .backward = stop_gradient,
    .macs = no_macs,
    .lower = lower,
    .kernels = kKernels,
};
static_assert(complete(traits_arg_max));

}  // namespace tinyc
