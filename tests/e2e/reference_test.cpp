// Whole models against frozen outputs of the TFLite reference kernels; needs the folder of reference models.
#include <cmath>
#include <filesystem>

#include "catch.h"
#include "data/numpy.h"
#include "driver.h"
#include "tinyc/executor.h"

using namespace tinyc;
namespace fs = std::filesystem;

namespace {

const fs::path kShared = TINYC_SHARED_DIR;

// The byte sequence that the frozen outputs were made with; never restarts over samples and inputs.
std::int8_t fixed_byte(std::uint32_t k) { return static_cast<std::int8_t>((k * 1103515245u + 12345u) >> 16); }

bool available() {
  if (fs::exists(kShared / "reference/outputs")) return true;
  WARN("skipped: no reference models at " << kShared);
  return false;
}

std::vector<float> frozen(const std::string& model, std::size_t output, std::size_t& samples) {
  const std::string wanted = "out" + std::to_string(output);  // the layers' hashes beside it are text
  const Bytes file = read_file(kShared / "reference/outputs" / (model + ".npz"), ErrorKind::data);
  for (const Array& a : read_npz(file, model, 0, [&](const std::string& name) { return name == wanted; }))
    if (a.name == wanted) {
      samples = a.rows();
      std::vector<float> all(a.rows() * a.row_elements());
      for (std::size_t i = 0; i < a.rows(); ++i)
        a.row(i, std::span(all).subspan(i * a.row_elements(), a.row_elements()));
      return all;
    }
  return {};
}

fs::path model_file(const std::string& name) {
  const fs::path file = kShared / "models" / (name + ".tflite");
  return fs::exists(file) ? file : kShared / "models/more" / (name + ".tflite");
}

}  // namespace

TEST_CASE("int8 models equal the reference bit for bit, with every exact pass applied") {
  if (!available()) return;
  for (const std::string name : {"ad01_int8", "kws_ref_model", "pretrainedResnet_quant", "vww_96_int8", "person_detect",
                                 "hello_world_int8", "micro_speech_quantized", "str_ww_ref_model"}) {
    INFO(name);
    const Import model = import_tflite(model_file(name));
    const Program p = compress({&model, nullptr, nullptr}, {}).program;
    const ProgramExecutor e(p);
    auto state = e.make_state();
    std::size_t samples = 0;
    const auto expected = frozen(name, 0, samples);
    REQUIRE(samples > 0);
    std::uint32_t k = 0;
    std::size_t wrong = 0;
    for (std::size_t s = 0; s < samples; ++s) {
      for (auto& v : e.input(state, 0)) v = fixed_byte(k++);
      e.run(state);
      const auto out = e.output(state, 0);
      for (std::size_t i = 0; i < out.size(); ++i) wrong += static_cast<float>(out[i]) != expected[s * out.size() + i];
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("float models equal the reference within 1e-4 of the output's range") {
  if (!available()) return;
  for (const std::string name :
       {"ad01_fp32", "kws_float", "pretrainedResnet", "vww_96_float", "hello_world_float", "hand_recrop",
        "face_detection_short_range", "lenet300_mnist", "lenet5_mnist", "fashion_resnet8",
        "face_detection_full_range_sparse", "palm_detection_lite", "vonage_ns_model_1"}) {
    INFO(name);
    const Import model = import_tflite(model_file(name));
    const Graph& g = model.graph;
    const FloatExecutor e(g);
    auto state = e.make_state();
    std::uint32_t k = 0;
    std::vector<std::vector<float>> actual(g.outputs.size());
    std::size_t samples = 0;
    frozen(name, 0, samples);
    REQUIRE(samples > 0);
    for (std::size_t s = 0; s < samples; ++s) {
      for (std::size_t i = 0; i < g.inputs.size(); ++i)
        for (auto& v : e.input(state, i)) v = static_cast<float>(fixed_byte(k++)) / 128.0f;
      e.run(state);
      for (std::size_t o = 0; o < g.outputs.size(); ++o) {
        const auto v = e.value(state, g.outputs[o]);
        actual[o].insert(actual[o].end(), v.begin(), v.end());
      }
    }
    for (std::size_t o = 0; o < g.outputs.size(); ++o) {
      const auto expected = frozen(name, o, samples);
      REQUIRE(expected.size() == actual[o].size());
      float lo = expected[0], hi = expected[0], worst = 0;
      for (std::size_t i = 0; i < expected.size(); ++i) {
        lo = std::min(lo, expected[i]);
        hi = std::max(hi, expected[i]);
        worst = std::max(worst, std::fabs(expected[i] - actual[o][i]));
      }
      CHECK(worst <= 1e-4f * (hi - lo));
    }
  }
}
