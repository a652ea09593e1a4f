// Passes: stateless functions on graphs, one file each under passes/, listed in passes/passes.def.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tinyc/dataset.h"
#include "tinyc/graph.h"
#include "tinyc/train.h"

namespace tinyc {

/// Everything a pass may be told. Defaults are the command line's defaults.
struct PassOptions {
  const Dataset* calibration = nullptr;  ///< samples for passes that look at activations
  std::size_t calibration_samples = 0;   ///< 0: all
  bool made_up_samples = false;          ///< the samples are synthetic: good for ranges, not for statistics
  /// automatic: for each tensor the method whose int8 values come nearest to the real ones
  enum class CalibMethod : std::uint8_t {
    minmax,
    percentile,
    mse,
    kl,
    automatic
  } calib_method = CalibMethod::automatic;
  float percentile = 99.99f;

  float bit_price = 0;           ///< nats of divergence that a bit of weights may cost; 0: bits cost nothing
  std::int32_t weight_bits = 8;  ///< 2..8: weights have 2^bits - 1 levels
  enum class WeightRounding : std::uint8_t {
    automatic,
    nearest,
    second_order
  } weight_rounding = WeightRounding::automatic;
  float equalize_exponent = 0.5f;  ///< 0: equalize by the ranges of weights; 1: by those of activations

  struct Prune {
    float fraction = 0;  ///< of all prunable weights
    enum class Kind : std::uint8_t { unstructured, block4, n_m } kind = Kind::unstructured;
    std::int32_t n = 2, m = 4;  ///< n_m: keep n of every m
    bool per_layer = false;     ///< the same fraction in every layer instead of one global threshold
    float layer_limit = 1;      ///< no layer loses more than this share; from `fraction` to 1
    /// automatic: obs where there are real samples and no training follows; taylor is for whole channels too
    enum class Criterion : std::uint8_t { automatic, magnitude, obs, taylor } criterion = Criterion::automatic;
  } prune;

  /// What passes that train learn from; without samples nothing is trained.
  struct Training {
    const Dataset* data = nullptr;
    const Graph* teacher = nullptr;  ///< float graph
    TrainOptions options;
    Hooks hooks;
    /// How the ranges of activations follow the weights in quantization-aware training: by calibration before each
    /// epoch, or as moving averages of each mini-batch's extremes.
    enum class Ranges : std::uint8_t { calibrated, moving } ranges = Ranges::calibrated;
  } training;
  /// What pass prune_channels removes: whole channels, until the fraction is gone.
  struct PruneChannels {
    float fraction = 0;
    enum class Of : std::uint8_t { weights, macs } of = Of::weights;  ///< weights: the prunable ones (see Prune)
  } prune_channels;

  enum class Optimize : std::uint8_t { balanced, size, speed, ram } optimize = Optimize::balanced;
  double mac_instructions = 3;  ///< of a multiply-accumulate on the target, about: what decoding is compared with
  enum class Coding : std::uint8_t { automatic, raw, huffman, range } coding = Coding::automatic;
};

/// What a pass reports of itself, for logs and report.json.
struct PassResult {
  bool changed = false;
  std::vector<std::string> notes;  ///< one line each, e.g. "971 dead channels removed from 14 layers"
  TrainResult training{};          ///< of passes that train: the curve; else empty
};

struct Pass {
  const char* name;
  const char* summary;  ///< one line for `tinyc passes`
  Stage needs;          ///< the stage it accepts (Float passes never run on a quantized graph)
  Stage gives;          ///< the stage after it
  bool any_stage;       ///< true: accepts Float and Quantized alike and keeps the stage
  bool exact;           ///< outputs are compared before and after; lossy ones are measured
  PassResult (*run)(Graph& g, const PassOptions& o);
};

/// All passes in the order of passes.def, which is the default pipeline's order.
std::span<const Pass> all_passes() noexcept;
/// nullptr when unknown.
const Pass* find_pass(const std::string& name) noexcept;

/// What happened in one pass of a pipeline.
struct PassRecord {
  std::string name;
  double ms = 0;
  std::uint64_t bytes_before = 0;  ///< bytes of constants (coded ones count their streams; tables included)
  std::uint64_t bytes_after = 0;
  bool changed = false;
  std::vector<std::string> notes;
  TrainResult training{};  ///< of passes that train
};

/// Runs passes in order: checks the stage, runs, verifies, and for an exact pass compares the outputs before and after
/// on deterministic inputs (equal integers for quantized graphs is the lowering's test; floats within 1e-4 of the
/// output's range). Throws Error(internal) naming the pass when verification or comparison fails. `after` is called
/// after each pass (for --dump-after).
std::vector<PassRecord> run_passes(Graph& g, std::span<const Pass* const> passes, const PassOptions& o,
                                   const std::function<void(const Pass&, const Graph&)>& after = {});

/// Bytes of all constants that would reach the target.
std::uint64_t constant_bytes(const Graph& g);

}  // namespace tinyc
