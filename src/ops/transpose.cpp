// TRANSPOSE: output dimension i is input dimension perm[i], up to rank 6.
#include "ops/copy.h"

namespace tinyc {
namespace {

std::vector<Shape> infer(const OpData& op, std::span<const Tensor* const> in) {
  const Ints& perm = get<Transpose>(op).perm;
  const Shape& s = in[0]->shape;
  require(s.size() <= kMaxCopyRank, "transpose works on up to 6 dimensions");
  require(perm.size() == s.size(), "the permutation does not have one entry for each dimension");
  Shape out;
  std::vector<bool> seen(s.size(), false);
  for (const auto p : perm) {
    require(p >= 0 && static_cast<std::size_t>(p) < s.size() && !seen[static_cast<std::size_t>(p)],
            "the permutation is not one");
    seen[static_cast<std::size_t>(p)] = true;
    out.push_back(s[static_cast<std::size_t>(p)]);
  }
  return {out};
}

CopyPlan plan(const OpData& op, const Shape& in, const Shape& out) {
  const Ints& perm = get<Transpose>(op).perm;
  const Ints from = row_major_steps(in), to = row_major_steps(out);
  CopyPlan p;
  for (std::size_t i = 0; i < out.size(); ++i)
    p.dims.push_back({out[i], from[static_cast<std::size_t>(perm[i])], to[i]});
  return p;
}

void forward(const ForwardArgs& a) {
  copy_elements(plan(a.op, *a.in[0].shape, *a.out[0].shape), a.in[0].data, a.out[0].data);
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  lower_move(g, n, plan(n.op, g.at(n.inputs[0]).shape, g.at(n.outputs[0]).shape), out);
}

}  // namespace

constexpr OpTraits traits_transpose = {
    .name = "transpose",
    .summary = "dimensions in another order (also SPACE_TO_BATCH_ND)",
    .quant = {.output = QuantRule::Output::same_as_input},
    .moves = true,
    .infer = infer,
    .forward = forward,
    .backward = backward_move,
    .macs = no_macs,
    .lower = lower,
    .kernels = kCopyKernels,
};
static_assert(complete(traits_transpose));

}  // namespace tinyc
