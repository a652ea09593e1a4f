// MIRROR_PAD: a border of the input's own values, mirrored at its edges: without the edge itself (reflect), or with it.
#include "ops/copy.h"

extern "C" int tinyc_mirror_pad(const tinyc_layer* l, uint8_t* arena);

namespace tinyc {
namespace {

constexpr Kernel kKernels[] = {{"tinyc_mirror_pad", tinyc_mirror_pad, "tinyc_mirror_pad.c"}};

std::vector<Shape> infer(const OpData& op, std::span<const Tensor* const> in) {
  const auto& o = get<MirrorPad>(op);
  const Shape& s = in[0]->shape;
  require(!s.empty() && s.size() <= kMaxCopyRank, "mirror_pad works on 1 to 6 dimensions");
  require(o.before.size() == s.size() && o.after.size() == s.size(),
          "one padding before and after each dimension is needed");
  Shape out;
  for (std::size_t d = 0; d < s.size(); ++d) {
    const std::int32_t most = o.reflect ? s[d] - 1 : s[d];
    require(o.before[d] >= 0 && o.after[d] >= 0, "negative padding");
    require(o.before[d] <= most && o.after[d] <= most, "the border is wider than what it mirrors");
    out.push_back(checked_dim(std::int64_t{s[d]} + o.before[d] + o.after[d]));
  }
  return {out};
}

/// The element that stands at `at`, counted from the input's first one, along an axis of `extent`.
std::int32_t mirrored(std::int32_t at, std::int32_t extent, bool reflect) {
  if (at < 0) return reflect ? -at : -at - 1;
  if (at >= extent) return 2 * extent - at - (reflect ? 2 : 1);
  return at;
}

void forward(const ForwardArgs& a) {
  const auto& o = get<MirrorPad>(a.op);
  const Shape &in = *a.in[0].shape, &out = *a.out[0].shape;
  const Ints step = row_major_steps(in);
  Ints at(out.size(), 0);
  for (std::int64_t i = 0; i < num_elements(out); ++i) {
    std::int64_t from = 0;
    for (std::size_t d = 0; d < out.size(); ++d)
      from += std::int64_t{step[d]} * mirrored(at[d] - o.before[d], in[d], o.reflect);
    a.out[0].data[i] = a.in[0].data[from];
    for (std::size_t d = out.size(); d-- > 0; at[d] = 0)
      if (++at[d] < out[d]) break;
  }
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const auto& o = get<MirrorPad>(n.op);
  const Shape &in = g.at(n.inputs[0]).shape, &to = g.at(n.outputs[0]).shape;
  require(g.at(n.inputs[0]).dtype == DType::i8 && !g.at(n.inputs[0]).is_const(), "its input is no int8 activation");
  require_same_quant(g, n, n.inputs[0]);
  if (in == to) return lower_move(g, n, copy_all(num_elements(in)), out);
  const Ints step = row_major_steps(in);
  std::vector<std::int32_t> table;
  std::int32_t run = 1;  // dimensions without a border at the end are copied whole
  for (std::size_t d = in.size(); d-- > 0;) {
    if (table.empty() && in[d] == to[d])
      run *= in[d];
    else
      table.insert(table.end(), {to[d], o.before[d], in[d], step[d]});
  }
  Layer l = out.make(n, kKernels[0]);
  l.table = out.params_i32(n.name, table);
  l.record.p[0] = static_cast<std::int32_t>(table.size() / 4);
  l.record.p[1] = run;
  l.record.p[2] = o.reflect ? 1 : 0;
  out.add(std::move(l));
}

}  // namespace

constexpr OpTraits traits_mirror_pad{
    .name = "mirror_pad",
    .summary = "a border that mirrors the input",
    .quant = {.output = QuantRule::Output::same_as_input},
    .moves = true,
    .infer = infer,
    .forward = forward,
    .backward = backward_move,
    .macs = no_macs,
    .lower = lower,
    .kernels = kKernels,
};
static_assert(complete(traits_mirror_pad));

}  // namespace tinyc
