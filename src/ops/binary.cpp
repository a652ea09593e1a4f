#include "ops/binary.h"

#include "ops/affine_fit.h"

namespace tinyc {
namespace {

constexpr std::size_t kMaxRank = 6;

// Length of dimension d counted in the broadcast shape's rank; missing leading dimensions are 1.
std::int32_t aligned(const Shape& s, std::size_t d, std::size_t rank) {
  return d + s.size() < rank ? 1 : s[d + s.size() - rank];
}

}  // namespace

Shape broadcast_shape(const Shape& a, const Shape& b) {
  const std::size_t rank = std::max(a.size(), b.size());
  require(rank <= kMaxRank, "more than 6 dimensions");
  Shape out(rank);
  for (std::size_t d = 0; d < rank; ++d) {
    const std::int32_t x = aligned(a, d, rank), y = aligned(b, d, rank);
    if (x != y && x != 1 && y != 1) reject("shapes " + to_string(a) + " and " + to_string(b) + " do not broadcast");
    out[d] = std::max(x, y);
  }
  return out;
}

std::vector<Shape> infer_binary(const OpData&, std::span<const Tensor* const> in) {
  return {broadcast_shape(in[0]->shape, in[1]->shape)};
}

Broadcast plan_broadcast(const Shape& a, const Shape& b) {
  const std::size_t rank = std::max(a.size(), b.size());
  std::vector<Broadcast::Dim> dims;  // innermost first
  std::int32_t stride_a = 1, stride_b = 1;
  for (std::size_t d = rank; d-- > 0;) {
    const std::int32_t x = aligned(a, d, rank), y = aligned(b, d, rank), count = std::max(x, y);
    if (count == 1) continue;
    const Broadcast::Dim dim{count, x == 1 ? 0 : stride_a, y == 1 ? 0 : stride_b};
    stride_a *= x;
    stride_b *= y;
    if (!dims.empty() && dim.a == dims.back().count * dims.back().a && dim.b == dims.back().count * dims.back().b)
      dims.back().count *= count;
    else
      dims.push_back(dim);
  }
  Broadcast plan;
  if (!dims.empty()) {
    plan.inner = dims.front();
    plan.outer.assign(dims.begin() + 1, dims.end());
  }
  return plan;
}

BinaryLayer make_binary(const Graph& g, const Node& n, ProgramBuilder& out, const Kernel& same,
                        const Kernel& broadcast) {
  const Tensor *a = &g.at(n.inputs[0]), *b = &g.at(n.inputs[1]);
  BinaryLayer r;
  require(!a->is_const() || !b->is_const(), "both operands are constants");
  r.swapped = a->is_const() || (!b->is_const() && num_elements(a->shape) < num_elements(b->shape));
  if (r.swapped) std::swap(a, b);
  require(!b->is_const() || b->dtype == DType::i8, "the constant operand is not int8");
  const Broadcast plan = plan_broadcast(a->shape, b->shape);
  const bool straight = plan.same() && !b->is_const();
  Layer& l = r.layer = out.make(n, straight ? same : broadcast);
  if (r.swapped) std::swap(l.in0, l.in1);
  // read in place and more than once: never entropy-coded
  if (b->is_const()) l.weights = out.blob(Blob::Kind::weights, Blob::Type::i8, b->name, *b->data);
  r.a = scale_zp(*a);
  r.b = scale_zp(*b);
  r.out = scale_zp(g.at(n.outputs[0]));
  l.record.in0_zp = static_cast<std::int16_t>(r.a.zero_point);
  l.record.in1_zp = static_cast<std::int16_t>(r.b.zero_point);
  l.record.out_zp = static_cast<std::int16_t>(r.out.zero_point);
  l.record.act_min = -128;
  l.record.act_max = 127;
  l.record.in_c = plan.inner.count;
  l.record.stride_h = static_cast<std::int16_t>(plan.inner.a);
  l.record.stride_w = static_cast<std::int16_t>(plan.inner.b);
  l.record.n = static_cast<std::int32_t>(plan.outer.size());
  std::vector<std::int32_t> table;
  for (const auto& dim : plan.outer) table.insert(table.end(), {dim.count, dim.a, dim.b});
  if (!table.empty()) l.table = out.params_i32(n.name, table);
  return r;
}

std::vector<std::int8_t> every_pair(const tinyc_layer& record, tinyc_kernel exact) {
  constexpr std::uint32_t kPairs = 65536;
  std::vector<std::uint8_t> arena(std::size_t{3} * kPairs);
  for (std::uint32_t i = 0; i < kPairs; ++i) {
    arena[i] = static_cast<std::uint8_t>((i >> 8) ^ 0x80);
    arena[kPairs + i] = static_cast<std::uint8_t>((i & 255) ^ 0x80);
  }
  tinyc_layer l = record;
  l.in0 = 0;
  l.in1 = kPairs;
  l.out = 2 * kPairs;
  l.p[0] = kPairs;
  exact(&l, arena.data());
  return {arena.begin() + std::ptrdiff_t{2} * kPairs, arena.end()};
}

void use_affine(Layer& l, const Kernel* exact, const Kernel* affine) {
  l.kernel = l.kernel == &exact[0] ? &affine[0] : &affine[1];
}

std::pair<float, float> order_by_scale(BinaryLayer& l) {
  const bool wide_is_b = l.b.scale > l.a.scale;
  l.layer.record.k_h = wide_is_b;
  return wide_is_b ? std::pair(l.b.scale, l.a.scale) : std::pair(l.a.scale, l.b.scale);
}

void lower_add(const Graph& g, const Node& n, ProgramBuilder& out, Act act, bool subtract,
               AddMultipliers (*multipliers)(float larger, float smaller, float output)) {
  BinaryLayer l = make_binary(g, n, out, kAddKernels[0], kAddKernels[1]);
  const auto [larger, smaller] = order_by_scale(l);
  const AddMultipliers real = multipliers(larger, smaller, l.out.scale);
  const Multiplier narrow = quantize_multiplier(real.narrow), sum = quantize_multiplier(real.output);
  require(sum.shift <= -1 && sum.mantissa > 0, "the output scale does not fit the operands' scales");
  const bool wide_is_b = l.layer.record.k_h != 0;
  // the node's second input is operand A where the operands were swapped
  const auto sign = [&](bool is_b) { return subtract && is_b != l.swapped ? -1 : 1; };
  tinyc_layer& r = l.layer.record;
  r.p[0] = r.in_c;
  r.p[1] = sign(wide_is_b) * (1 << kAddBits);
  // equal scales: the product is exact, so a further bit and a right shift by it change nothing
  const int extra = narrow.shift == 0 && narrow.mantissa != 0 ? 1 : 0;
  r.p[2] = sign(!wide_is_b) * (1 << (kAddBits + 1 + extra));
  r.p[3] = narrow.mantissa;
  r.dil_h = static_cast<std::int16_t>(narrow.mantissa == 0 ? 1 : extra - narrow.shift);
  r.p[4] = sum.mantissa;
  r.dil_w = static_cast<std::int16_t>(-sum.shift);
  const ActRange range = activation_range(act, l.out.scale, l.out.zero_point);
  r.act_min = range.min;
  r.act_max = range.max;
  const std::vector<std::int8_t> outputs = every_pair(r, tinyc_add);
  const double ratio_a = sign(false) * (static_cast<double>(l.a.scale) / static_cast<double>(l.out.scale));
  const double ratio_b = sign(true) * (static_cast<double>(l.b.scale) / static_cast<double>(l.out.scale));
  const double offset = l.out.zero_point - ratio_a * l.a.zero_point - ratio_b * l.b.zero_point;
  const PairOutputs pairs{std::span<const std::int8_t, 65536>(outputs), r.act_min, r.act_max};
  if (const auto fit = fit_sum(ratio_a, ratio_b, offset, pairs)) {
    use_affine(l.layer, kAddKernels, kAddKernels + 2);
    const std::int32_t numbers[] = {r.p[0], fit->factor_a, fit->factor_b, fit->constant, fit->shift};
    std::copy(std::begin(numbers), std::end(numbers), r.p);
    r.in0_zp = r.in1_zp = r.out_zp = r.k_h = r.dil_h = r.dil_w = 0;
  }
  out.add(std::move(l.layer));
}

void lower_maximum(const Graph& g, const Node& n, ProgramBuilder& out, bool minimum) {
  BinaryLayer l = make_binary(g, n, out, kMaximumKernels[0], kMaximumKernels[1]);
  for (const ScaleZp& q : {l.a, l.b})
    require(q.scale == l.out.scale && q.zero_point == l.out.zero_point, "operands and output differ in quantization");
  l.layer.record.p[0] = l.layer.record.in_c;
  l.layer.record.p[1] = minimum ? -1 : 0;
  out.add(std::move(l.layer));
}

}  // namespace tinyc
