// Builds small .tflite files in memory, well-formed or deliberately odd, straight from the schema.
#pragma once
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "tflite_generated.h"
#include "tinyc/graph.h"

namespace tinyc::test {

namespace fb = tinyc::tflite;
using T = fb::TensorType;
using B = fb::BuiltinOperator;
using O = fb::BuiltinOptions;
using ActType = fb::ActivationFunctionType;

template <class V>
Bytes bytes_of(const std::vector<V>& v) {
  Bytes out(v.size() * sizeof(V));
  if (!v.empty()) std::memcpy(out.data(), v.data(), out.size());
  return out;
}
inline Bytes floats(const std::vector<float>& v) { return bytes_of(v); }
inline Bytes int32s(const std::vector<std::int32_t>& v) { return bytes_of(v); }
inline Bytes int8s(const std::vector<std::int8_t>& v) { return bytes_of(v); }

/// Everything a tensor of a file can say; designated initializers keep the tests short.
struct TensorSpec {
  std::string name;
  T type = T::FLOAT32;
  Shape shape;
  Bytes data = {};  ///< empty: activation
  std::vector<float> scale = {};
  std::vector<std::int64_t> zero = {};
  std::int32_t axis = 0;
  Shape signature = {};
  bool variable = false;
  bool outside = false;      ///< data behind the flatbuffer, named by offset and size
  std::int32_t buffer = -1;  ///< share this buffer instead of an own one
  std::uint32_t external = 0;
  flatbuffers::Offset<fb::SparsityParameters> sparsity = 0;
  bool blockwise = false;
};

class ModelBuilder {
 public:
  ModelBuilder() { buffers_.push_back({}); }

  flatbuffers::FlatBufferBuilder fbb;

  std::int32_t tensor(TensorSpec t) {
    specs_.push_back(std::move(t));
    auto& s = specs_.back();
    if (s.buffer < 0) {
      s.buffer = 0;
      if (!s.data.empty()) {
        s.buffer = static_cast<std::int32_t>(buffers_.size());
        buffers_.push_back({s.data, s.outside});
      }
    }
    return static_cast<std::int32_t>(specs_.size() - 1);
  }
  std::int32_t activation(const std::string& name, Shape shape) {
    return tensor({.name = name, .shape = std::move(shape)});
  }
  std::int32_t int8(const std::string& name, Shape shape, float scale, std::int64_t zero) {
    return tensor({.name = name, .type = T::INT8, .shape = std::move(shape), .scale = {scale}, .zero = {zero}});
  }
  std::int32_t constant(const std::string& name, Shape shape, const std::vector<float>& v) {
    return tensor({.name = name, .shape = std::move(shape), .data = floats(v)});
  }
  std::int32_t ints(const std::string& name, const std::vector<std::int32_t>& v) {
    return tensor({.name = name, .type = T::INT32, .shape = {static_cast<std::int32_t>(v.size())}, .data = int32s(v)});
  }
  std::int32_t int_scalar(const std::string& name, std::int32_t v) {
    return tensor({.name = name, .type = T::INT32, .shape = {}, .data = int32s({v})});
  }

  void op(B code, std::vector<std::int32_t> in, std::vector<std::int32_t> out) {
    op(code, std::move(in), std::move(out), O::NONE, flatbuffers::Offset<void>());
  }
  template <class Options>
  void op(B code, std::vector<std::int32_t> in, std::vector<std::int32_t> out, O type,
          flatbuffers::Offset<Options> options) {
    operators_.push_back({static_cast<std::int32_t>(code),
                          "",
                          {},
                          std::move(in),
                          std::move(out),
                          type,
                          flatbuffers::Offset<void>(options.o)});
  }
  void custom(const std::string& name, Bytes options, std::vector<std::int32_t> in, std::vector<std::int32_t> out) {
    operators_.push_back(
        {static_cast<std::int32_t>(B::CUSTOM), name, std::move(options), std::move(in), std::move(out), O::NONE, 0});
  }

  bool old_codes = false;       ///< only the deprecated code field is written
  std::int32_t op_version = 1;  ///< of all operators

