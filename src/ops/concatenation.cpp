// CONCATENATION, PACK: inputs side by side along one axis. In int8 every input writes its own slice of the output.
#include "ops/copy.h"

namespace tinyc {
namespace {

std::vector<Shape> infer(const OpData& op, std::span<const Tensor* const> in) {
  const std::int32_t axis = get<Concatenation>(op).axis;
  Shape out = in[0]->shape;
  require(axis >= 0 && static_cast<std::size_t>(axis) < out.size(), "the axis is outside the input's dimensions");
  const auto a = static_cast<std::size_t>(axis);
  std::int64_t sum = 0;
  for (const Tensor* t : in) {
    require(t != nullptr && t->shape.size() == out.size(), "inputs differ in the number of dimensions");
    for (std::size_t i = 0; i < out.size(); ++i)
      require(i == a || t->shape[i] == out[i], "inputs differ outside the axis");
    sum += t->shape[a];
  }
  out[a] = checked_dim(sum);
  return {out};
}

// Where an input goes whose first slice along the axis is the output's slice `at`.
CopyPlan plan(const Shape& in, const Shape& out, std::size_t axis, std::int32_t at) {
  std::int32_t outer = 1, inner = 1;
  for (std::size_t i = 0; i < in.size(); ++i) (i < axis ? outer : inner) *= i == axis ? 1 : in[i];
  return {{{outer, in[axis] * inner, out[axis] * inner}, {in[axis] * inner, 1, 1}}, 0, at * inner};
}

void forward(const ForwardArgs& a) {
  const auto& o = get<Concatenation>(a.op);
  const auto axis = static_cast<std::size_t>(o.axis);
  std::int32_t at = 0;
  for (const FloatIn& in : a.in) {
    copy_elements(plan(*in.shape, *a.out[0].shape, axis, at), in.data, a.out[0].data);
    at += (*in.shape)[axis];
  }
  if (o.act == Act::none) return;
  for (std::int64_t i = 0; i < num_elements(*a.out[0].shape); ++i) a.out[0].data[i] = activate(a.out[0].data[i], o.act);
}

void backward(const BackwardArgs& a) {
  Concatenation plain = get<Concatenation>(a.op);
  std::vector<float> masked;
  const float* g = unclamped_gradient(a, plain.act, masked);
  plain.act = Act::none;
  move_gradient(a, plain, g);
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const auto& o = get<Concatenation>(n.op);
  const auto axis = static_cast<std::size_t>(o.axis);
  const Tensor& result = g.at(n.outputs[0]);
  for (const TensorId in : n.inputs) require_same_quant(g, n, in);
  const ScaleZp q = scale_zp(result);
  const ActRange range = activation_range(o.act, q.scale, q.zero_point);
  require(range.min == -128 && range.max == 127, "a fused activation that clamps has no integer kernel");
  std::int32_t at = 0;
  for (std::size_t i = 0; i < n.inputs.size(); ++i) {
    const Shape& s = g.at(n.inputs[i]).shape;
    if (n.inputs.size() == 1) return lower_move(g, n, copy_all(num_elements(s)), out);
    add_copy(g, n, n.inputs[i], plan(s, result.shape, axis, at), kStridedCopyKernel, i + 1 < n.inputs.size(), out);
    at += s[axis];
  }
}

}  // namespace

constexpr OpTraits traits_concatenation = {
    .name = "concatenation",
    .summary = "inputs side by side along one axis (also PACK, TILE, BROADCAST_TO)",
    .max_inputs = -1,
    .quant = {.output = QuantRule::Output::same_as_input},
    .moves = true,
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kCopyKernels,
};
static_assert(complete(traits_concatenation));

}  // namespace tinyc
