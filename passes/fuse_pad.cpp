// fuse_pad: zero padding becomes the padding of the convolution that reads it.
//
//   before:  %p = pad[before=[0,1,1,0], after=[0,1,1,0]](%x)      after:  %y = conv_2d[pad=[1,1,1,1]](%x, %w, %b)
//            %y = conv_2d(%p, %w, %b)
//
// A convolution's padding adds nothing to its sums, and so do explicit zeros: equal to the last bit.
// Preconditions: the pad value is real 0 (in a quantized graph both sides have the same quantization, so the kernel
// fills with the zero point), only the two picture axes of an NHWC tensor grow. Readers other than conv_2d and
// depthwise_conv_2d keep the pad: pools leave padding out of their maximum and mean, which is not the same.
#include <algorithm>

#include "rewrite.h"
#include "tinyc/pass.h"

namespace tinyc {
namespace {

Pads* pads_of(OpData& op) {
  if (auto* conv = std::get_if<Conv2D>(&op)) return &conv->pad;
  if (auto* depthwise = std::get_if<DepthwiseConv2D>(&op)) return &depthwise->pad;
  return nullptr;
}

bool pads_picture_with_zeros(const Graph& g, const Node& n) {
  const auto* pad = std::get_if<Pad>(&n.op);
  if (!pad || pad->value != 0.0f || n.inputs.size() != 1 || pad->before.size() != 4 || pad->after.size() != 4)
    return false;
  const auto grows = [&](std::size_t axis) { return pad->before[axis] != 0 || pad->after[axis] != 0; };
  return !grows(0) && !grows(3) && same_quant(g.at(n.inputs[0]), g.at(n.outputs[0]));
}

PassResult run(Graph& g, const PassOptions&) {
  std::size_t fused = 0;
  for (std::size_t i = 0; i < g.nodes.size(); ++i) {
    if (!pads_picture_with_zeros(g, g.nodes[i])) continue;
    const Pad pad = std::get<Pad>(g.nodes[i].op);
    const TensorId x = g.nodes[i].inputs[0], padded = g.nodes[i].outputs[0];
    for (Node& reader : g.nodes) {
      Pads* pads = pads_of(reader.op);
      if (!pads || reader.inputs[0] != padded) continue;
      reader.inputs[0] = x;
      pads->top += pad.before[1];
      pads->bottom += pad.after[1];
      pads->left += pad.before[2];
      pads->right += pad.after[2];
      ++fused;
    }
  }
  if (fused == 0) return {};
  remove_unused(g);
  return {true, {std::to_string(fused) + " convolutions took over their padding"}};
}

}  // namespace

extern const Pass pass_fuse_pad;
const Pass pass_fuse_pad{
    "fuse_pad", "zero padding becomes part of the convolution that reads it", Stage::Float, Stage::Float, true, true,
    run};

}  // namespace tinyc
