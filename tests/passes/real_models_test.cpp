// The exact passes on real models: outputs stay, and the known dead weight of VWW goes.
#include <filesystem>

#include "outputs.h"
#include "tinyc/import.h"
#include "tinyc/pass.h"

using namespace tinyc;
namespace fs = std::filesystem;

namespace {

std::size_t weight_count(const Graph& g) {
  std::size_t total = 0;
  for (const Node& n : g.nodes)
    for (const auto id : n.inputs)
      if (id != kNoTensor && g.at(id).is_const() && g.at(id).shape.size() > 1)
        total += static_cast<std::size_t>(num_elements(g.at(id).shape));
  return total;
}

// Runs every exact pass that leaves the stage alone; checks after each.
void run_exact_passes(Graph& g) {
  for (const char* name :
       {"canonicalize", "fold_batch_norm", "fuse_activation", "fuse_pad", "eliminate_dead_channels"}) {
    const Pass* pass = find_pass(name);
    REQUIRE(pass != nullptr);
    if (!pass->any_stage && g.stage != pass->needs) continue;
    INFO("pass " << name);
    const Graph before = g;
    const PassResult result = pass->run(g, {});
    for (const auto& note : result.notes) UNSCOPED_INFO(note);
    verify(g);
    if (result.changed) check_same_outputs(before, g, 3);
  }
}

}  // namespace

TEST_CASE("exact passes keep the outputs of real models") {
  const fs::path folder = fs::path(TINYC_SHARED_DIR) / "models";
  if (!fs::exists(folder)) {
    WARN("skipped: no models in " << folder);
    return;
  }
  struct Model {
    const char* file;
    std::size_t before, after;  // weights; 0: not looked at
  };
  for (const Model m :
       {Model{"vww_96_float.tflite", 208000, 36000}, Model{"vww_96_int8.tflite", 208000, 36000},
        Model{"kws_float.tflite", 0, 0}, Model{"kws_ref_model.tflite", 0, 0}, Model{"pretrainedResnet.tflite", 0, 0},
        Model{"pretrainedResnet_quant.tflite", 0, 0}, Model{"ad01_fp32.tflite", 0, 0}, Model{"ad01_int8.tflite", 0, 0},
        Model{"person_detect.tflite", 0, 0}, Model{"face_detection_short_range.tflite", 0, 0},
        Model{"hand_recrop.tflite", 0, 0}, Model{"lenet5_mnist.tflite", 0, 0}}) {
    INFO("model " << m.file);
    Graph g = import_tflite(folder / m.file).graph;
    const std::size_t before = weight_count(g);
    run_exact_passes(g);
    if (m.before == 0) continue;
    INFO("weights " << before << " -> " << weight_count(g));
    CHECK(before > m.before);
    CHECK(weight_count(g) < m.after);
  }
}
