// canonicalize: one simple form for what files write in many ways.
//
//   before:  %a = mul(%const1, %const2)          after:  %a = const
//            %b = reshape[1,8,4,1](%x)                   %d = fully_connected(%x, %w, %bias)
//            %c = reshape[1,32](%b)
//            %d = fully_connected(%c, %w, %bias)
//
// constants   a node with only constant inputs is replaced by its value (at most kFoldLimit elements)
// identities  f(x) = x: reshape to the same shape, transpose that moves nothing, pad by nothing, slice of everything,
//             concatenation of one, x + 0, x - 0, x * 1, 1x1 pooling, reduction over axes of length 1, resize to the
//             same size, quantize between equal quantizations, quantize and dequantize of a float graph
// reshapes    a transpose or reduction that only moves or drops axes of length 1 is a reshape; reshape(reshape(x)) is
// one
//             reshape; fully_connected flattens its input by itself
// transposes  transpose(transpose(x, p), q) = transpose(x, p[q])
// dead code   nodes and tensors that no graph output needs
//
// Preconditions: in a quantized graph an identity also needs equal quantization on both sides. Graph inputs and outputs
// keep their names and shapes. Everything here is exact to the last bit.
#include <algorithm>
#include <numeric>

#include "rewrite.h"
#include "tinyc/error.h"
#include "tinyc/pass.h"

