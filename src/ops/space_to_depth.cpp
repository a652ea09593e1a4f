// SPACE_TO_DEPTH: [n,h,w,c] -> [n,h/b,w/b,b*b*c]; channel (i*b + j)*c + k of the output is pixel (i, j) of the block.
#include "ops/copy.h"

namespace tinyc {
namespace {

std::vector<Shape> infer(const OpData& op, std::span<const Tensor* const> in) {
  const std::int32_t b = get<SpaceToDepth>(op).block;
  const Shape& s = in[0]->shape;
  require(s.size() == 4, "space_to_depth works on 4 dimensions");
  require(b >= 1 && s[1] % b == 0 && s[2] % b == 0, "the block does not divide height and width");
  return {{s[0], s[1] / b, s[2] / b, checked_dim(std::int64_t{s[3]} * b * b)}};
}

CopyPlan plan(const OpData& op, const Shape& in, const Shape& out) {
  const std::int32_t b = get<SpaceToDepth>(op).block, c = in[3];
  const Ints from = row_major_steps(in), to = row_major_steps(out);
  return {{{out[0], from[0], to[0]},
           {out[1], b * from[1], to[1]},
           {out[2], b * from[2], to[2]},
           {b, from[1], b * c},
           {b, from[2], c},
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

constexpr OpTraits traits_space_to_depth = {
    .name = "space_to_depth",
    .summary = "blocks of pixels become channels",
    .quant = {.output = QuantRule::Output::same_as_input},
    .moves = true,
    .infer = infer,
    .forward = forward,
    .backward = backward_move,
    .macs = no_macs,
    .lower = lower,
    .kernels = kCopyKernels,
};
static_assert(complete(traits_space_to_depth));

}  // namespace tinyc
