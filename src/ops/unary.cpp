#include "ops/unary.h"

#include <utility>

namespace tinyc {

std::vector<Shape> infer_unary(const OpData&, std::span<const Tensor* const> in) { return {in[0]->shape}; }

UnaryQuant unary_quant(const Graph& g, const Node& n) {
  return {scale_zp(g.at(n.inputs[0])), scale_zp(g.at(n.outputs[0]))};
}

void lower_table(const Graph& g, const Node& n, ProgramBuilder& out, const TableEntry& entry) {
  Bytes table(256);
  for (std::int32_t q = -128; q <= 127; ++q)
    table[static_cast<std::uint8_t>(q)] = static_cast<std::uint8_t>(std::clamp(entry(q), -128, 127));
  Layer l = out.make(n, kLutKernels[0]);
  l.weights = out.blob(Blob::Kind::params, Blob::Type::i8, n.name, std::move(table));
  l.record.p[0] = static_cast<std::int32_t>(num_elements(g.at(n.outputs[0]).shape));
  out.add(std::move(l));
}

TableEntry real_entry(ScaleZp in, ScaleZp out, std::function<double(double)> f) {
  return [=, f = std::move(f)](std::int32_t q) {
    const float x = in.scale * static_cast<float>(q - in.zero_point);
    const float y = std::round(static_cast<float>(f(static_cast<double>(x))) * (1.0f / out.scale));
    if (std::isnan(y)) return out.zero_point;  // scales at the ends of float's range: 0 * inf
    return static_cast<std::int32_t>(std::clamp(y + static_cast<float>(out.zero_point), -128.0f, 127.0f));
  };
}

void lower_clamp(const Graph& g, const Node& n, ProgramBuilder& out, Act act) {
  const auto [in, to] = unary_quant(g, n);
  const Multiplier m = quantize_multiplier(static_cast<double>(in.scale) / static_cast<double>(to.scale));
  const ActRange range = activation_range(act, to.scale, to.zero_point);
  lower_table(g, n, out, [=](std::int32_t q) {
    return tinyc_output(tinyc_requant(q - in.zero_point, m.mantissa, m.shift), to.zero_point, range.min, range.max);
  });
}

Q4Input::Q4Input(ScaleZp in)
    : zero_point_(in.zero_point), to_q4_(quantize_multiplier(static_cast<double>(in.scale) * 0x1p27)) {
  radius_ = static_cast<std::int64_t>(std::floor(std::ldexp(15.0 * 0x1p27, -to_q4_.shift)));
}

int Q4Input::saturated(std::int32_t q) const {
  const std::int32_t x = q - zero_point_;
  return x <= -radius_ ? -1 : x >= radius_ ? 1 : 0;
}

std::int32_t Q4Input::value(std::int32_t q) const {
  return tinyc_requant(q - zero_point_, to_q4_.mantissa, to_q4_.shift);
}

}  // namespace tinyc
