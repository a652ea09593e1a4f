// SLICE, STRIDED_SLICE, SPLIT, UNPACK: along each dimension `size` elements from `begin`, `stride` apart (may be
// negative).
#include "ops/copy.h"

namespace tinyc {
namespace {

std::vector<Shape> infer(const OpData& op, std::span<const Tensor* const> in) {
  const auto& o = get<StridedSlice>(op);
  const Shape& s = in[0]->shape;
  require(s.size() <= kMaxCopyRank, "a slice works on up to 6 dimensions");
  require(o.begin.size() == s.size() && o.size.size() == s.size() && o.stride.size() == s.size(),
          "a slice needs begin, size and stride for each dimension");
  for (std::size_t i = 0; i < s.size(); ++i) {
    require(o.size[i] >= 1 && o.stride[i] != 0, "an empty slice or a stride of 0");
    const std::int64_t last = o.begin[i] + std::int64_t{o.size[i] - 1} * o.stride[i];
    require(o.begin[i] >= 0 && o.begin[i] < s[i] && last >= 0 && last < s[i], "the slice leaves its input");
  }
  return {o.size};
}

CopyPlan plan(const OpData& op, const Shape& in, const Shape& out) {
  const auto& o = get<StridedSlice>(op);
  const Ints from = row_major_steps(in), to = row_major_steps(out);
  CopyPlan p;
  for (std::size_t i = 0; i < in.size(); ++i) {
    // the stride of a single element says nothing and may be any number
    p.dims.push_back({out[i], out[i] == 1 ? 0 : o.stride[i] * from[i], to[i]});
    p.in_start += o.begin[i] * from[i];
  }
  return p;
}

void forward(const ForwardArgs& a) {
  copy_elements(plan(a.op, *a.in[0].shape, *a.out[0].shape), a.in[0].data, a.out[0].data);
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  lower_move(g, n, plan(n.op, g.at(n.inputs[0]).shape, g.at(n.outputs[0]).shape), out);
}

}  // namespace

constexpr OpTraits traits_strided_slice = {
    .name = "strided_slice",
    .summary = "a box out of the input, with strides (also SLICE, SPLIT, UNPACK)",
    .quant = {.output = QuantRule::Output::same_as_input},
    .moves = true,
    .infer = infer,
    .forward = forward,
    .backward = backward_move,
    .macs = no_macs,
    .lower = lower,
    .kernels = kCopyKernels,
};
static_assert(complete(traits_strided_slice));

}  // namespace tinyc
