#include "ops/copy.h"

#include <limits>

#include "ops/overlap.h"

namespace tinyc {
namespace {

// Drops loops of one round and joins neighbours that walk through memory like one longer loop.
std::vector<CopyDim> joined(const std::vector<CopyDim>& dims) {
  std::vector<CopyDim> r;
  for (const CopyDim& d : dims) {
    if (d.extent == 1) continue;
    const auto follows = [&](std::int32_t outer, std::int32_t inner) {
      return outer == std::int64_t{d.extent} * inner;
    };
    if (!r.empty() && follows(r.back().in_step, d.in_step) && follows(r.back().out_step, d.out_step)) {
      r.back() = {r.back().extent * d.extent, d.in_step, d.out_step};
    } else {
      r.push_back(d);
    }
  }
  return r;
}

// Takes the innermost loop out when it is a plain run of neighbours; returns its length.
std::int32_t take_run(std::vector<CopyDim>& dims) {
  if (dims.empty() || dims.back().in_step != 1 || dims.back().out_step != 1) return 1;
  const auto run = dims.back().extent;
  dims.pop_back();
  return run;
}

}  // namespace

Ints row_major_steps(const Shape& s) {
  Ints steps(s.size(), 1);
  for (std::size_t i = s.size(); i-- > 1;) steps[i - 1] = steps[i] * s[i];
  return steps;
}

CopyPlan copy_all(std::int64_t elements) { return {{{checked_dim(elements), 1, 1}}, 0, 0}; }

void copy_elements(const CopyPlan& plan, const float* in, float* out) {
  auto dims = joined(plan.dims);
  const auto run = take_run(dims);
  const auto walk = [&](const auto& self, std::size_t level, const float* from, float* to) -> void {
    if (level == dims.size()) {
      std::copy_n(from, run, to);
      return;
    }
    const CopyDim& d = dims[level];
    for (std::ptrdiff_t i = 0; i < d.extent; ++i) self(self, level + 1, from + i * d.in_step, to + i * d.out_step);
  };
  walk(walk, 0, in + plan.in_start, out + plan.out_start);
}

void add_copy(const Graph& g, const Node& n, TensorId in, const CopyPlan& plan, const Kernel& kernel, bool part,
              ProgramBuilder& out, std::int32_t fill) {
  auto dims = joined(plan.dims);
  const auto run = take_run(dims);
  if (dims.empty()) dims.push_back({});
  std::vector<std::int32_t> table;
  for (auto d = dims.rbegin(); d != dims.rend(); ++d) table.insert(table.end(), {d->extent, d->in_step, d->out_step});
  const Tensor& source = g.at(in);
  Layer l = out.make(n, kernel);
  l.part = part;
  l.in0 = l.in1 = -1;
  if (source.is_const()) {
    require(source.dtype == DType::i8, "a constant input is not int8");
    l.weights = out.blob(Blob::Kind::weights, Blob::Type::i8, source.name, *source.data);
  } else {
    l.in0 = out.value(in);
  }
  l.table = out.params_i32(n.name, table);
  l.record.p[0] = static_cast<std::int32_t>(dims.size());
  l.record.p[1] = run;
  l.record.p[2] = plan.in_start;
  l.record.p[3] = plan.out_start;
  l.record.p[4] = fill;
  out.add(std::move(l));
}

Overlaps copy_overlaps(const Program& p, const Layer& l) {
  const tinyc_layer& r = l.record;
  if (r.p[0] < 1 || r.p[0] > static_cast<std::int32_t>(kMaxCopyRank) || r.p[1] < 1) return {};
  const auto loops = static_cast<std::size_t>(r.p[0]);
  const auto table = overlap_table(p, l, 3 * loops);
  std::int64_t rounds = table.empty() ? 0 : 1;
  for (std::size_t d = 0; 3 * d < table.size(); ++d) {
    rounds *= std::max(table[3 * d], 0);
    if (rounds < 1 || rounds > operand_bytes(p, l.out)) return {};
  }
  Walk walk;
  for (std::int64_t i = 0; i < rounds; ++i) {
    std::int64_t in = r.p[2], out = r.p[3], rest = i;
    for (std::size_t d = 0; d < loops; rest /= table[3 * d++]) {
      in += rest % table[3 * d] * table[3 * d + 1];
      out += rest % table[3 * d] * table[3 * d + 2];
    }
    // a run is moved by memcpy, whose two ends must not overlap either; single bytes are read before they are written
    if (r.p[1] == 1) walk.read(in, in);
    walk.write(out, out + r.p[1] - 1);
    if (r.p[1] > 1) walk.read(in, in + r.p[1] - 1);
  }
  if (rounds == 0 || walk.below() > operand_bytes(p, l.out)) return {};
  return {{.below = walk.below()}, {}};
}

void lower_move(const Graph& g, const Node& n, const CopyPlan& plan, ProgramBuilder& out) {
  const TensorId in = n.inputs[0];
  require_same_quant(g, n, in);
  auto dims = joined(plan.dims);
  take_run(dims);
  const bool same_addresses = dims.empty() && g.at(in).bytes() == g.at(n.outputs[0]).bytes();
  if (same_addresses && !g.at(in).is_const()) {
    out.alias(in, n.outputs[0]);
  } else {
    add_copy(g, n, in, plan, kStridedCopyKernel, false, out);
  }
}

void require_same_quant(const Graph& g, const Node& n, TensorId in) {
  const ScaleZp a = scale_zp(g.at(in)), b = scale_zp(g.at(n.outputs[0]));
  require(a.scale == b.scale && a.zero_point == b.zero_point, "input and output must share scale and zero point");
}

std::int32_t checked_dim(std::int64_t d) {
  if (d < 1 || d > std::numeric_limits<std::int32_t>::max())
    reject("an output dimension would be " + std::to_string(d));
  return static_cast<std::int32_t>(d);
}

}  // namespace tinyc
