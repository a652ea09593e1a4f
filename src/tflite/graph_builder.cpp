#include <cmath>

#include "tflite/op_case.h"
#include "tinyc/error.h"

namespace tinyc::tfl {
namespace {
Range range_of(const Quant& q) {
  const auto real = [&](std::int32_t v) { return q.scale[0] * static_cast<float>(v - q.zero_point[0]); };
  return {real(-128), real(127)};
}
}  // namespace

GraphBuilder::GraphBuilder(TensorTable& table, Stage stage) : tensors(table) { graph.stage = stage; }

TensorId GraphBuilder::add(Tensor t, bool derived) {
  derived_.push_back(derived);
  has_shape_.push_back(0);
  return graph.add(std::move(t));
}

std::string GraphBuilder::unique(const std::string& name) {
  std::string candidate = name;
  while (!names_.emplace(candidate, 0).second) candidate = name + "_" + std::to_string(++names_[name]);
  return candidate;
}

void GraphBuilder::rename(TensorId id, const std::string& name) {
  if (graph.at(id).name != name) graph.at(id).name = unique(name);
}

bool GraphBuilder::available(std::int32_t i) const {
  return tensors.is_constant(i) ||
         (static_cast<std::size_t>(i) < id_of_.size() && id_of_[static_cast<std::size_t>(i)] != kNoTensor);
}

void GraphBuilder::count(std::int32_t i) {
  if (counted_.insert(i).second) params_ += static_cast<std::uint64_t>(num_elements(tensors.shape(i)));
}

void GraphBuilder::check_shape(std::int32_t file_tensor, TensorId id) const {
  if (tensors.shape_known(file_tensor) && tensors.shape(file_tensor) != graph.at(id).shape)
    throw Error(ErrorCode::damaged_model,
                "The file gives tensor '" + tensors.name(file_tensor) + "' the shape " +
                    to_string(tensors.shape(file_tensor)) + ", its inputs give " + to_string(graph.at(id).shape) + ".",
                "The file is damaged or was resized after conversion; export it again.");
}

void GraphBuilder::alias(std::int32_t to, TensorId from) {
  check_shape(to, from);
  const auto at = static_cast<std::size_t>(to);
  if (id_of_.size() <= at) id_of_.resize(at + 1, kNoTensor);
  id_of_[at] = from;
  // What QUANTIZE tells of the range stays useful in a float graph.
  Tensor& t = graph.at(from);
  if (!quantized() && !t.range && !t.is_const() && tensors.is_int8(to))
    if (const auto q = tensors.quant(to); q && !q->per_channel()) t.range = range_of(*q);
}

TensorId GraphBuilder::activation(std::int32_t i) {
  const auto at = static_cast<std::size_t>(i);
  if (id_of_.size() <= at) id_of_.resize(at + 1, kNoTensor);
  if (id_of_[at] != kNoTensor) return id_of_[at];
  const std::string who = "tensor '" + tensors.name(i) + "'";
  if (tensors.variable(i))
    reject(who + " keeps its value between inferences (a state)",
           "Make the state an input and an output of the model.");
  if (!tensors.is_float(i) && !tensors.is_int8(i) && !tensors.is_index(i))
    reject(who + " has type " + type_name(tensors.type(i)) +
           "; activations may be float32, int8 or uint8, and int32 or int64 where they count");
  Tensor t;
  t.shape = tensors.shape(i);
  if (tensors.is_int8(i)) {
    const auto q = tensors.quant(i);
    if (!q || q->per_channel())
      reject(who + " has type " + type_name(tensors.type(i)) + " but not one scale, so its integers have no real value",
             "Let the model's inputs be float32, or quantize them with the converter.");
    if (quantized()) {
      t.dtype = DType::i8;
      t.quant = q;
    } else {
      t.range = range_of(*q);
    }
  } else if (tensors.is_index(i)) {
    if (quantized()) {
      t.dtype = DType::i32;
      t.quant = Quant{{1.0f}, {0}, 0};
    }
  } else if (quantized()) {
    reject(who + " is float in a quantized model");
  }
  t.name = unique(tensors.name(i));
  const bool known = tensors.shape_known(i);
  id_of_[at] = add(std::move(t), false);
  has_shape_.back() = known;
  activations_.emplace_back(id_of_[at], i);
  return id_of_[at];
}

TensorId GraphBuilder::constant(std::int32_t i) {
  const auto at = static_cast<std::size_t>(i);
  if (id_of_.size() <= at) id_of_.resize(at + 1, kNoTensor);
  if (id_of_[at] != kNoTensor) return id_of_[at];
  const Tensor& stored = tensors.constant(i);
  Tensor t = quantized() ? stored : dequantized(stored);
  if (quantized() && (t.dtype != DType::i8 || !t.quant))
    reject("constant '" + tensors.name(i) + "' (" + name_of(t.dtype) + ") is not quantized as the model is");
  if (t.data != stored.data) tensors.account(t.bytes());
  t.name = unique(tensors.name(i));
  count(i);
  id_of_[at] = add(std::move(t), true);
  return id_of_[at];
}

TensorId GraphBuilder::bias(std::int32_t i, TensorId input, std::int32_t input_file, std::int32_t weights_file) {
  if (!tensors.is_constant(i)) return activation(i);
  const Tensor& stored = tensors.constant(i);
  if (stored.dtype != DType::i32) return constant(i);
  const auto key = std::pair{i, std::pair{input_file, weights_file}};
  if (const auto found = biases_.find(key); found != biases_.end()) return found->second;
  // The kernels add the integers as they are: their scale is always that of input times weights, whatever the file
  // says.
  const auto sx = quantized() ? graph.at(input).quant : tensors.quant(input_file);
  const auto sw = tensors.quant(weights_file);
  if (!sx || sx->per_channel() || !sw)
    reject("bias '" + tensors.name(i) + "' is int32, but the input or the weights have no scale");
  Tensor t = stored;
  const auto n = static_cast<std::size_t>(num_elements(t.shape));
  if (sw->per_channel() && sw->scale.size() != n)
    reject("bias '" + tensors.name(i) + "' has " + std::to_string(n) + " elements for " +
           std::to_string(sw->scale.size()) + " channels");
  t.shape = {static_cast<std::int32_t>(n)};
  t.quant = Quant{};
  for (const float s : sw->scale) {
    t.quant->scale.push_back(s * sx->scale[0]);
    t.quant->zero_point.push_back(0);
    if (!std::isfinite(t.quant->scale.back())) reject("bias '" + tensors.name(i) + "' has an impossible scale");
  }
  if (!quantized()) t = dequantized(t);
  t.name = unique(tensors.name(i));
  count(i);
  return biases_[key] = add(std::move(t), true);
}

void GraphBuilder::check_index_types() const {
  const auto index = index_tensors(graph);
  std::vector<std::uint8_t> used(graph.tensors.size(), 0);
  for (const Node& n : graph.nodes) {
    for (const auto id : n.inputs)
      if (id != kNoTensor) used[static_cast<std::size_t>(id)] = 1;
    for (const auto id : n.outputs) used[static_cast<std::size_t>(id)] = 1;
  }
  for (const auto& [id, i] : activations_) {
    const auto at = static_cast<std::size_t>(id);
    if (used[at] && tensors.is_index(i) != (index[at] != 0))
      reject("tensor '" + tensors.name(i) + "' has type " + type_name(tensors.type(i)) +
                 (index[at] ? ", but is used as positions or indices, which are int32 or int64"
                            : ": whole numbers are taken as positions and indices only"),
             "Cut the model there and do the rest in firmware.");
  }
}

TensorId GraphBuilder::temporary(const std::string& name, TensorId like) {
  const Tensor& source = graph.at(like);
  Tensor t;
  t.name = unique(name);
  t.dtype = source.dtype;
  t.quant = source.quant;
  t.range = source.range;
  return add(std::move(t), false);
}

TensorId GraphBuilder::literal(const std::string& name, Shape shape, std::span<const float> values) {
  return add(make_const(unique(name), std::move(shape), values), true);
}

void GraphBuilder::emit(OpData op, std::vector<TensorId> inputs, TensorId output, std::int32_t source) {
  Node n{std::move(op), std::move(inputs), {output}, graph.at(output).name, source};
  const Shape stated = graph.at(output).shape;
  infer_shapes(graph, n);
  const Shape& found = graph.at(output).shape;
  if (has_shape_[static_cast<std::size_t>(output)] && found != stated)
    throw Error(ErrorCode::damaged_model,
                "Operator " + std::to_string(source) + " (" + name_of(kind(n.op)) + "): the file gives tensor '" +
                    n.name + "' the shape " + to_string(stated) + ", its inputs give " + to_string(found) + ".",
                "The file is damaged or was resized after conversion; export it again.");
  bool derived = true;
  for (const auto id : n.inputs) derived = derived && (id == kNoTensor || derived_[static_cast<std::size_t>(id)]);
  derived_[static_cast<std::size_t>(output)] = derived;
  graph.nodes.push_back(std::move(n));
}

}  // namespace tinyc::tfl
