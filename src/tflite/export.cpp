#include "tflite/exporter.h"
#include "tflite/op_case.h"
#include "tflite/op_export.h"
#include "tinyc/error.h"
#include "tinyc/import.h"

namespace tinyc {
namespace tfl {
namespace {

fb::TensorType type_of(DType t) {
  switch (t) {
    case DType::f32: return fb::TensorType::FLOAT32;
    case DType::i8: return fb::TensorType::INT8;
    case DType::i16: return fb::TensorType::INT16;
    case DType::i32: return fb::TensorType::INT32;
    case DType::i64: return fb::TensorType::INT64;
    case DType::boolean: return fb::TensorType::BOOL;
  }
  return fb::TensorType::FLOAT32;
}

}  // namespace

// Buffer 0 is the empty one that marks activations.
Exporter::Exporter(const Graph& g, bool share_constants) : graph_(g), share_(share_constants) {
  buffers_.push_back(fb::CreateBuffer(out_));
  const auto index = index_tensors(g);
  for (std::size_t i = 0; i < g.tensors.size(); ++i) {
    Tensor t = g.tensors[i];
    if (index[i]) {
      t.dtype = DType::i32;
      t.quant.reset();
    }
    file_id_.push_back(add_tensor(t));
  }
}

std::uint32_t Exporter::add_buffer(std::span<const std::uint8_t> bytes) {
  const auto next = static_cast<std::uint32_t>(buffers_.size());
  if (share_) {
    const auto [at, fresh] = buffer_of_.emplace(std::string(bytes.begin(), bytes.end()), next);
    if (!fresh) return at->second;
  }
  out_.ForceVectorAlignment(bytes.size(), 1, 16);
  const auto data = out_.CreateVector(bytes.data(), bytes.size());
  buffers_.push_back(fb::CreateBuffer(out_, data));
  return next;
}

std::int32_t Exporter::add_tensor(const Tensor& t) {
  flatbuffers::Offset<fb::QuantizationParameters> q = 0;
  if (t.quant) {
    const auto scale = out_.CreateVector(t.quant->scale);
    const auto zero =
        out_.CreateVector(std::vector<std::int64_t>(t.quant->zero_point.begin(), t.quant->zero_point.end()));
    q = fb::CreateQuantizationParameters(out_, 0, 0, scale, zero, fb::QuantizationDetails::NONE, 0, t.quant->axis);
  }
  const std::uint32_t buffer = t.is_const() ? add_buffer(*t.data) : 0;
  const auto shape = out_.CreateVector(t.shape);
  const auto name = out_.CreateString(t.name);
  tensors_.push_back(fb::CreateTensor(out_, shape, type_of(t.dtype), buffer, name, q, false, 0, 0, true));
  return static_cast<std::int32_t>(tensors_.size() - 1);
}

std::int32_t Exporter::parameter(const Node& n, const char* what, Shape shape, const Ints& v) {
  Bytes bytes(v.size() * sizeof(std::int32_t));
  if (!v.empty()) std::memcpy(bytes.data(), v.data(), bytes.size());
  return add_tensor(make_const(n.name + "/" + what, DType::i32, std::move(shape), std::move(bytes)));
}

std::int32_t Exporter::activation_like(const Tensor& like, const std::string& name, const Shape& shape) {
  Tensor t;
  t.name = name;
  t.dtype = like.dtype;
  t.shape = shape;
  t.quant = like.quant;
  return add_tensor(t);
}

std::uint32_t Exporter::code_index(fb::BuiltinOperator code) {
  const auto found = std::find(codes_.begin(), codes_.end(), code);
  if (found != codes_.end()) return static_cast<std::uint32_t>(found - codes_.begin());
  codes_.push_back(code);
  return static_cast<std::uint32_t>(codes_.size() - 1);
}

void Exporter::add_operator(fb::BuiltinOperator code, const Ids& inputs, const Ids& outputs, fb::BuiltinOptions type,
                            flatbuffers::Offset<void> options) {
  const auto in = out_.CreateVector(inputs), to = out_.CreateVector(outputs);
  operators_.push_back(fb::CreateOperator(out_, code_index(code), in, to, type, options));
}

Bytes Exporter::run() {
  for (const auto& n : graph_.nodes) {
    OpExport one(*this, n);
    export_operator(one);
  }
  const bool quantized = graph_.stage != Stage::Float;
  std::vector<flatbuffers::Offset<fb::OperatorCode>> codes;
  for (const auto code : codes_) {
    const auto old = std::min(static_cast<std::int32_t>(code), 127);  // readers take the larger of the two fields
    const OpCase& row = *case_of(code);
    const auto version = quantized ? row.int8_version : row.float_version;
    codes.push_back(fb::CreateOperatorCode(out_, static_cast<std::int8_t>(old), 0, version, code));
  }
  const auto ids = [&](const std::vector<TensorId>& from) {
    Ids to;
    for (const auto id : from) to.push_back(file_id_[static_cast<std::size_t>(id)]);
    return out_.CreateVector(to);
  };
  const auto inputs = ids(graph_.inputs), outputs = ids(graph_.outputs);
  const auto tensors = out_.CreateVector(tensors_);
  const auto operators = out_.CreateVector(operators_);
  const auto name = out_.CreateString(graph_.name);
  const std::vector subgraphs = {fb::CreateSubGraph(out_, tensors, inputs, outputs, operators, name)};
  const auto graphs = out_.CreateVector(subgraphs);
  const auto code_list = out_.CreateVector(codes);
  const auto buffers = out_.CreateVector(buffers_);
  const auto description = out_.CreateString("tinyc");
  out_.Finish(fb::CreateModel(out_, 3, code_list, graphs, description, buffers), fb::ModelIdentifier());
  return Bytes(out_.GetBufferPointer(), out_.GetBufferPointer() + out_.GetSize());
}

}  // namespace tfl

Bytes export_tflite(const Graph& g, bool share_constants) { return tfl::Exporter(g, share_constants).run(); }

}  // namespace tinyc
