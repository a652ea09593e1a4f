// RESHAPE, SQUEEZE, EXPAND_DIMS: another shape of the same elements; costs nothing at run time.
#include "ops/copy.h"

namespace tinyc {
namespace {

// One dimension may be -1: what the others leave.
std::vector<Shape> infer(const OpData& op, std::span<const Tensor* const> in) {
  Shape shape = get<Reshape>(op).shape;
  const std::int64_t total = num_elements(in[0]->shape);
  std::int64_t known = 1;
  std::int32_t* open = nullptr;
  for (auto& d : shape) {
    if (d == -1 && !open) {
      open = &d;
      continue;
    }
    require(d >= 1 && (known *= d) <= total, "the new shape does not hold the input's elements");
  }
  if (open) *open = static_cast<std::int32_t>(total / known);
  require(known * (open ? *open : 1) == total, "the new shape does not hold the input's elements");
  return {shape};
}

void forward(const ForwardArgs& a) { std::copy_n(a.in[0].data, num_elements(*a.in[0].shape), a.out[0].data); }

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  lower_move(g, n, copy_all(num_elements(g.at(n.inputs[0]).shape)), out);
}

}  // namespace

constexpr OpTraits traits_reshape = {
    .name = "reshape",
    .summary = "another shape of the same elements (also SQUEEZE, EXPAND_DIMS)",
    .quant = {.output = QuantRule::Output::same_as_input},
    .moves = true,
    .infer = infer,
    .forward = forward,
    .backward = backward_move,
    .macs = no_macs,
    .lower = lower,
    .kernels = kCopyKernels,
};
static_assert(complete(traits_reshape));

}  // namespace tinyc
