// Recognising and verifying model files.
#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "tflite/model_file.h"
#include "tinyc/error.h"

namespace tinyc::tfl {
namespace {

constexpr int kMaxDepth = 32, kMaxTables = 1'000'000;

bool starts_with(std::span<const std::uint8_t> bytes, std::string_view prefix) {
  return bytes.size() >= prefix.size() && std::memcmp(bytes.data(), prefix.data(), prefix.size()) == 0;
}

[[noreturn]] void refuse(const std::string& path, const std::string& why, const std::string& hint,
                         ErrorCode code = ErrorCode::damaged_model) {
  throw Error(code, "'" + printable(path) + "' " + why, hint);
}

// An ONNX file is a bare protobuf: ir_version (field 1, a small number), then usually the producer's name (field 2).
bool looks_like_onnx(std::span<const std::uint8_t> b) {
  if (b.size() < 4 || b[0] != 0x08 || b[1] == 0 || b[1] > 0x20) return false;
  return b[2] == 0x12 || b[2] == 0x1a || b[2] == 0x3a || b[2] == 0x42;
}

constexpr const char* kConvertHint =
    "Convert it to .tflite first, for instance with tf.lite.TFLiteConverter (Keras, SavedModel) or onnx2tf (ONNX).";

[[noreturn]] void not_a_model(const std::string& path, const std::string& why, const std::string& hint) {
  refuse(path, why, hint, ErrorCode::not_a_model);
}

void recognise(std::span<const std::uint8_t> b, const std::string& path) {
  if (b.size() >= 8 && std::memcmp(b.data() + 4, "TFL3", 4) == 0) return;
  if (b.empty()) not_a_model(path, "is empty.", "Fetch the file again.");
  if (starts_with(b, "version https://git-lfs"))
    not_a_model(path, "is a Git LFS pointer, not the model itself.",
                "Run `git lfs pull` in the repository it came from.");
  if (starts_with(b, "PK\x03\x04"))
    not_a_model(path, "is a zip archive (a .keras file, an .npz or a packed model).",
                "Unpack it; if it is a Keras model, convert it with tf.lite.TFLiteConverter.from_keras_model.");
  if (starts_with(b, "\x1f\x8b")) not_a_model(path, "is a gzip archive.", "Unpack it first.");
  if (starts_with(b, "\x89HDF\r\n\x1a\n"))
    not_a_model(path, "is an HDF5 file (a Keras .h5 model).",
                "Convert it with tf.lite.TFLiteConverter.from_keras_model.");
  if (looks_like_onnx(b)) not_a_model(path, "looks like an ONNX model.", kConvertHint);
  if (starts_with(b, "<!DOCTYPE") || starts_with(b, "<html") || starts_with(b, "<HTML"))
    not_a_model(path, "is a web page.", "The download gave a page instead of the file; use the link to the raw file.");
  if (b.size() >= 8 && std::memcmp(b.data() + 4, "TFL", 3) == 0)
    not_a_model(path, "is a TensorFlow Lite file of another schema version.",
                "Convert it again with a newer converter.");
  not_a_model(path, "is not a TensorFlow Lite model: the identifier TFL3 is missing.", kConvertHint);
}

std::size_t count(const auto* v) { return v ? v->size() : 0; }

}  // namespace

ModelFile::ModelFile(std::span<const std::uint8_t> bytes, const std::string& path) : bytes_(bytes) {
  recognise(bytes, path);
  const std::string damaged = "Fetch or export the file again.";
  if (bytes.size() >= FLATBUFFERS_MAX_BUFFER_SIZE)
    refuse(path, "is larger than 2 GiB.", "Models for microcontrollers are small; is this the right file?");
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % 16 != 0) {
    copy_.assign(bytes.begin(), bytes.end());
    bytes_ = copy_;
  }
  flatbuffers::Verifier verifier(bytes_.data(), bytes_.size(), kMaxDepth, kMaxTables);
  if (!fb::VerifyModelBuffer(verifier)) refuse(path, "is damaged: its structure points outside the file.", damaged);
  model_ = fb::GetModel(bytes_.data());
  if (model_->version() != 3)
    refuse(path, "has schema version " + std::to_string(model_->version()) + "; only version 3 exists in practice.",
           damaged);
  if (count(model_->subgraphs()) == 0) refuse(path, "holds no graph.", damaged);
  const fb::SubGraph* g = model_->subgraphs()->Get(0);
  tensors_ = g->tensors();
  ops_ = g->operators();
  if (count(tensors_) == 0) refuse(path, "holds a graph without tensors.", damaged);
  if (count(tensors_) > kMaxItems || count(ops_) > kMaxItems || count(model_->buffers()) > kMaxItems)
    refuse(path, "claims more than " + std::to_string(kMaxItems) + " tensors, operators or buffers.", damaged);
  inputs_ = values(g->inputs());
  outputs_ = values(g->outputs());
  check_ids(path);
}

