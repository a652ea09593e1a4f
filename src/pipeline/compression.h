// One compression in two steps: what is done once, and what depends on the price of a bit.
#pragma once
#include <span>

#include "pipeline/compress.h"
#include "pipeline/measure.h"

namespace tinyc {

/// The passes that would run, in order; those that a comparison on calibration samples chooses among are not in it.
/// Throws Error(usage).
std::vector<const Pass*> planned_passes(const CompressInputs& in, const CompressSettings& s);

class Compression {
 public:
  /// Checks inputs and settings. Both must outlive the object. Throws Error(usage).
  Compression(const CompressInputs& in, const CompressSettings& s);

  /// Everything up to calibrated ranges: float passes, training or the hook, the plan of quantization.
  void prepare();

  /// Quantizes with a price (nats a bit, 0: none), codes, lowers and measures. After prepare(), any number of times.
  /// A trial neither trains on the grid nor calls the settings' after_pass.
  Compressed finish(float bit_price, bool trial = false) const;

  /// Whether finish() can do more than one price: a float model with real calibration samples and the default passes.
  bool can_price() const;

 private:
  void choose_calibration();
  bool is_judged_by_classes() const;
  void run(std::span<const Pass* const> passes);
  void measure(Compressed& c) const;
  std::vector<Bytes> first_sample(const Program& p) const;
  void progress(const char* stage, double fraction) const;

  const CompressInputs& in_;
  const CompressSettings& s_;
  Dataset synthetic_;
  const Dataset* calibration_ = nullptr;  ///< the user's, the training samples or synthetic_
  const Dataset* data_ = nullptr;         ///< what accuracy is measured on
  PassOptions options_;
  Graph graph_, float_graph_;  ///< as far as prepare() came; the last one that was float
  std::optional<Graph> real_graph_;
  std::vector<const Pass*> rest_, priced_;  ///< passes that finish() runs: as planned, or for bits that have a price
  Report report_;
  mutable std::optional<RealOutputs> reference_;  ///< of the model as given, on data_
};

}  // namespace tinyc
