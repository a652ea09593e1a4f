// GATHER: slices of the data along one axis, in the order that the indices give. Indices are the attribute `indices`
// (one dimension), or a second input of int32 numbers. Those outside the axis are moved to its ends.
#include "ops/copy.h"

extern "C" int tinyc_gather(const tinyc_layer* l, uint8_t* arena);

namespace tinyc {
namespace {

constexpr Kernel kKernels[] = {{"tinyc_gather", tinyc_gather, "tinyc_gather.c"}};

std::vector<Shape> infer(const OpData& op, std::span<const Tensor* const> in) {
  const auto& o = get<Gather>(op);
  const Shape& s = in[0]->shape;
  require(o.axis >= 0 && static_cast<std::size_t>(o.axis) < s.size(), "the axis is out of range");
  require(o.batch_dims >= 0 && o.batch_dims <= o.axis,
          "there are more batch dimensions than dimensions before the axis");
  Shape index{static_cast<std::int32_t>(o.indices.size())};
  if (in.size() == 2 && in[1]) {
    require(o.indices.empty(), "indices are given twice");
    index = in[1]->shape;
    require(index.size() >= static_cast<std::size_t>(o.batch_dims) &&
                std::equal(index.begin(), index.begin() + o.batch_dims, s.begin()),
            "the indices' batch dimensions are not the data's");
  } else {
    require(!o.indices.empty() && o.batch_dims == 0, "there are no indices");
    for (const auto i : o.indices)
      require(i >= 0 && i < s[static_cast<std::size_t>(o.axis)], "an index lies outside the axis");
  }
  Shape out(s.begin(), s.begin() + o.axis);
  out.insert(out.end(), index.begin() + o.batch_dims, index.end());
  out.insert(out.end(), s.begin() + o.axis + 1, s.end());
  return {out};
}

/// Data [batch, outer, extent, inner], indices [batch, count], output [batch, outer, count, inner].
struct Sizes {
  std::int64_t batch = 1, outer = 1, extent = 1, inner = 1, count = 1;
};

Sizes sizes(const Gather& o, const Shape& in, const Shape& out) {
  const AxisSplit s = split_at(in, o.axis);
  Sizes z;
  for (std::int32_t d = 0; d < o.batch_dims; ++d) z.batch *= in[static_cast<std::size_t>(d)];
  z.outer = s.outer / z.batch;
  z.extent = s.extent;
  z.inner = s.inner;
  z.count = num_elements(out) / (s.outer * s.inner);
  return z;
}

void forward(const ForwardArgs& a) {
  const auto& o = get<Gather>(a.op);
  const Sizes z = sizes(o, *a.in[0].shape, *a.out[0].shape);
  float* out = a.out[0].data;
  for (std::int64_t b = 0; b < z.batch; ++b)
    for (std::int64_t r = 0; r < z.outer; ++r)
      for (std::int64_t k = 0; k < z.count; ++k, out += z.inner) {
        const double wanted = o.indices.empty() ? static_cast<double>(a.in[1].data[b * z.count + k])
                                                : static_cast<double>(o.indices[static_cast<std::size_t>(k)]);
        const auto at = static_cast<std::int64_t>(std::clamp(wanted, 0.0, static_cast<double>(z.extent - 1)));
        std::copy_n(a.in[0].data + ((b * z.outer + r) * z.extent + at) * z.inner, z.inner, out);
      }
}

void lower(const Graph& g, const Node& n, ProgramBuilder& out) {
  const auto& o = get<Gather>(n.op);
  const Tensor& data = g.at(n.inputs[0]);
  require(data.dtype == DType::i8, "its data are not int8");
  require(!o.indices.empty() || (g.at(n.inputs[1]).dtype == DType::i32 && !g.at(n.inputs[1]).is_const()),
          "its indices are not int32");
  require_same_quant(g, n, n.inputs[0]);
  const Sizes z = sizes(o, data.shape, g.at(n.outputs[0]).shape);
  Layer l = out.make(n, kKernels[0]);
  if (data.is_const()) l.weights = out.blob(Blob::Kind::weights, Blob::Type::i8, data.name, *data.data);
  if (!o.indices.empty()) l.table = out.params_i32(n.name, o.indices);
  const std::int64_t p[] = {z.batch, z.outer, z.extent, z.inner, z.count};
  for (std::size_t i = 0; i < std::size(p); ++i) l.record.p[i] = static_cast<std::int32_t>(p[i]);
  out.add(std::move(l));
}

}  // namespace

constexpr OpTraits traits_gather{
    .name = "gather",
    .summary = "chosen slices along an axis",
    .max_inputs = 2,
    .quant = {.output = QuantRule::Output::same_as_input, .index = 1},
    .moves = true,
    .infer = infer,
    .forward = forward,
    .backward = backward_move,
    .macs = no_macs,
    .lower = lower,
    .kernels = kKernels,
};
static_assert(complete(traits_gather));

}  // namespace tinyc
