// What people and scripts see of a compression: report.json, report.html, the table on the terminal.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tinyc/import.h"
#include "tinyc/pass.h"
#include "tinyc/program.h"

namespace tinyc {

/// What a layer's int8 output held on some samples: those for calibration where they are real.
struct Activations {
  double lowest = 0, highest = 0;        ///< the real values of -128 and 127
  double min = 0, max = 0;               ///< the least and the largest real value seen
  std::vector<std::uint64_t> histogram;  ///< 32 bins over [-128, 127]
};

struct LayerReport {
  int index = 0;
  std::string op, name, coding;  ///< coding: "raw", "huffman", "range", or "none" without weights
  std::int64_t weights = 0, nonzero = 0, macs = 0;
  double bits_per_weight = 0, entropy_bits_per_weight = 0;
  std::uint64_t bytes = 0, float_bytes = 0;  ///< weights + bias + multipliers as emitted; 4 bytes each before
  std::optional<double> sqnr_db;             ///< this layer's output against the float model
  /// Of the target's core (AVR: clock cycles), decoding included; an estimate (tinyc/cost.h).
  std::optional<std::int64_t> instructions;
  std::optional<double> decode_share;    ///< instructions of decoding over those of the layer's work; of coded ones
  std::vector<std::uint32_t> histogram;  ///< 32 bins over [-128, 127]; empty without weights
  std::optional<Activations> activations;
};

struct Accuracy {
  std::string metric = "top1";  ///< top1, auc, mse, cosine
  std::size_t samples = 0;
  std::optional<double> float_value, compressed;  ///< absent without labels (top1, auc)
  double agreement = 0;                           ///< share of samples with the same arg max
  double sqnr_db = 0;                             ///< over all outputs
  bool synthetic = false;                         ///< measured on made-up data: says nothing about accuracy
  /// Samples by [class of the label][class that the compressed model gives], as many columns as rows; empty unless the
  /// metric is top1 and the classes are few.
  std::vector<std::vector<std::uint32_t>> confusion;
};

/// One state of the model on its way: what its weights and biases take and what it is worth.
struct TradeOff {
  std::string what;
  std::uint64_t bytes = 0;  ///< of a real model: 4 for each weight or bias that is not zero
  double value = 0;         ///< of Accuracy::metric
};

struct Report {
  std::string status = "ok";
  std::string model_name, sha256, target = "any";
  std::uint64_t params = 0, file_bytes = 0, float_weight_bytes = 0;
  std::int64_t macs = 0, macs_before = 0;
  FlashBytes flash;
  std::uint64_t code_bytes = 0;
  bool code_estimated = true;
  std::uint64_t arena = 0, lower_bound = 0;
  std::optional<Accuracy> accuracy;
  std::vector<TradeOff> trade_off;  ///< in the order of making; empty where accuracy is not measured
  std::vector<LayerReport> layers;
  std::vector<PassRecord> passes;
  std::vector<std::string> warnings;
  std::vector<std::string> failures;  ///< gates that failed

  std::uint64_t flash_total() const noexcept {
    return flash.weights + flash.tables + flash.params + flash.descriptors + code_bytes;
  }
  double ratio() const noexcept;
  /// Of all layers, where each has an estimate.
  std::optional<std::uint64_t> instructions() const noexcept;
};

/// Fills everything that the program itself tells: flash, ram, layers without sqnr, macs, and for r.target
/// instructions.
void describe(const Program& p, Report& r);

/// Bytes of machine code that an emitted tinyc_rt.c becomes on a Cortex-M4 at -O2, within about 30 %: for when the
/// target's compiler is not there to tell.
std::uint64_t estimate_code_bytes(const std::string& runtime_source);

/// report.json (contract: design.md, schemas/report.schema.json). `reproducible` leaves out `ms`.
std::string to_json(const Report& r, bool reproducible);
/// Reads report.json back. Throws Error(data) when it is not one.
Report report_from_json(const std::string& text, const std::string& path);
/// One HTML file, inline SVG, no script.
std::string to_html(const Report& r, const Program& p);
/// The same of a model before compression; `g` is null when it has operators that tinyc does not support, `ram_bound`
/// the bytes of int8 activations that live at once.
std::string to_html(const ModelFacts& facts, const std::string& name, const Graph* g, std::uint64_t ram_bound);
/// The table for a person: before and after for size, RAM, accuracy, the worst layers. At most 100 columns.
std::string to_table(const Report& r);

/// Code of one kernel, without what it shares with others.
struct CodePart {
  std::string kernel;
  std::uint64_t bytes = 0;
};
/// Something that would make flash smaller, and by how much at the most.
struct Idea {
  std::uint64_t bytes = 0;
  std::string what;
};
/// The largest first, a few.
std::vector<Idea> ideas(const Report& r, const Program& p, std::span<const CodePart> code);
/// Where every byte of flash is, layer by layer with the entropy bound, what passes saved, and ideas: as text, as JSON.
std::string to_explanation(const Report& r, const Program& p, std::span<const CodePart> code);
std::string explanation_json(const Report& r, const Program& p, std::span<const CodePart> code);

}  // namespace tinyc