  Bytes finish(const std::vector<std::int32_t>& inputs, const std::vector<std::int32_t>& outputs) {
    std::vector<flatbuffers::Offset<fb::Buffer>> buffers;
    for (const auto& b : buffers_) {
      if (b.outside) {
        buffers.push_back(fb::CreateBuffer(fbb, 0, kPlace + buffers.size(), b.data.size()));
      } else if (b.data.empty()) {
        buffers.push_back(fb::CreateBuffer(fbb));
      } else {
        fbb.ForceVectorAlignment(b.data.size(), 1, 16);
        const auto v = fbb.CreateVector(b.data);
        buffers.push_back(fb::CreateBuffer(fbb, v));
      }
    }
    std::vector<flatbuffers::Offset<fb::Tensor>> tensors;
    for (const auto& s : specs_) tensors.push_back(write(s));
    std::vector<flatbuffers::Offset<fb::OperatorCode>> codes;
    std::vector<flatbuffers::Offset<fb::Operator>> ops;
    for (const auto& o : operators_) {
      const auto name = o.custom.empty() ? 0 : fbb.CreateString(o.custom);
      const auto old = static_cast<std::int8_t>(std::min(o.code, 127));
      codes.push_back(fb::CreateOperatorCode(fbb, old, name, op_version, static_cast<B>(old_codes ? 0 : o.code)));
      const auto in = fbb.CreateVector(o.in), out = fbb.CreateVector(o.out);
      const auto custom = o.options.empty() ? 0 : fbb.CreateVector(o.options);
      ops.push_back(
          fb::CreateOperator(fbb, static_cast<std::uint32_t>(codes.size() - 1), in, out, o.type, o.builtin, custom));
    }
    const auto tv = fbb.CreateVector(tensors);
    const auto iv = fbb.CreateVector(inputs), ov = fbb.CreateVector(outputs);
    const auto opv = fbb.CreateVector(ops);
    const std::vector graphs = {fb::CreateSubGraph(fbb, tv, iv, ov, opv)};
    const auto gv = fbb.CreateVector(graphs);
    const auto cv = fbb.CreateVector(codes);
    const auto bv = fbb.CreateVector(buffers);
    fbb.Finish(fb::CreateModel(fbb, 3, cv, gv, 0, bv), fb::ModelIdentifier());
    Bytes file(fbb.GetBufferPointer(), fbb.GetBufferPointer() + fbb.GetSize());
    // Data outside goes behind the flatbuffer; its place is known only now.
    for (std::size_t i = 0; i < buffers_.size(); ++i) {
      if (!buffers_[i].outside) continue;
      const auto* table = fb::GetModel(file.data())->buffers()->Get(static_cast<flatbuffers::uoffset_t>(i));
      auto* raw = const_cast<flatbuffers::Table*>(reinterpret_cast<const flatbuffers::Table*>(table));
      raw->SetField<std::uint64_t>(fb::Buffer::VT_OFFSET, file.size(), 0);
      file.insert(file.end(), buffers_[i].data.begin(), buffers_[i].data.end());
    }
    return file;
  }

 private:
  static constexpr std::uint64_t kPlace = 1000;  // any offset over 1; replaced once the place is known
  struct BufferSpec {
    Bytes data;
    bool outside = false;
  };
  struct OperatorSpec {
    std::int32_t code;
    std::string custom;
    Bytes options;
    std::vector<std::int32_t> in, out;
    O type;
    flatbuffers::Offset<void> builtin;
  };

  flatbuffers::Offset<fb::Tensor> write(const TensorSpec& s) {
    flatbuffers::Offset<fb::QuantizationParameters> q = 0;
    if (!s.scale.empty() || s.blockwise) {
      const auto scale = fbb.CreateVector(s.scale);
      const auto zero = fbb.CreateVector(s.zero);
      const auto details = s.blockwise ? fb::CreateBlockwiseQuantization(fbb).Union() : 0;
      q = fb::CreateQuantizationParameters(
          fbb, 0, 0, scale, zero,
          s.blockwise ? fb::QuantizationDetails::BlockwiseQuantization : fb::QuantizationDetails::NONE, details,
          s.axis);
    }
    const auto shape = fbb.CreateVector(s.shape);
    const auto name = s.name.empty() ? 0 : fbb.CreateString(s.name);
    const auto signature = s.signature.empty() ? 0 : fbb.CreateVector(s.signature);
    return fb::CreateTensor(fbb, shape, s.type, static_cast<std::uint32_t>(s.buffer), name, q, s.variable, s.sparsity,
                            signature, false, 0, s.external);
  }

  std::vector<TensorSpec> specs_;
  std::vector<BufferSpec> buffers_;
  std::vector<OperatorSpec> operators_;
};

}  // namespace tinyc::test
