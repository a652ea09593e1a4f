// What several passes need to change a graph: redirecting uses, removing nodes, reading constants, evaluating a node.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tinyc/graph.h"

namespace tinyc {

/// Makes every node and graph output that reads `from` read `to` instead.
void replace_uses(Graph& g, TensorId from, TensorId to);

/// Removes the node at `index`, whose only output always equals `same`, one of its inputs. When that output is a graph
/// output it survives under its own name and the producer of `same` writes it. Returns false and changes nothing when
/// that is not possible: the graph output would become a graph input, a constant or another graph output.
bool remove_identity(Graph& g, std::size_t index, TensorId same);

/// The fused activation of an operator, nullptr when it has none.
Act* fused_activation(OpData& op);

/// Position of the activation that a node with weights works on (the weights' neighbour); 0 for all other nodes.
std::size_t data_input(const Node& n);
/// The tensor at input `i`, kNoTensor when the node has fewer inputs or leaves it out.
TensorId input_or_none(const Node& n, std::int32_t i);

/// True for a float constant whose elements all equal `value`.
bool is_filled_with(const Tensor& t, float value);
/// True when both have a quantization and it is the same, or neither has one.
bool same_quant(const Tensor& a, const Tensor& b);

/// A float or int32 vector as a tensor with the name and quantization of `like`, which may have another shape.
Tensor constant_like(const Tensor& like, Shape shape, std::span<const float> values);
Tensor constant_like(const Tensor& like, Shape shape, std::span<const std::int32_t> values);

/// The payloads of the outputs of `n` when its input i holds `inputs[i]` (null: the constant itself, or absent). Float
/// nodes run their reference semantics, quantized ones the shipped kernels, so the integers are those of the target.
/// Empty when the node has no integer kernel for its attributes.
std::optional<std::vector<SharedBytes>> evaluate(const Graph& g, const Node& n, std::span<const SharedBytes> inputs);

/// The payload of a tensor that is zero everywhere: zero point bytes when it is quantized.
SharedBytes zeros(const Tensor& t);

}  // namespace tinyc
