// FULLY_CONNECTED. Inputs: x (any rank, a multiple of `in` elements), weights [out, in], optional bias [out].
// Output [..., out] with keep_dims, else [elements / in, out].
#include "ops/listed.h"

extern "C" int tinyc_fully_connected(const tinyc_layer*, std::uint8_t*);
extern "C" int tinyc_fully_connected_wzp(const tinyc_layer*, std::uint8_t*);
extern "C" int tinyc_fully_connected_dsp(const tinyc_layer*, std::uint8_t*);
extern "C" int tinyc_fully_connected_mve(const tinyc_layer*, std::uint8_t*);
extern "C" int tinyc_fully_connected_list(const tinyc_layer*, std::uint8_t*);
extern "C" int tinyc_fully_connected_list_dsp(const tinyc_layer*, std::uint8_t*);

namespace tinyc {
namespace {

std::vector<Shape> infer(const OpData& op, std::span<const Tensor* const> in) {
  const Shape &x = in[0]->shape, &w = in[1]->shape;
  require(w.size() == 2, "the weights must have rank 2");
  check_bias(in, w[0]);
  if (get<FullyConnected>(op).keep_dims) {
    require(!x.empty() && x.back() == w[1], "the input's last dimension is not the weights' second");
    Shape y = x;
    y.back() = w[0];
    return {y};
  }
  require(num_elements(x) % w[1] == 0, "the input is no multiple of the weights' second dimension");
  return {{static_cast<std::int32_t>(num_elements(x) / w[1]), w[0]}};
}

std::int64_t count(const OpData&, std::span<const Tensor* const> in, const Tensor& out) {
  return num_elements(out.shape) * in[1]->shape[1];
}

void forward(const ForwardArgs& a) {
  const std::int64_t width = (*a.in[1].shape)[1], channels = (*a.in[1].shape)[0],
                     rows = num_elements(*a.in[0].shape) / width * a.samples;
  a.scratch.resize(static_cast<std::size_t>(width * channels));
  transpose_into(channels, width, a.in[1].data, a.scratch.data());
  gemm(Store::set, rows, channels, width, {a.in[0].data, width, 1}, a.scratch.data(), channels, a.out[0].data,
       channels);
  finish_rows(a, a.out[0].data, rows, channels, get<FullyConnected>(a.op).act);
}

void backward(const BackwardArgs& a) {
  const std::int64_t width = (*a.in[1].shape)[1], channels = (*a.in[1].shape)[0],
                     rows = num_elements(*a.in[0].shape) / width * a.samples;
  const float* g = unclamped_gradient(a, get<FullyConnected>(a.op).act, a.scratch);
  if (a.grad_in[0]) gemm(Store::add, rows, width, channels, {g, channels, 1}, a.in[1].data, width, a.grad_in[0], width);
  if (a.grad_in[1]) gemm(Store::add, channels, width, rows, {g, 1, channels}, a.in[0].data, width, a.grad_in[1], width);
  add_bias_gradient(a, g, rows, channels);
}

/// Rows are pictures of one pixel and one window.
Layer as_pictures(const Layer& l) {
  Layer rows = l;
  tinyc_layer& r = rows.record;
  r.in_h = r.in_w = r.out_h = r.out_w = r.k_h = r.k_w = r.stride_h = r.stride_w = 1;
  return rows;
}

/// Each output needs its whole row.
Overlaps overlaps(const Program& p, const Layer& l) {
  if (l.record.n < 2 || l.record.block < l.record.out_c) return {};
  Layer rows = as_pictures(l);
  tinyc_layer& r = rows.record;
  if (l.kernel->run == tinyc_fully_connected || l.kernel->run == tinyc_fully_connected_wzp)
    return window_overlaps(p, rows, WindowOrder::filters);
  if (r.n > 32767) return {};
  r.in_h = r.out_h = static_cast<std::int16_t>(r.n);  // several rows at a time
  r.n = 1;
  return group_overlaps(p, rows, 4);
}

Overlaps list_overlaps(const Program& p, const Layer& l) {
  return l.record.n < 2 ? Overlaps{} : window_overlaps(p, as_pictures(l), WindowOrder::again);
}

constexpr Kernel kKernels[] = {
    {"tinyc_fully_connected", tinyc_fully_connected, "tinyc_fully_connected.c", overlaps},
    {"tinyc_fully_connected_wzp", tinyc_fully_connected_wzp, "tinyc_fully_connected.c", overlaps},
    {"tinyc_fully_connected_dsp", tinyc_fully_connected_dsp, "tinyc_fully_connected_dsp.c", overlaps},
    {"tinyc_fully_connected_mve", tinyc_fully_connected_mve, "tinyc_fully_connected_mve.c", overlaps},
    {"tinyc_fully_connected_list", tinyc_fully_connected_list, "tinyc_fully_connected_list.c", list_overlaps, true},
    {"tinyc_fully_connected_list_dsp", tinyc_fully_connected_list_dsp, "tinyc_fully_connected_list_dsp.c",
     list_overlaps, true}};

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const Tensor& w = g.at(n.inputs[1]);
  const TensorId bias = n.inputs.size() > 2 ? n.inputs[2] : kNoTensor;
  require(w.quant.has_value(), "the weights are not quantized");
  Layer l = out.make(n, kKernels[w.quant->zero_point.at(0) != 0 ? 1 : 0]);
  l.record.n = static_cast<std::int32_t>(num_elements(g.at(n.inputs[0]).shape) / w.shape[1]);
  l.record.in_c = w.shape[1];
  l.record.out_c = w.shape[0];
  const ScaleFacts facts = lower_scales(g, l, out, n.inputs[0], w, bias, n.outputs[0], 0,
                                        w.quant->per_channel() ? ScaleProduct::in_double : ScaleProduct::in_float,
                                        get<FullyConnected>(n.op).act);
  if (list_fully_connected(g, l, out, n.inputs[1], facts, {&kKernels[4], &kKernels[5]})) {
    out.add(std::move(l));
    return;
  }
  std::uint32_t row = 0;
  if (out.options().family == Family::dsp && w.quant->zero_point.at(0) == 0 && w.shape[1] % 4 == 0 &&
      facts.fits_dsp()) {
    l.kernel = &kKernels[2];
    const std::int64_t wide = 2 * std::int64_t{w.shape[1]};
    l.record.p[2] = out.options().fast || wide <= out.room() ? 1 : 0;
    if (l.record.p[2]) row = static_cast<std::uint32_t>(wide);
  }
  if (out.options().family == Family::mve && w.quant->zero_point.at(0) == 0 && facts.fits_mve())
    l.kernel = &kKernels[3];
  l.scratch_bytes = lower_weights(g, l, out, n.inputs[1], w.shape[0], kMatrixBudget, row);
  out.add(std::move(l));
}

constexpr OpTraits kTraits = {.name = "fully_connected",
                              .summary = "Dense layer",
                              .min_inputs = 2,
                              .max_inputs = 3,
                              .quant = {.weight = 1, .weight_axis = 0, .bias = 2},
                              .batched = true,
                              .infer = infer,
                              .forward = forward,
                              .backward = backward,
                              .macs = count,
                              .lower = lower,
                              .kernels = kKernels};
static_assert(complete(kTraits));

}  // namespace

const OpTraits traits_fully_connected = kTraits;

}  // namespace tinyc
