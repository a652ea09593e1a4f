#include "tflite/facts.h"

#include <cctype>
#include <map>

#include "tflite/sha256.h"
#include "tinyc/error.h"

namespace tinyc::tfl {

ModelFacts file_facts(const ModelFile& file, const TensorTable& tensors, std::span<const std::uint8_t> bytes) {
  ModelFacts f;
  f.sha256 = sha256(bytes);
  f.file_bytes = bytes.size();
  const auto describe = [&](std::int32_t i) {
    std::string dtype = type_name(tensors.type(i));
    for (auto& ch : dtype) ch = static_cast<char>(std::tolower(static_cast<unsigned char>(ch)));
    return ModelFacts::IO{tensors.name(i), tensors.shape(i), dtype};
  };
  for (const auto i : file.inputs()) f.inputs.push_back(describe(i));
  for (const auto i : file.outputs()) f.outputs.push_back(describe(i));
  std::map<std::string, int> counts;
  for (std::size_t i = 0; i < file.op_count(); ++i) ++counts[file.op_name(file.op(i))];
  for (const auto& [name, count] : counts) f.ops.push_back({name, count});
  return f;
}

void throw_unsupported(const std::vector<ModelFacts::Unsupported>& list, const std::string& path) {
  std::string text = "'" + printable(path) + "' needs " +
                     (list.size() == 1 ? "one thing" : std::to_string(list.size()) + " things") +
                     " that tinyc does not support:";
  for (const auto& u : list) {
    text += "\n  " + (u.node >= 0 ? "node " + std::to_string(u.node) + " " : std::string()) + u.op +
            (u.tensor.empty() ? "" : " '" + u.tensor + "'") + ": " + u.why;
  }
  throw Error(ErrorCode::unsupported, text, "`tinyc inspect` shows the model; `tinyc ops` lists what is supported.");
}

}  // namespace tinyc::tfl
