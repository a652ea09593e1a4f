#include "ops/pool.h"

namespace tinyc {

Layer make_pool(const Graph& g, const Node& n, ProgramBuilder& out, const Kernel& k, Pair kernel, Pair stride, Pads pad,
                Act act) {
  const Tensor &in = g.at(n.inputs[0]), &to = g.at(n.outputs[0]);
  const ScaleZp q = scale_zp(in), q_out = scale_zp(to);
  // the reference kernels tolerate this difference and compute as if there were none
  require(std::fabs(q.scale - q_out.scale) <= 1e-6f && q.zero_point == q_out.zero_point,
          "input and output differ in quantization");
  const auto fits = [](std::int32_t v) { return v <= 32767; };
  for (std::size_t d = 1; d <= 2; ++d)
    require(fits(in.shape[d]) && fits(to.shape[d]), "a picture side is longer than 32767");
  require(fits(kernel.h) && fits(kernel.w) && fits(stride.h) && fits(stride.w), "the window is larger than 32767");
  Layer l = out.make(n, k);
  tinyc_layer& r = l.record;
  r.n = in.shape[0];
  r.in_h = static_cast<std::int16_t>(in.shape[1]);
  r.in_w = static_cast<std::int16_t>(in.shape[2]);
  r.in_c = r.out_c = in.shape[3];
  r.out_h = static_cast<std::int16_t>(to.shape[1]);
  r.out_w = static_cast<std::int16_t>(to.shape[2]);
  r.k_h = static_cast<std::int16_t>(kernel.h);
  r.k_w = static_cast<std::int16_t>(kernel.w);
  r.stride_h = static_cast<std::int16_t>(stride.h);
  r.stride_w = static_cast<std::int16_t>(stride.w);
  r.pad_t = static_cast<std::int16_t>(pad.top);
  r.pad_l = static_cast<std::int16_t>(pad.left);
  const ActRange range = activation_range(act, q_out.scale, q_out.zero_point);
  r.act_min = range.min;
  r.act_max = range.max;
  return l;
}

}  // namespace tinyc
