// The range coder on the weights of real models.
#include <filesystem>
#include <set>

#include "catch.h"
#include "naive_range_decoder.h"
#include "tflite/model_file.h"
#include "tinyc/dataset.h"
#include "tinyc/error.h"
#include "tinyc/import.h"
#include "weights.h"

using namespace tinyc;
using namespace tinyc::test;

namespace {

struct ModelWeights {
  std::string name;
  Weights values;
  FilterShape shape;
};

/// What operators read as int8 weights; the int8 constants of a model with operators that tinyc has not, as dense ones.
std::vector<ModelWeights> int8_weights(const std::filesystem::path& path) {
  std::vector<ModelWeights> all;
  try {
    const Import model = import_tflite(path);
    std::set<TensorId> seen;
    for (const Node& n : model.graph.nodes) {
      const int at = traits(n.op).quant.weight;
      if (at < 0 || at >= static_cast<int>(n.inputs.size())) continue;
      const TensorId id = n.inputs[static_cast<std::size_t>(at)];
      if (id == kNoTensor || !seen.insert(id).second) continue;
      const Tensor& t = model.graph.at(id);
      if (!t.is_const() || t.dtype != DType::i8) continue;
      const auto v = t.as<std::int8_t>();
      all.push_back({t.name, {v.begin(), v.end()}, filter_shape(kind(n.op), t.shape)});
    }
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::unsupported) throw;
    const Bytes bytes = read_file(path, ErrorKind::input);
    const tfl::ModelFile file(bytes, path.string());
    for (std::size_t i = 0; i < file.tensor_count(); ++i) {
      const auto& t = file.tensor(i);
      const auto stored = file.stored(t);
      if (t.type() != tfl::fb::TensorType::INT8 || stored.empty()) continue;
      const Shape shape = tfl::values(t.shape());
      ModelWeights& w = all.emplace_back();
      w.name = t.name()->str();
      for (const std::uint8_t b : stored) w.values.push_back(static_cast<std::int8_t>(b));
      w.shape = shape.size() == 2 ? filter_shape(OpKind::fully_connected, shape) : FilterShape{};
    }
  }
  return all;
}

/// Codes alone with a range coder's header; both decoders agree. Bytes of stream and header.
std::size_t round_trip(const ModelWeights& w) {
  const FilterWeights one{w.values, w.shape};
  const CodeTable header = range_headers({&one, 1})[0];
  if (header.bytes.empty()) return w.values.size();  // stays raw
  const Bytes stream = encode(header, w.values, w.shape);
  REQUIRE(decode(header, stream, w.values.size(), w.shape) == w.values);
  REQUIRE(NaiveRangeDecoder(header.bytes, stream, w.shape).decode(w.values.size()) == w.values);
  return stream.size() + header.bytes.size();
}

}  // namespace

TEST_CASE("range coder: weights of the shared int8 models") {
  const std::filesystem::path models = std::filesystem::path(TINYC_SHARED_DIR) / "models";
  if (!std::filesystem::exists(models)) {
    WARN("skipped: no models in " << models);
    return;
  }
  std::size_t large = 0;
  std::set<std::string> names;  // of models with int8 weights
  for (const auto& entry : std::filesystem::recursive_directory_iterator(models)) {
    if (entry.path().extension() != ".tflite") continue;
    for (const ModelWeights& w : int8_weights(entry.path())) {
      const std::string name = entry.path().stem().string();
      names.insert(name);
      CAPTURE(name, w.name, w.values.size());
      const std::size_t bytes = round_trip(w);
      if (w.values.size() <= 4096) continue;
      CHECK(static_cast<double>(bytes) <=
            1.015 * entropy_bits(w.values) * static_cast<double>(w.values.size()) / 8 + 64);
      ++large;
    }
  }
  CAPTURE(names);
  CHECK(large > 20);
  for (const char* name :
       {"ad01_int8", "hello_world_int8", "kws_ref_model", "micro_speech_quantized", "person_detect",
        "pretrainedResnet_quant", "sl_micro_speech_uint8", "str_ww_ref_model", "trained_lstm_int8", "vww_96_int8"}) {
    CAPTURE(name);
    CHECK(names.contains(name));
  }
}
