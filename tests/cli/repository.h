// A model repository with two models, as tests need it.
#pragma once
#include <stdexcept>

#include "cli/shell.h"
#include "cli/xor.h"

namespace tinyc {

/// Two models and the samples of both.
struct Repository : Folder {
  Repository() {
    write_samples(path);
    std::filesystem::create_directory(path / "models");
    std::filesystem::copy_file(kExample + "fashion.tflite", path / "models/fashion.tflite");
    std::filesystem::copy_file(kExample + "calib.npz", path / "calib.npz");
    const Ran r = shell_run(path, "\"$tinyc\" train net.txt --data xor.csv --epochs 20 -q -o models/gate.tflite");
    if (r.code != 0) throw std::runtime_error(r.err);
    configure("weight-bits = 4");
  }
  /// `fashion` are further keys of the picture model.
  void configure(const std::string& fashion) const {
    std::ofstream(path / "tinyc.toml") << "[defaults]\nint8 = true\noptimize = \"size\"\n"
                                       << "[[model]]\npath = \"models/fashion.tflite\"\nname = \"fashion\"\n"
                                       << "calib = \"calib.npz[0:60]\"\npreprocess = \"scale=0.00392156862745098\"\n"
                                       << fashion << "\n[[model]]\npath = \"models/gate.tflite\"\nname = \"gate\"\n"
                                       << "calib = \"points.csv\"\neval = \"xor.csv\"\nmax-drop = \"2pp\"\n";
  }
  Ran run(const std::string& command) const { return shell_run(path, "\"$tinyc\" " + command); }
};

}  // namespace tinyc
