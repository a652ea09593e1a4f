// Writing .tflite files: tensors, constants and operators of one subgraph.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "tflite/model_file.h"
#include "tinyc/graph.h"

namespace tinyc::tfl {

class Exporter {
 public:
  Exporter(const Graph& g, bool share_constants);
  /// The whole file.
  Bytes run();

 private:
  friend class OpExport;
  using Ids = std::vector<std::int32_t>;

  std::int32_t add_tensor(const Tensor& t);
  /// A constant parameter tensor of `n`.
  std::int32_t parameter(const Node& n, const char* what, const Ints& values) {
    return parameter(n, what, {static_cast<std::int32_t>(values.size())}, values);
  }
  std::int32_t parameter(const Node& n, const char* what, Shape shape, const Ints& values);
  /// An activation like `like` with another shape, not in the graph.
  std::int32_t activation_like(const Tensor& like, const std::string& name, const Shape& shape);
  std::uint32_t add_buffer(std::span<const std::uint8_t> bytes);
  void add_operator(fb::BuiltinOperator code, const Ids& inputs, const Ids& outputs,
                    fb::BuiltinOptions type = fb::BuiltinOptions::NONE, flatbuffers::Offset<void> options = 0);
  std::uint32_t code_index(fb::BuiltinOperator code);

  const Graph& graph_;
  bool share_;
  flatbuffers::FlatBufferBuilder out_;
  std::vector<flatbuffers::Offset<fb::Tensor>> tensors_;
  std::vector<flatbuffers::Offset<fb::Buffer>> buffers_;
  std::vector<flatbuffers::Offset<fb::Operator>> operators_;
  std::vector<fb::BuiltinOperator> codes_;
  std::map<std::string, std::uint32_t> buffer_of_;  // equal constants are stored once
  Ids file_id_;                                     // by graph tensor
};

}  // namespace tinyc::tfl