void ModelFile::check_ids(const std::string& path) const {
  const auto bad = [&](const std::string& what) {
    refuse(path, "is damaged: " + what + " names a tensor that does not exist.", "Fetch or export the file again.");
  };
  const auto valid = [&](std::int32_t id) { return id >= 0 && static_cast<std::size_t>(id) < tensor_count(); };
  if (!std::ranges::all_of(inputs_, valid) || !std::ranges::all_of(outputs_, valid))
    bad("the list of inputs or outputs");
  if (inputs_.size() + outputs_.size() > kMaxItems) refuse(path, "claims too many inputs and outputs.", "");
  std::size_t total = 0;
  for (std::size_t i = 0; i < op_count(); ++i) {
    const std::string what = "operator " + std::to_string(i);
    if (op(i).opcode_index() >= count(model_->operator_codes()))
      refuse(path, "is damaged: " + what + " has no code.", "Fetch or export the file again.");
    for (const auto id : values(op(i).inputs()))
      if (id != -1 && !valid(id)) bad(what);
    for (const auto id : values(op(i).outputs()))
      if (!valid(id)) bad(what);
    total += count(op(i).inputs()) + count(op(i).outputs());
    if (total > 10 * kMaxItems) refuse(path, "claims too many operator inputs.", "");
  }
}

const fb::OperatorCode& ModelFile::opcode(const fb::Operator& o) const {
  return *model_->operator_codes()->Get(o.opcode_index());
}

fb::BuiltinOperator ModelFile::code(const fb::Operator& o) const {
  const auto& c = opcode(o);
  return static_cast<fb::BuiltinOperator>(
      std::max<std::int32_t>(static_cast<std::int32_t>(c.builtin_code()), c.deprecated_builtin_code()));
}

std::string ModelFile::custom_name(const fb::Operator& o) const {
  if (code(o) != fb::BuiltinOperator::CUSTOM) return {};
  const auto* name = opcode(o).custom_code();
  return name ? name->str() : "";
}

std::string ModelFile::op_name(const fb::Operator& o) const {
  const auto c = code(o);
  if (c == fb::BuiltinOperator::CUSTOM) return "CUSTOM:" + printable(custom_name(o), 60);
  const char* name = fb::EnumNameBuiltinOperator(c);
  return name && *name ? name : "BUILTIN_" + std::to_string(static_cast<std::int32_t>(c));
}

std::span<const std::uint8_t> ModelFile::outside(std::uint64_t offset, std::uint64_t size, const char* what) const {
  if (offset > bytes_.size() || size > bytes_.size() - offset)
    throw Error(ErrorCode::damaged_model, std::string("The file is damaged or cut: ") + what + " lies outside of it.",
                "Fetch the file again, whole.");
  return bytes_.subspan(offset, size);
}

std::span<const std::uint8_t> ModelFile::custom_options(const fb::Operator& o) const {
  if (o.large_custom_options_offset() > 1)
    return outside(o.large_custom_options_offset(), o.large_custom_options_size(), "an operator's options");
  const auto* v = o.custom_options();
  return v ? std::span(v->data(), v->size()) : std::span<const std::uint8_t>{};
}

std::span<const std::uint8_t> ModelFile::stored(const fb::Tensor& t) const {
  if (t.external_buffer() != 0)
    throw Error(ErrorCode::unsupported, "its data is in a separate file",
                "Export the model with its weights embedded.");
  if (t.buffer() == 0) return {};
  if (t.buffer() >= count(model_->buffers()))
    throw Error(ErrorCode::damaged_model, "A tensor names a buffer that does not exist.",
                "Fetch or export the file again.");
  const fb::Buffer& b = *model_->buffers()->Get(t.buffer());
  if (b.offset() > 1 && b.size() > 1) return outside(b.offset(), b.size(), "a tensor's data");
  return b.data() ? std::span(b.data()->data(), b.data()->size()) : std::span<const std::uint8_t>{};
}

std::string type_name(fb::TensorType t) {
  const char* name = fb::EnumNameTensorType(t);
  return name && *name ? name : "type " + std::to_string(static_cast<int>(t));
}

}  // namespace tinyc::tfl
