#include "tinyc/gradients.h"

#include <algorithm>
#include <memory>

#include "tinyc/error.h"
#include "tinyc/parallel.h"
#include "train/drawn_answers.h"
#include "train/tape.h"

namespace tinyc {
namespace {

// Whether labels are classes of the first output, as training takes them. The graph stands for its own teacher, so that
// labels of another kind are no error.
bool has_classes(const Graph& g, const Dataset& d) {
  if (!d.labels) return false;
  TrainJob job;
  job.data = &d;
  job.teacher = &g;
  const Objective objective(g, job);
  const Target& t = objective.targets()[0];
  return objective.has_classes() && (t.kind != Target::Kind::independent || t.rows * t.depth == 1);
}

std::vector<TensorId> ids_of(const std::vector<Target>& targets) {
  std::vector<TensorId> ids;
  ids.reserve(targets.size());
  for (const Target& t : targets) ids.push_back(t.id);
  return ids;
}

class Gradients {
 public:
  Gradients(const Graph& g, const Dataset& d, const GradientOptions& o)
      : graph_(g),
        data_(d),
        options_(o),
        samples_(std::min(o.samples, d.samples())),
        labelled_(o.labels && has_classes(g, d)),
        answers_(g, d, samples_),
        parameters_(parameters_of(g)),
        plan_(g, ids_of(answers_.targets()), parameters_),
        constants_(constants_of(g)),
        tapes_(static_cast<std::size_t>(thread_count())) {}

  std::span<const Parameter> parameters() const { return parameters_; }
  std::size_t batches() const { return (samples_ + options_.batch - 1) / options_.batch; }

  void batch(std::size_t number, int worker, std::vector<std::vector<float>>& gradients) {
    auto& tape = tapes_[static_cast<std::size_t>(worker)];
    if (!tape) tape = std::make_unique<Tape>(plan_, static_cast<std::int64_t>(options_.batch), true);
    const std::size_t first = number * options_.batch, last = std::min(first + options_.batch, samples_);
    const auto count = static_cast<std::int64_t>(last - first);
    for (std::int64_t s = 0; s < count; ++s)
      for (std::size_t k = 0; k < graph_.inputs.size(); ++k) data_.sample(k, row(first, s), tape->input(k, s));
    tape->forward(count, constants_, nullptr);
    tape->clear_gradients(count);
    for (std::int64_t s = 0; s < count; ++s) seed(*tape, s, row(first, s), 1.0f / static_cast<float>(count));
    std::vector<float*> to(graph_.tensors.size(), nullptr);
    gradients.resize(parameters_.size());
    for (std::size_t p = 0; p < parameters_.size(); ++p) {
      gradients[p].assign(parameters_[p].value.size(), 0.0f);
      to[static_cast<std::size_t>(parameters_[p].id)] = gradients[p].data();
    }
    tape->backward(count, constants_, nullptr, to);
  }

 private:
  std::size_t row(std::size_t first, std::int64_t s) const {
    return (first + static_cast<std::size_t>(s)) * data_.samples() / samples_;
  }
  // Labels belong to output 0, as in training.
  void seed(Tape& tape, std::int64_t s, std::size_t row, float scale) const {
    Random r(options_.seed, row, 0);
    const auto& targets = answers_.targets();
    for (std::size_t k = 0; k < targets.size(); ++k) {
      const auto to = tape.seed(targets[k].id, s);
      if (to.empty()) continue;
      const auto output = tape.output(targets[k].id, s);
      if (k == 0 && labelled_) {
        float label = 0;
        data_.labels->row(row, {&label, 1});
        answers_.answer(k, output, static_cast<std::size_t>(label), scale, to);
      } else {
        answers_.draw(k, output, r, scale, to);
      }
    }
  }

  const Graph& graph_;
  const Dataset& data_;
  const GradientOptions& options_;
  std::size_t samples_;
  bool labelled_;
  DrawnAnswers answers_;
  std::vector<Parameter> parameters_;
  Plan plan_;
  Constants constants_;
  std::vector<std::unique_ptr<Tape>> tapes_;
};

}  // namespace

void batch_gradients(
    const Graph& g, const Dataset& d, const GradientOptions& o,
    const std::function<void(std::span<const Parameter>, std::span<const std::vector<float>>)>& visit) {
  if (d.samples() == 0 || o.samples == 0 || o.batch == 0) throw Error(ErrorCode::no_samples, "gradients need samples");
  Gradients all(g, d, o);
  // as many batches at a time as there are threads; they are visited in order
  std::vector<std::vector<std::vector<float>>> gradients(static_cast<std::size_t>(thread_count()));
  for (std::size_t first = 0; first < all.batches(); first += gradients.size()) {
    const std::size_t count = std::min(gradients.size(), all.batches() - first);
    parallel_for(count, [&](std::size_t i, int worker) { all.batch(first + i, worker, gradients[i]); });
    for (std::size_t i = 0; i < count; ++i) visit(all.parameters(), gradients[i]);
  }
}

}  // namespace tinyc
