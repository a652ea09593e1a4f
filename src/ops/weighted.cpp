#include "ops/weighted.h"

#include "ops/silent_channels.h"

namespace tinyc {

void check_bias(std::span<const Tensor* const> in, std::int64_t channels) {
  if (in.size() > 2 && in[2] && num_elements(in[2]->shape) != channels)
    reject("the bias has shape " + to_string(in[2]->shape) + ", the output " + std::to_string(channels) + " channels");
}

void finish_rows(const ForwardArgs& a, float* out, std::int64_t rows, std::int64_t channels, Act act) {
  const auto [lo, hi] = bounds(act);
  add_bias_and_clamp(rows, channels, a.in.size() > 2 ? a.in[2].data : nullptr, lo, hi, out);
}

void add_bias_gradient(const BackwardArgs& a, const float* g, std::int64_t rows, std::int64_t channels) {
  if (a.grad_in.size() > 2 && a.grad_in[2]) add_column_sums(rows, channels, g, a.grad_in[2]);
}

std::int16_t narrow16(std::int64_t v, const char* what) {
  if (v < -32768 || v > 32767) reject(std::string(what) + " " + std::to_string(v) + " does not fit in 16 bits");
  return static_cast<std::int16_t>(v);
}

void set_window(Layer& l, const Shape& in, const Shape& out, std::int32_t k_h, std::int32_t k_w, Pair stride,
                Pair dilation, Pads pad) {
  tinyc_layer& r = l.record;
  r.n = in[0];
  r.in_h = narrow16(in[1], "the input height");
  r.in_w = narrow16(in[2], "the input width");
  r.in_c = in[3];
  r.out_h = narrow16(out[1], "the output height");
  r.out_w = narrow16(out[2], "the output width");
  r.out_c = out[3];
  r.k_h = narrow16(k_h, "the kernel height");
  r.k_w = narrow16(k_w, "the kernel width");
  r.stride_h = narrow16(stride.h, "the stride");
  r.stride_w = narrow16(stride.w, "the stride");
  r.dil_h = narrow16(dilation.h, "the dilation");
  r.dil_w = narrow16(dilation.w, "the dilation");
  r.pad_t = narrow16(pad.top, "the padding");
  r.pad_l = narrow16(pad.left, "the padding");
}

namespace {

/// Sums of (w - zero_point) over each index of `axis`.
std::vector<std::int64_t> channel_sums(const Tensor& w, std::int32_t axis, std::int32_t zero_point) {
  std::int64_t inner = 1;
  for (std::size_t d = static_cast<std::size_t>(axis) + 1; d < w.shape.size(); ++d) inner *= w.shape[d];
  const std::int64_t channels = w.shape[static_cast<std::size_t>(axis)];
  const auto values = w.as<std::int8_t>();
  std::vector<std::int64_t> sums(static_cast<std::size_t>(channels));
  for (std::size_t i = 0; i < values.size(); ++i)
    sums[static_cast<std::size_t>(static_cast<std::int64_t>(i) / inner % channels)] += values[i] - zero_point;
  return sums;
}

std::int32_t common_zero_point(const Tensor& w) {
  const auto& zp = w.quant->zero_point;
  for (const auto z : zp) require(z == zp[0], "weights with a zero point for each channel cannot be quantized to int8");
  return zp[0];
}

}  // namespace

ScaleFacts lower_scales(const Graph& g, Layer& l, ProgramBuilder& out, TensorId x, const Tensor& weights, TensorId bias,
                        TensorId y, std::int32_t axis, ScaleProduct product, Act act, bool fold_input) {
  require(weights.is_const() && weights.dtype == DType::i8 && weights.quant.has_value(),
          "the weights are no int8 constant");
  const ScaleZp in = scale_zp(g.at(x)), result = scale_zp(g.at(y));
  const std::int32_t w_zp = common_zero_point(weights);
  const auto sums = channel_sums(weights, axis, w_zp);
  const std::size_t channels = sums.size();
  require(static_cast<std::int64_t>(weights.bytes()) / static_cast<std::int64_t>(channels) < 65536,
          "a filter of 65536 weights or more");

  ScaleFacts facts;
  const std::int64_t products = static_cast<std::int64_t>(weights.bytes() / channels) * 128 * 255;
  std::vector<std::int32_t> folded(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    const std::int64_t b = bias == kNoTensor ? 0 : g.at(bias).as<std::int32_t>()[c];
    folded[c] = static_cast<std::int32_t>(static_cast<std::uint32_t>(b - (fold_input ? in.zero_point * sums[c] : 0)));
  }

  const Quant& q = *weights.quant;
  std::vector<Multiplier> scales;
  for (const float s : q.scale) {
    const double both = product == ScaleProduct::in_float ? static_cast<double>(in.scale * s)
                                                          : static_cast<double>(in.scale) * static_cast<double>(s);
    scales.push_back(quantize_multiplier(both / static_cast<double>(result.scale)));
  }
  const ActRange range = activation_range(act, result.scale, result.zero_point);
  if (scales.size() == channels && w_zp == 0) lend_scales(weights, axis, range, result.zero_point, folded, scales);
  std::vector<std::int32_t> mult;
  std::vector<std::int8_t> shift;
  for (const Multiplier& m : scales) {
    mult.push_back(m.mantissa);
    shift.push_back(static_cast<std::int8_t>(m.shift));
    facts.least_shift = std::min(facts.least_shift, m.shift);
    facts.most_shift = std::max(facts.most_shift, m.shift);
  }
  for (const std::int32_t b : folded)
    facts.largest_sum = std::max(facts.largest_sum, std::abs(std::int64_t{b}) + products);
  l.bias = out.params_i32(l.name + " bias", folded);
  // channels whose scales differ by powers of two need one multiplier
  const bool one_mult = std::ranges::all_of(mult, [&](std::int32_t m) { return m == mult[0]; }),
             one_shift = one_mult && std::ranges::all_of(shift, [&](std::int8_t v) { return v == shift[0]; });
  if (one_mult) mult.resize(1);
  if (one_shift) shift.resize(1);
  l.mult = out.params_i32(l.name + " multipliers", mult);
  l.shift = out.params_i8(l.name + " shifts", shift);

  tinyc_layer& r = l.record;
  r.in0_zp = static_cast<std::int16_t>(in.zero_point);
  r.out_zp = static_cast<std::int16_t>(result.zero_point);
  r.act_min = range.min;
  r.act_max = range.max;
  r.p[4] = w_zp;
  r.p[5] = one_shift ? 0 : one_mult ? 1 : -1;
  return facts;
}

std::uint32_t lower_weights(const Graph& g, Layer& l, ProgramBuilder& out, TensorId w, std::int32_t channels,
                            std::int64_t budget, std::uint32_t other) {
  out.weights(l, w);
  l.record.block = narrow16(std::min(channels, 32767), "the block");
  if (l.codec < 0) return other;
  other += l.scratch_bytes;
  const std::int64_t filter = static_cast<std::int64_t>(g.at(w).bytes()) / channels;
  const std::int64_t fitting = std::max<std::int64_t>(1, std::max(budget, out.room() - other) / filter);
  if (fitting < l.record.block) {
    const std::int64_t blocks = (channels + fitting - 1) / fitting, even = (channels + blocks - 1) / blocks,
                       fours = (even + 3) / 4 * 4;
    l.record.block = static_cast<std::int16_t>(fours <= fitting ? fours : fitting >= 4 ? fitting / 4 * 4 : fitting);
  }
  return other + static_cast<std::uint32_t>(l.record.block * filter);
}

std::uint32_t lower_panel(Layer& l, ProgramBuilder& out, TensorId w, std::uint32_t words, std::uint32_t other) {
  constexpr std::int64_t kPixels = 32;  // spreading a weight costs what it saves in four quads of pixels
  tinyc_layer& r = l.record;
  if (std::int64_t{r.n} * (out.rows() ? out.rows() : r.out_h) * r.out_w < kPixels || r.act_min > -128 ||
      r.act_max < 127)
    return 0;
  Layer with = l;
  out.weights(with, w);
  const std::int64_t filter = 8 * std::int64_t{words} + 16;
  const std::int64_t fixed = other + with.scratch_bytes;
  const std::int64_t fitting = out.options().fast ? r.out_c : (out.room() - fixed) / filter;
  if (fitting < 2) return 0;
  const std::int64_t blocks = (r.out_c + fitting - 1) / fitting;
  if (blocks > 1 && (out.one_sweep() || r.out_c < 16 * (blocks - 1)))
    return 0;  // windows are gathered again for every block
  const std::int64_t even = ((r.out_c + blocks - 1) / blocks + 1) / 2 * 2;
  if (even > fitting) return 0;
  l = std::move(with);
  l.record.block = narrow16(even, "the block");
  l.record.p[2] = 1;
  return static_cast<std::uint32_t>(fixed + even * filter);
}

}  // namespace tinyc
