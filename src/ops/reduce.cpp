#include "ops/reduce.h"

#include <bit>

namespace tinyc {
namespace {

std::vector<bool> reduced_axes(const Shape& in, const Ints& axes) {
  const auto rank = static_cast<std::int32_t>(in.size());
  require(rank <= 6, "more than 6 dimensions");
  std::vector<bool> reduced(in.size(), false);
  for (const std::int32_t axis : axes) {
    require(axis >= -rank && axis < rank, "an axis is out of range");
    reduced[static_cast<std::size_t>(axis < 0 ? axis + rank : axis)] = true;
  }
  return reduced;
}

Layer make_reduction(const Graph& g, const Node& n, ProgramBuilder& out, const Kernel& k, const Reduction& plan) {
  Layer l = out.make(n, k);
  std::vector<std::int32_t> table;
  for (const auto& dims : {plan.kept, plan.reduced})
    for (const auto& d : dims) table.insert(table.end(), {d.count, d.stride});
  l.table = out.params_i32(n.name, table);
  l.record.in0_zp = static_cast<std::int16_t>(scale_zp(g.at(n.inputs[0])).zero_point);
  l.record.out_zp = static_cast<std::int16_t>(scale_zp(g.at(n.outputs[0])).zero_point);
  return l;
}

}  // namespace

Shape reduced_shape(const Shape& in, const Ints& axes, bool keep_dims) {
  const auto reduced = reduced_axes(in, axes);
  Shape out;
  for (std::size_t d = 0; d < in.size(); ++d)
    if (!reduced[d] || keep_dims) out.push_back(reduced[d] ? 1 : in[d]);
  return out;
}

Reduction plan_reduction(const Shape& in, const Ints& axes) {
  const auto reduced = reduced_axes(in, axes);
  Reduction plan;
  std::size_t kept_at = 3, reduced_at = 3;
  int last = -1;  // kind of the dimension before: 0 kept, 1 reduced
  std::int32_t stride = 1;
  for (std::size_t d = in.size(); d-- > 0;) {
    if (in[d] == 1) continue;
    const bool kind = reduced[d];
    auto& dims = kind ? plan.reduced : plan.kept;
    auto& at = kind ? reduced_at : kept_at;
    if (last == kind)
      dims[at].count *= in[d];
    else
      dims[--at] = {in[d], stride};
    last = kind;
    stride *= in[d];
  }
  return plan;
}

Overlaps reduction_overlaps(const Program& p, const Layer& l) {
  const auto dims = overlap_table(p, l, 12);  // count and stride of three kept loops, then of three reduced ones
  std::int64_t outputs = 1, last_term = 0;
  for (std::size_t i = 0; i < dims.size(); i += 2) {
    if (dims[i] < 1 || dims[i + 1] < 0) return {};
    if (i < 6) outputs *= dims[i];
    if (outputs > operand_bytes(p, l.out)) return {};
    if (i >= 6) last_term += (std::int64_t{dims[i]} - 1) * dims[i + 1];
  }
  if (dims.empty() || outputs != operand_bytes(p, l.out)) return {};
  Walk walk;
  for (std::int64_t o = 0; o < outputs; ++o) {
    const std::int64_t from = o / dims[4] / dims[2] * dims[1] + o / dims[4] % dims[2] * dims[3] + o % dims[4] * dims[5];
    walk.read(from, from + last_term);
    walk.write(o, o);
  }
  return {{.below = walk.below()}, {}};
}

void lower_sum(const Graph& g, const Node& n, ProgramBuilder& out, const Ints& axes, bool mean) {
  const Reduction plan = plan_reduction(g.at(n.inputs[0]).shape, axes);
  Layer l = make_reduction(g, n, out, kSumKernels[0], plan);
  const double in = static_cast<double>(scale_zp(g.at(n.inputs[0])).scale),
               to = static_cast<double>(scale_zp(g.at(n.outputs[0])).scale);
  Multiplier m = quantize_multiplier(in / to);
  const std::int32_t terms = plan.terms();
  require(terms < 1 << 23, "more than 2^23 elements in one sum");
  if (mean) {
    const int shift = std::min(static_cast<int>(std::bit_width(static_cast<std::uint32_t>(terms))) - 1, 31 + m.shift);
    m.mantissa = static_cast<std::int32_t>((std::int64_t{m.mantissa} << shift) / terms);
    m.shift -= shift;
  }
  l.record.p[0] = m.mantissa;
  l.record.p[1] = m.shift;
  l.record.p[2] = terms * l.record.in0_zp;
  const Shape& x = g.at(n.inputs[0]).shape;
  const auto over = reduced_axes(x, axes);
  if (out.rows() > 0 && x.size() == 4 && x[0] == 1 && x[1] > 1 && over[1] && over[2] && !over[3] && x[1] <= 32767 &&
      x[2] <= 32767) {
    l.kernel = &kSumKernels[1];  // whose input need not be whole
    l.table = -1;
    l.record.n = l.record.out_h = l.record.out_w = 1;
    l.record.in_h = l.record.k_h = static_cast<std::int16_t>(x[1]);
    l.record.in_w = l.record.k_w = static_cast<std::int16_t>(x[2]);
    l.record.in_c = x[3];
    l.scratch_bytes = static_cast<std::uint32_t>(4 * x[3]);
  }
  out.add(std::move(l));
}

void lower_extremum(const Graph& g, const Node& n, ProgramBuilder& out, const Ints& axes, bool minimum) {
  const ScaleZp in = scale_zp(g.at(n.inputs[0])), to = scale_zp(g.at(n.outputs[0]));
  require(in.scale == to.scale && in.zero_point == to.zero_point, "input and output differ in quantization");
  Layer l = make_reduction(g, n, out, kExtremumKernels[0], plan_reduction(g.at(n.inputs[0]).shape, axes));
  l.record.p[0] = minimum ? -1 : 0;
  out.add(std::move(l));
}

}  // namespace tinyc
