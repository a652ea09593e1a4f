// Operators with weights, one layer at a time: a case is lowered and run with the shipped kernels, and recomputed from
// the definition (real zero points, 64-bit sums, the two roundings written as divisions).
#pragma once
#include <cmath>
#include <cstring>
#include <memory>
#include <optional>

#include "codec/range.h"
#include "oracle/run_op.h"
#include "tinyc/codec.h"

namespace oracle {

struct WeightedCase {
  tinyc::OpData op;
  Int8s x, w;
  Scale in{}, out{};
  std::vector<float> w_scale{0.01f};  ///< one, or one for each index of `axis`
  std::int32_t w_zero_point = 0, axis = 0;
  std::optional<std::vector<std::int32_t>> bias;
  bool coded = false, constant_first = false;  ///< constant_first: the weights are input 0 (batch_matmul)
  bool range = false;                          ///< coded with all that the range coder looks at, else Huffman
};

inline tinyc::Graph graph_of(const WeightedCase& c) {
  using namespace tinyc;
  Graph g;
  g.stage = c.coded ? Stage::Coded : Stage::Quantized;
  Tensor x;
  x.name = "x";
  x.dtype = DType::i8;
  x.shape = c.x.shape;
  x.quant = Quant{{c.in.scale}, {c.in.zero_point}, 0};
  Tensor w = make_const("w", DType::i8, c.w.shape, Bytes(c.w.values.begin(), c.w.values.end()));
  w.quant = Quant{c.w_scale, std::vector<std::int32_t>(c.w_scale.size(), c.w_zero_point), c.axis};
  if (c.coded) {
    const std::span<const std::int8_t> values = c.w.values;
    const FilterShape filters = filter_shape(kind(c.op), c.w.shape);
    CodeTable table = build_table({&values, 1});
    if (c.range) {
      RangeHeader header = range_header(values, filters);
      header.local = header.channel = header.peak = true;
      table.bytes = header.bytes();
    }
    g.code_tables.push_back(std::make_shared<const Bytes>(table.bytes));
    w.coded = Coded{std::make_shared<const Bytes>(encode(table, values, filters)), 0};
  }
  Node n{c.op, {g.add(std::move(x)), g.add(std::move(w))}, {}, "node", 0};
  g.inputs = {n.inputs[0]};
  if (c.constant_first) std::swap(n.inputs[0], n.inputs[1]);
  if (c.bias) {
    Bytes bytes(4 * c.bias->size());
    std::memcpy(bytes.data(), c.bias->data(), bytes.size());
    n.inputs.push_back(
        g.add(make_const("b", DType::i32, {static_cast<std::int32_t>(c.bias->size())}, std::move(bytes))));
  }
  Tensor y;
  y.name = "y";
  y.dtype = DType::i8;
  y.quant = Quant{{c.out.scale}, {c.out.zero_point}, 0};
  n.outputs = {g.add(std::move(y))};
  g.outputs = n.outputs;
  infer_shapes(g, n);
  g.nodes.push_back(std::move(n));
  verify(g);
  return g;
}

/// The shipped kernels' output.
inline Int8s run(const WeightedCase& c) { return run_int8(graph_of(c), {{c.x, c.in}}); }

/// a / b rounded to the nearest, halves away from zero.
inline std::int64_t divide_away(std::int64_t a, std::int64_t b) {
  return a >= 0 ? (a + b / 2) / b : -((-a + b / 2) / b);
}

/// An accumulator to int8: doubling high product with Q31 mantissa (halves up), then division by a power of two (halves
/// away from zero), zero point, clamp. `both` = s_in * s_w as the kernel's rule rounds it.
inline std::int8_t requantize(std::int64_t acc, double both, const Scale& out, tinyc::Act act) {
  double real = both / static_cast<double>(out.scale);
  int exponent = 0;
  while (real != 0 && real < 0.5) real *= 2, --exponent;
  while (real >= 1) real /= 2, ++exponent;
  auto mantissa = static_cast<std::int64_t>(std::llround(real * 2147483648.0));
  if (mantissa == 2147483648) mantissa /= 2, ++exponent;
  if (exponent < -31) mantissa = 0, exponent = 0;
  const std::int64_t product = (exponent > 0 ? acc << exponent : acc) * mantissa;
  const auto high = static_cast<std::int64_t>(std::floor(std::ldexp(static_cast<long double>(product), -31) + 0.5L));
  std::int64_t y = divide_away(high, std::int64_t{1} << (exponent < 0 ? -exponent : 0)) + out.zero_point;
  const auto [lo, hi] = tinyc::bounds(act);
  const auto limit = [&](float b) { return static_cast<std::int64_t>(std::round(b / out.scale)) + out.zero_point; };
  if (!std::isinf(lo)) y = std::max(y, std::max<std::int64_t>(limit(lo), -128));
  if (!std::isinf(hi)) y = std::min(y, std::min<std::int64_t>(limit(hi), 127));
  return static_cast<std::int8_t>(std::clamp<std::int64_t>(y, -128, 127));
}

/// `sum(i, c)` is the sum of products of output element i, whose channel is c, without bias.
template <class Sum>
Int8s expected(const WeightedCase& c, const tinyc::Shape& shape, std::int32_t channels, bool float_product,
               tinyc::Act act, Sum sum) {
  Int8s y{shape, std::vector<std::int8_t>(static_cast<std::size_t>(tinyc::num_elements(shape)))};
  for (std::size_t i = 0; i < y.values.size(); ++i) {
    const auto ch = static_cast<std::size_t>(static_cast<std::int64_t>(i) % channels);
    const float s = c.w_scale.size() > 1 ? c.w_scale[ch] : c.w_scale[0];
    const double both =
        float_product ? static_cast<double>(c.in.scale * s) : static_cast<double>(c.in.scale) * static_cast<double>(s);
    y.values[i] = requantize(sum(static_cast<std::int64_t>(i)) + (c.bias ? (*c.bias)[ch] : 0), both, c.out, act);
  }
  return y;
}

/// Fills what the cases of every operator share: weights (many zeros when coded, as pruning leaves them), scales that
/// put outputs of `taps` products mostly inside int8, zero points, bias, raw or coded.
inline void randomize(Random& r, WeightedCase& c, tinyc::Shape x, tinyc::Shape w, std::int32_t channels,
                      std::int32_t axis, std::int32_t taps, bool offset) {
  c.x = r.int8s(std::move(x));
  c.w = r.int8s(std::move(w));
  c.coded = r.in(0, 1) == 1;
  c.range = r.in(0, 1) == 1;
  for (auto& v : c.w.values) v = c.coded && r.in(0, 2) ? 0 : std::max<std::int8_t>(v, offset ? -128 : -127);
  c.axis = axis;
  c.in = {0.004f * static_cast<float>(r.in(1, 20)), r.in(-128, 127)};
  c.w_scale.assign(static_cast<std::size_t>(!offset && r.in(0, 1) ? channels : 1), 0);
  for (auto& s : c.w_scale) s = 0.0011f * static_cast<float>(r.in(1, 9));
  if (c.w_scale.size() > 2 && r.in(0, 3) == 0) c.w_scale[1] = 0;  // a channel of zeros
  c.w_zero_point = offset ? r.in(0, 1) ? r.in(1, 127) : r.in(-128, -1) : 0;
  const float spread = r.in(0, 7) == 0 ? 0.3f : 30 * std::sqrt(static_cast<float>(taps));
  c.out = {c.in.scale * 0.005f * spread, r.in(-128, 127)};
  if (r.in(0, 3)) {
    c.bias.emplace(static_cast<std::size_t>(channels));
    for (auto& b : *c.bias) b = r.in(-20000, 20000);
  }
}

}  // namespace oracle
