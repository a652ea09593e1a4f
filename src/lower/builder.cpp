// ProgramBuilder: what an operator's `lower` writes to.
#include <algorithm>
#include <cstring>
#include <string_view>

#include "tinyc/error.h"
#include "tinyc/program.h"

namespace tinyc {
namespace {

std::size_t at(std::int32_t id) { return static_cast<std::size_t>(id); }

template <class T>
Bytes to_bytes(std::span<const T> v) {
  Bytes bytes(v.size_bytes());
  if (!bytes.empty()) std::memcpy(bytes.data(), v.data(), bytes.size());
  return bytes;
}

std::string quoted(const std::string& name) { return "'" + printable(name) + "'"; }

}  // namespace

ValueId ProgramBuilder::value(TensorId id) {
  const Tensor& t = graph_.at(id);
  if (value_of_[at(id)] >= 0) return value_of_[at(id)];
  if (t.is_const())
    throw Error(ErrorCode::not_quantizable, "the constant " + quoted(t.name) + " stands where an activation is needed");
  if ((t.dtype != DType::i8 && t.dtype != DType::i32) || !t.quant || t.quant->scale.size() != 1)
    throw Error(ErrorCode::not_quantizable, "the activation " + quoted(t.name) + " is not int8 with one scale");
  Value v;
  v.name = t.name;
  v.shape = t.shape;
  v.type = t.dtype;
  v.bytes = static_cast<std::uint32_t>(t.bytes());
  v.scale = t.quant->scale[0];
  v.zero_point = t.quant->zero_point[0];
  program_.values.push_back(std::move(v));
  return value_of_[at(id)] = static_cast<ValueId>(program_.values.size() - 1);
}

void ProgramBuilder::alias(TensorId from, TensorId to) {
  const ValueId v = value(from);
  if (value_of_[at(to)] >= 0 && value_of_[at(to)] != v)
    throw Error(ErrorCode::defect, "tensor " + quoted(graph_.at(to).name) + " already has a place of its own");
  if (graph_.at(from).bytes() != graph_.at(to).bytes())
    throw Error(ErrorCode::defect,
                "tensors " + quoted(graph_.at(from).name) + " and " + quoted(graph_.at(to).name) + " differ in size");
  value_of_[at(to)] = v;
}

ValueId ProgramBuilder::temporary(std::string name, std::uint32_t bytes) {
  Value v;
  v.name = std::move(name);
  v.shape = {static_cast<std::int32_t>(bytes)};
  v.bytes = bytes;
  program_.values.push_back(std::move(v));
  return static_cast<ValueId>(program_.values.size() - 1);
}

BlobId ProgramBuilder::blob(Blob::Kind kind, Blob::Type type, const std::string& name, Bytes bytes) {
  auto& blobs = program_.blobs;
  const auto hash = std::hash<std::string_view>()({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  const auto [first, last] = blobs_by_hash_.equal_range(hash);
  for (auto it = first; it != last; ++it)
    if (const Blob& b = blobs[at(it->second)]; b.kind == kind && b.type == type && b.bytes == bytes) return it->second;
  blobs_by_hash_.emplace(hash, static_cast<BlobId>(blobs.size()));
  blobs.push_back({kind, type, name, std::move(bytes)});
  return static_cast<BlobId>(blobs.size() - 1);
}

BlobId ProgramBuilder::params_i32(const std::string& name, std::span<const std::int32_t> v) {
  return blob(Blob::Kind::params, Blob::Type::i32, name, to_bytes(v));
}

BlobId ProgramBuilder::params_i8(const std::string& name, std::span<const std::int8_t> v) {
  return blob(Blob::Kind::params, Blob::Type::i8, name, to_bytes(v));
}

void ProgramBuilder::weights(Layer& l, TensorId id) {
  const Tensor& t = graph_.at(id);
  if (!t.is_const() || t.dtype != DType::i8)
    throw Error(ErrorCode::not_quantizable, "the weights " + quoted(t.name) + " are not constant int8");
  if (t.coded) {
    // int8 as raw weights are, so that the record's pointer needs no cast
    l.weights = blob(Blob::Kind::weights, Blob::Type::i8, t.name, *t.coded->stream);
    l.codec = blob(Blob::Kind::tables, Blob::Type::u8, "decode table " + std::to_string(t.coded->table),
                   *graph_.code_tables.at(at(t.coded->table)));
    l.scratch_bytes = reader_bytes(*graph_.code_tables.at(at(t.coded->table)), filter_shape(l.op, t.shape));
    l.record.stream_bytes = static_cast<std::uint32_t>(t.coded->stream->size());
  } else {
    l.weights = blob(Blob::Kind::weights, Blob::Type::i8, t.name, *t.data);
  }
  l.weight_count = static_cast<std::uint32_t>(t.data->size());
}

FilterShape filter_shape(const Layer& l) noexcept {
  const tinyc_layer& r = l.record;
  const auto n = [](std::int32_t v) { return static_cast<std::uint32_t>(std::max(v, 1)); };
  switch (l.op) {
    case OpKind::conv_2d: return {n(r.p[0]), n(r.k_h * r.k_w), 1};
    case OpKind::transpose_conv: return {n(r.in_c), n(r.k_h * r.k_w), 1};
    case OpKind::depthwise_conv_2d: return {1, n(r.k_h * r.k_w), n(r.out_c)};
    default: return {n(r.in_c), 1, 1};
  }
}

Layer ProgramBuilder::make(const Node& n, const Kernel& k) {
  Layer l;
  l.name = n.name;
  l.op = kind(n.op);
  l.source = n.source;
  l.kernel = &k;
  const auto activation = [&](std::size_t i) {
    return i < n.inputs.size() && n.inputs[i] != kNoTensor && !graph_.at(n.inputs[i]).is_const() ? value(n.inputs[i])
                                                                                                 : -1;
  };
  l.in0 = activation(0);
  l.in1 = activation(1);
  l.out = value(n.outputs.at(0));
  return l;
}

void ProgramBuilder::add(Layer l) {
  if (l.weight_count == 0 && l.weights >= 0)
    l.weight_count = static_cast<std::uint32_t>(program_.blobs.at(at(l.weights)).bytes.size());
  if (!l.part) l.record.out_bytes = program_.values.at(at(l.out)).bytes;
  program_.layers.push_back(std::move(l));
}

}  // namespace tinyc
