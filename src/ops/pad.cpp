// PAD, PADV2: a border of one constant value around the input, rank 1 to 5.
#include "ops/copy.h"

namespace tinyc {
namespace {

constexpr std::size_t kMaxPadRank = 5;
constexpr Kernel kKernels[] = {{"tinyc_pad", tinyc_pad, "tinyc_copy.c"}};

std::vector<Shape> infer(const OpData& op, std::span<const Tensor* const> in) {
  const auto& o = get<Pad>(op);
  const Shape& s = in[0]->shape;
  require(!s.empty() && s.size() <= kMaxPadRank, "pad works on 1 to 5 dimensions");
  require(o.before.size() == s.size() && o.after.size() == s.size(),
          "one padding before and after each dimension is needed");
  require(std::isfinite(o.value), "the padding value is not finite");
  Shape out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    require(o.before[i] >= 0 && o.after[i] >= 0, "negative padding");
    out.push_back(checked_dim(std::int64_t{s[i]} + o.before[i] + o.after[i]));
  }
  return {out};
}

CopyPlan plan(const Pad& o, const Shape& in, const Shape& out) {
  const Ints from = row_major_steps(in), to = row_major_steps(out);
  CopyPlan p;
  for (std::size_t i = 0; i < in.size(); ++i) {
    p.dims.push_back({in[i], from[i], to[i]});
    p.out_start += o.before[i] * to[i];
  }
  return p;
}

void forward(const ForwardArgs& a) {
  const auto& o = get<Pad>(a.op);
  std::fill_n(a.out[0].data, num_elements(*a.out[0].shape), o.value);
  copy_elements(plan(o, *a.in[0].shape, *a.out[0].shape), a.in[0].data, a.out[0].data);
}

void backward(const BackwardArgs& a) {
  Pad zeros = get<Pad>(a.op);
  zeros.value = 0;
  move_gradient(a, zeros, a.grad_out[0]);
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const auto& o = get<Pad>(n.op);
  const Tensor& result = g.at(n.outputs[0]);
  require_same_quant(g, n, n.inputs[0]);
  const CopyPlan p = plan(o, g.at(n.inputs[0]).shape, result.shape);
  if (g.at(n.inputs[0]).shape == result.shape) {
    lower_move(g, n, p, out);
    return;
  }
  const ScaleZp q = scale_zp(result);
  const float fill = std::round(o.value / q.scale) + static_cast<float>(q.zero_point);
  add_copy(g, n, n.inputs[0], p, kKernels[0], false, out, static_cast<std::int32_t>(std::clamp(fill, -128.0f, 127.0f)));
}

}  // namespace

constexpr OpTraits traits_pad = {
    .name = "pad",
    .summary = "a border of one constant value (also PADV2)",
    .quant = {.output = QuantRule::Output::same_as_input},
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .macs = no_macs,
    .lower = lower,
    .kernels = kKernels,
};
static_assert(complete(traits_pad));

}  // namespace tinyc