namespace tinyc {
namespace {

constexpr std::int64_t kFoldLimit = std::int64_t{1}
                                    << 20;  // elements; larger constants would cost more flash than work

bool fold_constants(Graph& g, std::size_t index) {
  const Node& n = g.nodes[index];
  for (const auto id : n.inputs)
    if (id != kNoTensor && !g.at(id).is_const()) return false;
  for (const auto id : n.outputs)
    if (num_elements(g.at(id).shape) > kFoldLimit ||
        std::find(g.outputs.begin(), g.outputs.end(), id) != g.outputs.end())
      return false;
  if (g.stage == Stage::Float)
    for (const auto id : n.inputs)
      if (id != kNoTensor && g.at(id).dtype != DType::f32) return false;
  std::vector<SharedBytes> inputs(n.inputs.size());
  inputs[data_input(n)] = g.at(n.inputs[data_input(n)]).data;
  const auto values = evaluate(g, n, inputs);
  if (!values) return false;
  for (std::size_t i = 0; i < n.outputs.size(); ++i) g.at(n.outputs[i]).data = (*values)[i];
  g.nodes.erase(g.nodes.begin() + static_cast<std::ptrdiff_t>(index));
  return true;
}

// Axes longer than 1, in the order in which the transposed tensor stores them.
bool keeps_order(const Shape& in, const Ints& perm) {
  std::int32_t last = -1;
  for (const auto axis : perm) {
    if (in.at(static_cast<std::size_t>(axis)) == 1) continue;
    if (axis < last) return false;
    last = axis;
  }
  return true;
}

bool reduces_nothing(const Shape& in, const Ints& axes) {
  const auto rank = static_cast<std::int32_t>(in.size());
  return std::all_of(axes.begin(), axes.end(),
                     [&](std::int32_t a) { return in.at(static_cast<std::size_t>(a < 0 ? a + rank : a)) == 1; });
}

bool all_equal(const Ints& v, std::int32_t x) {
  return std::all_of(v.begin(), v.end(), [&](std::int32_t e) { return e == x; });
}

bool is_whole(const StridedSlice& s, const Shape& in) {
  return all_equal(s.begin, 0) && all_equal(s.stride, 1) && s.size == in;
}

template <class Pool>
bool is_point(const Pool& p) {
  return p.kernel == Pair{1, 1} && p.stride == Pair{1, 1} && p.pad == Pads{} && p.act == Act::none;
}

// True when the first output holds exactly the numbers of the first input in the same order.
bool copies_its_input(const Graph& g, const Node& n) {
  const Shape& in = g.at(n.inputs[0]).shape;
  const Shape& out = g.at(n.outputs[0]).shape;
  switch (kind(n.op)) {
    case OpKind::reshape: return true;
    case OpKind::transpose: return keeps_order(in, std::get<Transpose>(n.op).perm);
    case OpKind::pad: return in == out;
    case OpKind::strided_slice: return is_whole(std::get<StridedSlice>(n.op), in);
    case OpKind::concatenation: return n.inputs.size() == 1 && std::get<Concatenation>(n.op).act == Act::none;
    case OpKind::average_pool_2d: return is_point(std::get<AveragePool2D>(n.op));
    case OpKind::max_pool_2d: return is_point(std::get<MaxPool2D>(n.op));
    case OpKind::mean: return reduces_nothing(in, std::get<Mean>(n.op).axes);
    case OpKind::sum: return reduces_nothing(in, std::get<Sum>(n.op).axes);
    case OpKind::reduce_max: return reduces_nothing(in, std::get<ReduceMax>(n.op).axes);
    case OpKind::reduce_min: return reduces_nothing(in, std::get<ReduceMin>(n.op).axes);
    case OpKind::resize_bilinear:
    case OpKind::resize_nearest_neighbor: return in == out;
    case OpKind::quantize:
    case OpKind::dequantize: return true;
    default: return false;
  }
}

// The other operand of x + 0, 0 + x, x - 0, x * 1, 1 * x; kNoTensor for everything else. Broadcasting must not matter.
TensorId neutral_operand(const Graph& g, const Node& n) {
  if (n.inputs.size() != 2 || g.stage != Stage::Float) return kNoTensor;
  const auto other = [&](std::size_t constant, float neutral) {
    const TensorId x = n.inputs[1 - constant];
    return is_filled_with(g.at(n.inputs[constant]), neutral) && g.at(x).shape == g.at(n.outputs[0]).shape ? x
                                                                                                          : kNoTensor;
  };
  const auto either = [&](float neutral) {
    const TensorId x = other(1, neutral);
    return x != kNoTensor ? x : other(0, neutral);
  };
  if (const auto* add = std::get_if<Add>(&n.op); add && add->act == Act::none) return either(0.0f);
  if (const auto* sub = std::get_if<Sub>(&n.op); sub && sub->act == Act::none) return other(1, 0.0f);
  if (const auto* mul = std::get_if<Mul>(&n.op); mul && mul->act == Act::none) return either(1.0f);
  return kNoTensor;
}

// The node before `index` that writes a tensor; it is searched backwards, as it is seldom far.
const Node* producer(const Graph& g, std::size_t index, TensorId id) {
  while (index-- > 0)
    if (const auto& out = g.nodes[index].outputs; std::find(out.begin(), out.end(), id) != out.end())
      return &g.nodes[index];
  return nullptr;
}

// Identities go; what only changes the shape becomes a reshape.
bool simplify_copy(Graph& g, std::size_t index) {
  Node& n = g.nodes[index];
  const TensorId operand = neutral_operand(g, n);
  if (operand != kNoTensor) return remove_identity(g, index, operand);
  if (!copies_its_input(g, n) || !same_quant(g.at(n.inputs[0]), g.at(n.outputs[0]))) return false;
  const Shape& out = g.at(n.outputs[0]).shape;
  if (g.at(n.inputs[0]).shape == out) return remove_identity(g, index, n.inputs[0]);
  if (kind(n.op) == OpKind::reshape) return false;
  n.op = Reshape{out};
  n.inputs.resize(1);
  return true;
}

// reshape(reshape(x)) and transpose(transpose(x)) skip the inner one.
bool merge_with_producer(Graph& g, std::size_t index) {
  Node& n = g.nodes[index];
  if (kind(n.op) != OpKind::reshape && kind(n.op) != OpKind::transpose) return false;
  const Node* inner = producer(g, index, n.inputs[0]);
  if (!inner || kind(inner->op) != kind(n.op) || !same_quant(g.at(inner->inputs[0]), g.at(n.inputs[0]))) return false;
  if (auto* reshape = std::get_if<Reshape>(&n.op)) {
    reshape->shape = g.at(n.outputs[0]).shape;
    n.inputs = {inner->inputs[0]};
    return true;
  }
  if (auto* transpose = std::get_if<Transpose>(&n.op)) {
    const Ints& p = std::get<Transpose>(inner->op).perm;
    for (auto& axis : transpose->perm) axis = p.at(static_cast<std::size_t>(axis));
    n.inputs = {inner->inputs[0]};
    return true;
  }
  return false;
}

// fully_connected(reshape(x)) reads x when it gives the same output shape by itself.
bool skip_flatten(Graph& g, std::size_t index) {
  Node& n = g.nodes[index];
  if (kind(n.op) != OpKind::fully_connected) return false;
  const Node* inner = producer(g, index, n.inputs[0]);
  if (!inner || kind(inner->op) != OpKind::reshape) return false;
  const TensorId x = inner->inputs[0];
  if (!same_quant(g.at(x), g.at(n.inputs[0]))) return false;
  std::vector<const Tensor*> in;
  in.reserve(n.inputs.size());
  for (const auto id : n.inputs) in.push_back(id == kNoTensor ? nullptr : &g.at(id));
  in[0] = &g.at(x);
  try {
    if (traits(n.op).infer(n.op, in).at(0) != g.at(n.outputs[0]).shape) return false;
  } catch (const Error&) {
    return false;  // the shapes do not fit without the reshape
  }
  n.inputs[0] = x;
  return true;
}

PassResult run(Graph& g, const PassOptions&) {
  PassResult result;
  const std::size_t nodes = g.nodes.size(), tensors = g.tensors.size();
  // every step removes a node, shortens a chain or turns a node into a reshape, so this ends
  for (bool again = true; again;) {
    again = false;
    for (std::size_t i = 0; i < g.nodes.size();) {
      const std::size_t before = g.nodes.size();
      const bool step = fold_constants(g, i) || simplify_copy(g, i) || merge_with_producer(g, i) || skip_flatten(g, i);
      again |= step;
      if (!step || g.nodes.size() == before) ++i;
    }
    result.changed |= again;
  }
  remove_unused(g);
  result.changed |= g.nodes.size() != nodes || g.tensors.size() != tensors;
  if (g.nodes.size() != nodes) result.notes.push_back(std::to_string(nodes - g.nodes.size()) + " nodes removed");
  return result;
}

}  // namespace

extern const Pass pass_canonicalize;
const Pass pass_canonicalize{"canonicalize",
                             "fold constants; remove identities, needless reshapes and dead code",
                             Stage::Float,
                             Stage::Float,
                             true,
                             true,
                             run};

}  // namespace tinyc
