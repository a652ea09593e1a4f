#include "tinyc/train.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "ir/random.h"
#include "tinyc/error.h"
#include "tinyc/parallel.h"
#include "train/model.h"
#include "train/optimizer.h"

namespace tinyc {
namespace {

// From so many held-out labelled samples on accuracy chooses the best epoch; with fewer it is mostly chance, and the
// loss is the finer measure.
constexpr std::size_t kAccuracySamples = 500;

void check(const TrainOptions& o) {
  const auto need = [](bool ok, const char* what) {
    if (!ok) throw Error(ErrorCode::bad_value, std::string("training: ") + what);
  };
  need(o.batch >= 1, "the mini-batch needs at least one sample");
  need(o.learning_rate > 0 && std::isfinite(o.learning_rate), "the learning rate must be positive");
  need(o.validation >= 0 && o.validation < 1, "the share of validation samples must be at least 0 and below 1");
  need(o.alpha >= 0 && o.alpha <= 1, "alpha must lie between 0 and 1");
  need(o.temperature > 0, "the temperature must be positive");
}

class Training {
 public:
  Training(Graph& g, const TrainJob& job)
      : graph_(g),
        job_(job),
        options_(job.options),
        model_(g, job),
        split_(split(job.data->samples(), options_.validation, options_.seed)),
        descent_(options_, model_.parameters()),
        batches_((split_.train.size() + options_.batch - 1) / options_.batch),
        steps_(batches_ * options_.epochs),
        final_(!job.schedule) {
    result_.measure = model_.has_classes() ? "accuracy" : "loss";
  }

  TrainResult run() {
    try {
      prepare_epoch();
      finish_epoch(0, 0);
      for (std::size_t epoch = 1; epoch <= options_.epochs; ++epoch) {
        const double loss = run_epoch(epoch);
        prepare_epoch();
        finish_epoch(epoch, loss);
        if (options_.patience && final_ && epoch >= result_.best_epoch + options_.patience) break;
      }
    } catch (const Error& e) {
      if (e.kind() != ErrorKind::interrupted || best_.empty()) throw;
      acknowledge_interrupt();
      result_.interrupted = true;
    }
    if (best_.empty())
      throw Error(ErrorCode::bad_value, "training ended before the final sparsity", "train for more --epochs");
    store(graph_, best_);
    return std::move(result_);
  }

 private:
  // The grids of the weights as they are now.
  void prepare_epoch() {
    if (!job_.quantization) return;
    Graph now = graph_;
    store(now, model_.parameters());
    model_.set_quantization(job_.quantization(now));
    model_.refresh();
  }

  double run_epoch(std::size_t epoch) {
    std::vector<std::size_t> order = split_.train;
    Random(options_.seed, 2, epoch).shuffle(order);
    double sum = 0;
    for (std::size_t b = 0; b < batches_; ++b) {
      check_interrupt();
      const std::size_t step = (epoch - 1) * batches_ + b;
      if (job_.schedule && !final_) {
        final_ = job_.schedule(static_cast<double>(step) / static_cast<double>(steps_), model_.parameters());
        model_.refresh();
      }
      const auto rows =
          std::span(order).subspan(b * options_.batch, std::min(options_.batch, order.size() - b * options_.batch));
      const double loss = model_.learn(rows, epoch);
      if (!std::isfinite(loss)) not_finite(epoch);
      if (job_.follow) job_.follow(model_.extremes(), model_.quantization());
      descent_.step(model_.parameters(), model_.gradients(), model_.chunks(), learning_rate(options_, step, steps_));
      model_.refresh();
      sum += loss * static_cast<double>(rows.size());
      if (job_.hooks.on_step) job_.hooks.on_step({step + 1, steps_, loss});
    }
    return sum / static_cast<double>(order.size());
  }

  // Validates, and remembers the weights when they are the best so far.
  void finish_epoch(std::size_t epoch, double loss) {
    const Model::Score score = model_.evaluate(split_.validation);
    if (!std::isfinite(score.loss)) not_finite(epoch);
    const bool by_accuracy = model_.has_classes() && split_.validation.size() >= kAccuracySamples;
    const double rank = by_accuracy ? score.accuracy : -score.loss;
    const bool better =
        final_ && (best_.empty() || rank > best_rank_ || (rank == best_rank_ && score.loss <= best_loss_));
    if (better) {
      best_ = model_.parameters();
      best_rank_ = rank;
      best_loss_ = score.loss;
      result_.best_epoch = epoch;
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count() *
                           (epoch ? static_cast<double>(options_.epochs - epoch) / static_cast<double>(epoch) : 0.0);
    result_.curve.push_back(
        {epoch, options_.epochs, loss, model_.has_classes() ? score.accuracy : score.loss, better, seconds});
    if (job_.hooks.on_epoch) job_.hooks.on_epoch(result_.curve.back());
  }

  [[noreturn]] static void not_finite(std::size_t epoch) {
    throw Error(ErrorCode::training_diverged,
                "the training loss became NaN or infinite in epoch " + std::to_string(epoch),
                "lower --lr, and check the samples' scale (--preprocess)");
  }

  Graph& graph_;
  const TrainJob& job_;
  const TrainOptions& options_;
  Model model_;
  Split split_;
  Descent descent_;
  std::size_t batches_, steps_;
  bool final_;
  TrainResult result_;
  std::vector<Parameter> best_;
  double best_rank_ = 0, best_loss_ = 0;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

TrainResult train(Graph& g, const TrainJob& job) {
  check(job.options);
  if (!job.data || job.data->samples() == 0)
    throw Error(ErrorCode::no_samples, "training needs samples", "give --finetune DATA");
  if (job.options.labels || !job.data->labels) return Training(g, job).run();
  Dataset plain = *job.data;
  plain.labels.reset();
  TrainJob without = job;
  without.data = &plain;
  return Training(g, without).run();
}

}  // namespace tinyc
