// What models cost on emulated cores, as text files keep it: a line "model core instructions cycles flash arena stack
// [estimate]",
// `#` starts a comment. tests/mcu/figures.txt holds ours, tests/mcu/incumbent.txt those of TensorFlow Lite Micro.
#pragma once
#include <algorithm>

#include "mcu/measure.h"

namespace tinyc {

struct Net {
  const char* name;
  const char* file;       ///< in the repository, or where `shared` in the folder of reference models
  const char* arguments;  ///< further ones of tinyc compress
  bool shared;
  const char* title;
  std::uint32_t hash;  ///< of the output that TensorFlow Lite's reference kernels give; 0: not known
};

#define TINYC_DENSE "--coding raw"
#define TINYC_SPEED TINYC_DENSE " --optimize speed"
#define TINYC_RAM TINYC_DENSE " --optimize ram"
#define TINYC_PRUNED TINYC_SPEED " --prune-criterion magnitude"
inline constexpr Net kNets[] = {
    {"ic", "pretrainedResnet_quant.tflite", TINYC_DENSE, true, "image classification, ResNet-8", 0x0b0915f3},
    {"kws", "kws_ref_model.tflite", TINYC_DENSE, true, "keyword spotting, DS-CNN", 0xbf94a0b3},
    {"vww", "vww_96_int8.tflite", TINYC_DENSE, true, "visual wake words, MobileNet 0.25", 0x3a5f7f09},
    {"ad", "ad01_int8.tflite", TINYC_DENSE, true, "anomaly detection, autoencoder", 0xc8c8b3e3},
    {"person", "person_detect.tflite", TINYC_DENSE, true, "person detection, MobileNet 0.25, 96 x 96 grey", 0xb9231409},
    {"ic-speed", "pretrainedResnet_quant.tflite", TINYC_SPEED, true, "image classification with --optimize speed",
     0x0b0915f3},
    {"kws-speed", "kws_ref_model.tflite", TINYC_SPEED, true, "keyword spotting with --optimize speed", 0xbf94a0b3},
    {"vww-speed", "vww_96_int8.tflite", TINYC_SPEED, true, "visual wake words with --optimize speed", 0x3a5f7f09},
    {"ad-speed", "ad01_int8.tflite", TINYC_SPEED, true, "anomaly detection with --optimize speed", 0xc8c8b3e3},
    {"person-speed", "person_detect.tflite", TINYC_SPEED, true, "person detection with --optimize speed", 0xb9231409},
    {"ic-ram", "pretrainedResnet_quant.tflite", TINYC_RAM, true, "image classification with --optimize ram",
     0x0b0915f3},
    {"kws-ram", "kws_ref_model.tflite", TINYC_RAM, true, "keyword spotting with --optimize ram", 0xbf94a0b3},
    {"vww-ram", "vww_96_int8.tflite", TINYC_RAM, true, "visual wake words with --optimize ram", 0x3a5f7f09},
    {"person-ram", "person_detect.tflite", TINYC_RAM, true, "person detection with --optimize ram", 0xb9231409},
    {"ic-pruned", "pretrainedResnet.tflite",
     TINYC_PRUNED " --prune 0.8:block4 --calib '%/cifar10_train10k.npz' --calib-samples 50", true,
     "image classification, 80 % of the weights pruned in fours, with --optimize speed", 0},
    {"kws-pruned", "kws_float.tflite", TINYC_PRUNED " --prune 0.8:block4 --calib '%/kws_dev500.npz[0:250]'", true,
     "keyword spotting, 80 % of the weights pruned in fours, with --optimize speed", 0},
    {"ad-pruned", "ad01_fp32.tflite", TINYC_PRUNED " --prune 0.9 --calib '%/ad_dev.npz[0:1400:5]'", true,
     "anomaly detection, 90 % of the weights pruned, with --optimize speed", 0},
    {"hello", "hello_world_int8.tflite", TINYC_DENSE, true, "a sine, three layers", 0x010c56d3},
    {"fashion", "examples/fashion_mnist/fashion.tflite",
     TINYC_DENSE " --calib '@/examples/fashion_mnist/calib.npz' --preprocess scale=0.00392156862745098", false,
     "the example, a small CNN", 0},
    {"fashion-coded", "examples/fashion_mnist/fashion.tflite",
     "--coding huffman --calib '@/examples/fashion_mnist/calib.npz' --preprocess scale=0.00392156862745098", false,
     "the same, weights in Huffman codes", 0},
};
#undef TINYC_PRUNED
#undef TINYC_RAM
#undef TINYC_SPEED
#undef TINYC_DENSE

/// Arguments of tinyc compress; `@` stands for the repository, `%` for the folder of reference data.
inline std::string arguments(const Net& n, const fs::path& root, const fs::path& shared) {
  std::string text = "'" + ((n.shared ? shared / "models" : root) / n.file).string() + "' --int8 -q " + n.arguments;
  for (const auto& [sign, folder] : {std::pair('@', root), std::pair('%', shared / "data")})
    for (std::size_t at; (at = text.find(sign)) != std::string::npos;) text.replace(at, 1, folder.string());
  return text;
}

using Figures = std::map<std::pair<std::string, std::string>, Cost>;  ///< by model and core

inline Figures read_figures(const fs::path& file) {
  Figures figures;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string model, core;
    Cost c;
    if (line.empty() || line[0] == '#') continue;
    if (!(words >> model >> core >> c.instructions >> c.cycles >> c.flash >> c.arena >> c.stack))
      throw std::runtime_error(file.string() + ": " + line);
    words >> c.estimate;
    figures[{model, core}] = c;
  }
  return figures;
}

inline const Cost* find(const Figures& f, const std::string& model, const std::string& core) {
  const auto at = f.find({model, core});
  return at == f.end() ? nullptr : &at->second;
}

/// Figures hold for one version of a compiler: "gcc 12.2.1", or nothing where it is not installed.
inline std::string compiler(const Core& core, const fs::path& scratch) {
  if (!installed(core)) return "";
  std::string version = output_of(std::string(core.cc) + " -dumpfullversion -dumpversion", scratch);
  version.erase(version.find_last_not_of(" \n") + 1);
  return std::string(core.cc) + " " + version;
}

/// The compilers that the file's figures were made with, one in a line "# compiler NAME VERSION".
inline std::vector<std::string> compilers(const fs::path& file) {
  std::vector<std::string> found;
  std::ifstream in(file);
  const std::string key = "# compiler ";
  for (std::string line; std::getline(in, line);)
    if (line.rfind(key, 0) == 0) found.push_back(line.substr(key.size()));
  return found;
}

/// What is more than 2 % (of stack: and more than 16 bytes) above the ceiling; empty: nothing.
inline std::string worse(const Cost& now, const Cost& ceiling) {
  std::string text;
  const auto check = [&](const char* what, std::int64_t value, std::int64_t limit, std::int64_t slack) {
    if (value > limit + std::max(limit / 50, slack))
      text += std::string(what) + " " + std::to_string(value) + " instead of " + std::to_string(limit) + "; ";
  };
  check("instructions", now.instructions, ceiling.instructions, 0);
  check("cycles", now.cycles, ceiling.cycles, 0);
  check("flash", now.flash, ceiling.flash, 0);
  check("arena", now.arena, ceiling.arena, 0);
  check("stack", now.stack, ceiling.stack, 16);
  return text;
}

}  // namespace tinyc
