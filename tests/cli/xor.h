// A net that learns XOR in seconds, as text, and samples for it.
#pragma once
#include <filesystem>
#include <fstream>
#include <string>

namespace tinyc {

inline const std::string kNet =
    "%x = input f32[1,2]\n%h = fully_connected(%x, he(1) f32[16,2], zeros f32[16]) act=relu\n"
    "%y = fully_connected(%h, he(2) f32[2,16], zeros f32[2])\n%p = softmax(%y)\noutput %p\n";

/// Writes net.txt, xor.csv (points of a square and their labels) and points.csv (the points alone).
inline void write_samples(const std::filesystem::path& dir) {
  std::ofstream labelled(dir / "xor.csv"), plain(dir / "points.csv");
  labelled << "a,b,y\n";
  plain << "a,b\n";
  unsigned random = 7;
  for (int i = 0; i < 400; ++i) {
    int v[2];
    for (int& x : v) x = static_cast<int>((random = random * 1664525u + 1013904223u) >> 22) - 512;
    const std::string point = std::to_string(v[0] / 512.0) + "," + std::to_string(v[1] / 512.0);
    plain << point << "\n";
    labelled << point << "," << ((v[0] > 0) != (v[1] > 0)) << "\n";
  }
  std::ofstream(dir / "net.txt") << kNet;
}

}  // namespace tinyc
