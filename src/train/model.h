// A graph with an objective: losses and gradients of any rows, in parallel and independent of the number of threads.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "train/batches.h"
#include "train/loss.h"
#include "train/tape.h"

namespace tinyc {

class Model {
 public:
  Model(const Graph& g, const TrainJob& job);

  std::vector<Parameter>& parameters() { return parameters_; }
  /// Takes over what the parameters and the grids are now.
  void refresh();
  void set_quantization(FakeQuant quant) { quant_ = std::move(quant); }
  FakeQuant& quantization() { return quant_; }
  /// Of each activation in the last learn(), where the job follows them.
  const std::vector<Range>& extremes() const { return extremes_; }

  /// Gradients of the mean loss over `rows`, one set for each chunk: gradients()[chunk][parameter]. Returns the mean
  /// loss.
  double learn(std::span<const std::size_t> rows, std::size_t epoch);
  const std::vector<std::vector<std::vector<float>>>& gradients() const { return gradients_; }
  std::size_t chunks() const { return chunks_; }

  struct Score {
    double loss = 0, accuracy = 0;
  };
  /// Mean loss and share of right classes over rows as they are (no augmentation).
  Score evaluate(std::span<const std::size_t> rows);
  bool has_classes() const { return objective_.has_classes(); }

 private:
  struct Worker {
    std::unique_ptr<Tape> tape, teacher;
    std::vector<float> label;
    std::vector<Range> extremes;  // since they were last looked at
  };
  // One chunk of rows: forward, loss, and backward into gradients_[chunk] where `learning`.
  Score chunk(std::span<const std::size_t> rows, std::size_t first, std::size_t last, std::size_t epoch, bool learning,
              std::size_t chunk, Worker& worker);
  // Runs chunk() over all rows and adds up in order.
  Score all_chunks(std::span<const std::size_t> rows, std::size_t epoch, bool learning);
  void check_views() const;
  void remember_teacher();

  const Graph& graph_;
  const TrainJob& job_;
  Objective objective_;
  Augmenter augmenter_;
  std::vector<Parameter> parameters_;
  Plan plan_;
  std::optional<Plan> teacher_plan_;
  std::int64_t chunk_samples_ = 1;
  std::vector<std::vector<float>> effective_;  // by parameter: masked and rounded
  Constants constants_, teacher_constants_;
  FakeQuant quant_;
  std::vector<Worker> workers_;
  std::vector<std::vector<std::vector<float>>> gradients_;
  std::vector<std::vector<std::vector<float>>> teacher_outputs_;  // [output][row], where samples are never changed
  std::vector<Range> extremes_;
  std::size_t chunks_ = 0;
};

}  // namespace tinyc
