// Between files and the pipeline: loads what a command names, writes what it makes.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/compress.h"
#include "tinyc/import.h"
#include "tinyc/program.h"
#include "tinyc/report.h"

namespace tinyc {

/// What MODEL|DIR on the command line turned out to be: a model (float or int8) or a compressed program.
struct Runnable {
  std::optional<Import> model;     ///< from a .tflite
  std::optional<Program> program;  ///< from a DIR or NAME.tinyc, or the lowered int8 model
  Graph interface;  ///< inputs and outputs only where there is no model: what datasets are checked against
  const Graph& io() const { return model ? model->graph : interface; }
};

/// Throws Error(input) when it is neither.
Runnable load_runnable(const std::filesystem::path& path);

/// The one NAME.tinyc of a folder written by compress. Throws Error(input) when there is none or several.
std::filesystem::path find_program_file(const std::filesystem::path& dir);

/// Float outputs of the first n samples of a model or a program.
std::vector<std::vector<float>> run(const Runnable& r, const Dataset& d, std::size_t n);

/// A report from report.json or from a DIR that holds one.
Report load_report(const std::filesystem::path& path);

/// What of a compression is written.
struct OutputChoice {
  bool c = true, json = true, html = true, tflite = false, real_tflite = false;
  bool arduino = false, zephyr = false, esp_idf = false, tflm = false;  ///< packages, in folders of their own
  bool blob = false, selftest = false, trace = false;                   ///< what all forms of C then have
  bool reproducible = false;
};

/// Every file of DIR by name (contract: design of output files), built in memory.
std::map<std::string, Bytes> output_files(const Compressed& c, const OutputChoice& choice);

/// tinyc_rt.h and tinyc_rt.c with what the models of all these folders (or .tinyc files) need. Throws Error: input,
/// usage.
std::map<std::string, Bytes> shared_runtime(const std::vector<std::filesystem::path>& dirs);

}  // namespace tinyc
