// Real models, when the shared folder is there: each is imported or refused with a complete list.
#include <algorithm>
#include <filesystem>

#include "catch.h"
#include "tinyc/dataset.h"
#include "tinyc/error.h"
#include "tinyc/executor.h"
#include "tinyc/import.h"

using namespace tinyc;
namespace fs = std::filesystem;

namespace {

std::vector<fs::path> shared_models() {
  std::vector<fs::path> out;
  for (const auto* folder : {"models", "models/more"}) {
    const fs::path dir = fs::path(TINYC_SHARED_DIR) / folder;
    if (!fs::is_directory(dir)) continue;
    for (const auto& e : fs::directory_iterator(dir))
      if (e.path().extension() == ".tflite") out.push_back(e.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

// Constants in the order of their use.
std::vector<Tensor> constants(const Graph& g) {
  std::vector<Tensor> out;
  for (const auto& n : g.nodes)
    for (const auto id : n.inputs)
      if (id != kNoTensor && g.at(id).is_const()) out.push_back(g.at(id));
  return out;
}

}  // namespace

TEST_CASE("shared models import or are refused with the whole list") {
  const auto models = shared_models();
  if (models.empty()) WARN("skipped: no shared models at " TINYC_SHARED_DIR);
  for (const auto& path : models) {
    INFO(path.string());
    const std::string stem = path.stem().string();
    if (stem.rfind("trained_lstm", 0) == 0) {
      try {
        import_tflite(path);
        FAIL("must be refused");
      } catch (const Error& e) {
        CHECK(e.kind() == ErrorKind::unsupported);
        CHECK(std::string(e.what()).find("UNIDIRECTIONAL_SEQUENCE_LSTM") != std::string::npos);
      }
      const auto facts = inspect_tflite(read_file(path, ErrorKind::input), path.string());
      CHECK(facts.unsupported.size() >= 1);
      CHECK(facts.inputs.size() == 1);
      continue;
    }
    Import m;
    try {
      m = import_tflite(path);
    } catch (const Error& e) {
      FAIL_CHECK(e.what());
      continue;
    }
    const bool quantized = m.facts.inputs[0].dtype != "float32" || stem == "cfu_magic_wand";
    CHECK(m.graph.stage == (quantized ? Stage::Quantized : Stage::Float));
    CHECK(m.facts.sha256.size() == 64);
    CHECK(m.facts.file_bytes == fs::file_size(path));
    CHECK(m.graph.inputs.size() == m.facts.inputs.size());
    CHECK(m.graph.outputs.size() == m.facts.outputs.size());
    for (std::size_t i = 0; i < m.graph.inputs.size(); ++i)
      CHECK(m.graph.at(m.graph.inputs[i]).name == m.facts.inputs[i].name);
    for (std::size_t i = 0; i < m.graph.outputs.size(); ++i)
      CHECK(m.graph.at(m.graph.outputs[i]).name == m.facts.outputs[i].name);
    if (stem == "sl_micro_speech_uint8") {  // asymmetric weights have no int8 form in the file format
      CHECK_THROWS_AS(export_tflite(m.graph), Error);
      continue;
    }
    // Written and read again it is the same model; tensors may be listed in another order, once.
    const Graph second = import_tflite(export_tflite(m.graph), "second").graph;
    REQUIRE(second.nodes.size() == m.graph.nodes.size());
    for (std::size_t i = 0; i < second.nodes.size(); ++i) {
      CHECK(second.nodes[i].op == m.graph.nodes[i].op);
      CHECK(second.nodes[i].name == m.graph.nodes[i].name);
    }
    CHECK(constants(second) == constants(m.graph));
    CHECK(import_tflite(export_tflite(second), "third").graph == second);
  }
}
