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
    for (std::size_t i = 0; i < m.graph.inputs.size(); ++i) CHECK(m.graph.at(m.graph.inputs[i]).name == m.facts.inputs[i].name);
    for (std::size_t i = 0; i < m.graph.outputs.size(); ++i) CHECK(m.graph.at(m.graph.outputs[i]).name == m.facts.outputs[i].name);
    // What is written and read again is the same model, but for operator numbers where some were folded.
    Graph again = import_tflite(export_tflite(m.graph), "again").graph;
    for (auto* g : {&again, &m.graph})
      for (auto& n : g->nodes) n.source = -1;
    CHECK(again == m.graph);
  }
}
