// DEPTH_TO_SPACE: [n,h,w,b*b*c] -> [n,h*b,w*b,c]; channel (i*b + j)*c + k of the input is pixel (i, j) of the block.
#include "ops/copy.h"

namespace tinyc {
namespace {

std::vector<Shape> infer(const OpData& op, std::span<const Tensor* const> in) {
  const std::int64_t b = get<DepthToSpace>(op).block;
  const Shape& s = in[0]->shape;
  require(s.size() == 4, "depth_to_space works on 4 dimensions");
  require(b >= 1 && s[3] % (b * b) == 0, "the block does not divide the channels");
  return {{s[0], checked_dim(s[1] * b), checked_dim(s[2] * b), static_cast<std::int32_t>(s[3] / (b * b))}};
}

CopyPlan plan(const OpData& op, const Shape& in, const Shape& out) {
  const std::int32_t b = get<DepthToSpace>(op).block, c = out[3];
  const Ints from = row_major_steps(in), to = row_major_steps(out);
  return {{{in[0], from[0], to[0]},
           {in[1], from[1], b * to[1]},
           {b, b * c, to[1]},
           {in[2], from[2], b * to[2]},
           {b, c, to[2]},
           {c, 1, 1}},
          0,
          0};
}

void forward(const ForwardArgs& a) {
  copy_elements(plan(a.op, *a.in[0].shape, *a.out[0].shape), a.in[0].data, a.out[0].data);
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  lower_move(g, n, plan(n.op, g.at(n.inputs[0]).shape, g.at(n.outputs[0]).shape), out);
}

}  // namespace

constexpr OpTraits traits_depth_to_space = {
    .name = "depth_to_space",
    .summary = "channels become blocks of pixels",
    .quant = {.output = QuantRule::Output::same_as_input},
    .moves = true,
    .infer = infer,
    .forward = forward,
    .backward = backward_move,
    .macs = no_macs,
    .lower = lower,
    .kernels = kCopyKernels,
};
static_assert(complete(traits_depth_to_space));

}  // namespace tinyc
