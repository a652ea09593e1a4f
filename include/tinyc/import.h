// Reading .tflite files. Nothing in a file is trusted.
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "tinyc/graph.h"

namespace tinyc {

/// Facts of the file that the graph no longer shows, for `inspect` and the report.
struct ModelFacts {
  struct IO {
    std::string name;
    Shape shape;        ///< batch resolved
    std::string dtype;  ///< as in the file: "float32", "int8", "uint8"
  };
  struct OpCount {
    std::string name;  ///< TFLite name, e.g. "CONV_2D"
    int count = 0;
  };
  struct Unsupported {
    int node = 0;
    std::string op, tensor, why;
  };
  std::string sha256;
  std::uint64_t file_bytes = 0;
  std::vector<IO> inputs, outputs;
  std::vector<OpCount> ops;              ///< sorted by name
  std::vector<Unsupported> unsupported;  ///< empty after a successful import
  std::uint64_t params = 0;              ///< elements of weights and biases, as float model
  std::vector<std::string> notes;        ///< e.g. "dynamic batch dimension set to 1"
};

struct Import {
  Graph graph;  ///< verified; stage Float or Quantized
  ModelFacts facts;
};

/// Imports a model from bytes. Throws Error(input) when it is not a well-formed model (Git LFS pointers, zip, ONNX,
/// HDF5 are named as such, with what to do), Error(unsupported) listing every unsupported operator with node index,
/// tensor name and what to do.
Import import_tflite(std::span<const std::uint8_t> file, const std::string& path);
/// The same from a file; a SavedModel folder is recognised. Throws Error(input) when it cannot be read.
Import import_tflite(const std::filesystem::path& path);
/// The facts alone: never throws Error(unsupported); `unsupported` and the counts are filled as far as the file allows.
ModelFacts inspect_tflite(std::span<const std::uint8_t> file, const std::string& path);

/// Writes a graph of stage Float or Quantized as .tflite (version 3, builtin operators). Equal constants share a
/// buffer, unless somebody is going to change them in the file.
Bytes export_tflite(const Graph& g, bool share_constants = true);

}  // namespace tinyc
