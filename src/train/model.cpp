#include "train/model.h"

#include <algorithm>
#include <limits>

#include "tinyc/error.h"
#include "tinyc/parallel.h"
#include "train/fake_quant.h"

namespace tinyc {
namespace {

// Fixed by the model alone, so that sums do not depend on threads: enough samples that weights are read rarely, few
// enough that activations stay in the cache's reach.
constexpr std::int64_t kChunkSamples = 16, kChunkElements = std::int64_t{1} << 21;
constexpr std::size_t kRememberedElements = std::size_t{1} << 26;

constexpr Range kNothing{std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()};

std::vector<TensorId> wanted_of(const Objective& o, bool teacher) {
  std::vector<TensorId> ids;
  for (const Target& t : teacher ? o.teacher_targets() : o.targets()) ids.push_back(t.id);
  for (const auto& h : o.hints()) ids.push_back(teacher ? h.teacher : h.student);
  return ids;
}

}  // namespace

Model::Model(const Graph& g, const TrainJob& job)
    : graph_(g),
      job_(job),
      objective_(g, job),
      augmenter_(g, *job.data, job.options.augment, job.options.seed),
      parameters_(parameters_of(g)),
      plan_(g, wanted_of(objective_, false), parameters_),
      constants_(constants_of(g)) {
  if (parameters_.empty()) throw Error(ErrorCode::nothing_to_train, "the model has no weights to train");
  chunk_samples_ =
      std::clamp<std::int64_t>(kChunkElements / std::max<std::int64_t>(plan_.activations(), 1), 1, kChunkSamples);
  if (job.teacher) {
    teacher_plan_.emplace(*job.teacher, wanted_of(objective_, true), std::span<const Parameter>{});
    teacher_constants_ = constants_of(*job.teacher);
  }
  for (const Parameter& p : parameters_) effective_.emplace_back(p.value.size());
  workers_.resize(static_cast<std::size_t>(thread_count()));
  refresh();
  if (job.options.teacher_views > 1) check_views();
  if (job.teacher && (job.options.teacher_views > 1 || (!job.options.augment.any() && objective_.hints().empty())))
    remember_teacher();
}

void Model::refresh() {
  parallel_for(parameters_.size(), [&](std::size_t p, int) {
    const Parameter& parameter = parameters_[p];
    auto& v = effective_[p];
    for (std::size_t i = 0; i < v.size(); ++i)
      v[i] = parameter.keep.empty() || parameter.keep[i] ? parameter.value[i] : 0.0f;
    const auto id = static_cast<std::size_t>(parameter.id);
    if (parameter.weight && !quant_.by_tensor.empty() && quant_.by_tensor[id])
      round_weights(*quant_.by_tensor[id], quant_.weight_limit, graph_.at(parameter.id).shape, v, v);
    constants_[id] = v.data();
  });
}

void Model::check_views() const {
  const auto need = [](bool ok, const char* what, const char* hint) {
    if (!ok) throw Error(ErrorCode::bad_value, what, hint);
  };
  need(job_.options.augment.any(), "views of the teacher need augmentation", "give --augment LIST");
  need(!job_.options.augment.mixup, "a blend of samples has no answer of its own with views of the teacher",
       "leave out mixup or --teacher-views");
  for (const Target& t : objective_.targets())
    need(t.kind != Target::Kind::real, "views of the teacher need classes: other outputs may move with the sample",
         "leave out --teacher-views");
}

void Model::remember_teacher() {
  const std::size_t rows = job_.data->samples();
  std::size_t elements = 0;
  for (const Target& t : objective_.teacher_targets()) elements += static_cast<std::size_t>(t.rows * t.depth);
  const std::size_t views = job_.options.teacher_views;
  if (views == 1 && rows * elements > kRememberedElements) return;
  // A stream of its own: the student shall not see the very views that its targets come from.
  const Augmenter view(*job_.teacher, *job_.data, job_.options.augment, ~job_.options.seed);
  std::vector<std::vector<std::vector<float>>> outputs(objective_.targets().size());
  for (auto& o : outputs) o.resize(rows);
  const auto size = static_cast<std::size_t>(chunk_samples_);
  parallel_for((rows + size - 1) / size, [&](std::size_t chunk, int worker) {
    Worker& w = workers_[static_cast<std::size_t>(worker)];
    if (!w.teacher) w.teacher = std::make_unique<Tape>(*teacher_plan_, chunk_samples_, false);
    const std::size_t first = chunk * size, samples = std::min(size, rows - first);
    for (std::size_t v = 0; v < views; ++v) {
      for (std::size_t s = 0; s < samples; ++s)
        for (std::size_t k = 0; k < graph_.inputs.size(); ++k) {
          const auto in = w.teacher->input(k, static_cast<std::int64_t>(s));
          v == 0 ? job_.data->sample(k, first + s, in) : view.sample(k, first + s, first + s, v, in);
        }
      w.teacher->forward(static_cast<std::int64_t>(samples), teacher_constants_, nullptr);
      for (std::size_t k = 0; k < outputs.size(); ++k)
        for (std::size_t s = 0; s < samples; ++s) {
          const auto answer = w.teacher->output(objective_.teacher_targets()[k].id, static_cast<std::int64_t>(s));
          auto& mean = outputs[k][first + s];
          mean.resize(answer.size());
          for (std::size_t i = 0; i < answer.size(); ++i) mean[i] += answer[i] / static_cast<float>(views);
        }
    }
  });
  teacher_outputs_ = std::move(outputs);
}

Model::Score Model::chunk(std::span<const std::size_t> rows, std::size_t first, std::size_t last, std::size_t epoch,
                          bool learning, std::size_t number, Worker& w) {
  if (!w.tape) w.tape = std::make_unique<Tape>(plan_, chunk_samples_, true);
  const bool ask_teacher = job_.teacher && (teacher_outputs_.empty() || !objective_.hints().empty());
  if (ask_teacher && !w.teacher) w.teacher = std::make_unique<Tape>(*teacher_plan_, chunk_samples_, false);
  Tape& tape = *w.tape;
  const auto samples = static_cast<std::int64_t>(last - first);
  for (std::int64_t s = 0; s < samples; ++s) {
    const std::size_t i = first + static_cast<std::size_t>(s), row = rows[i],
                      partner = rows[(i + rows.size() / 2) % rows.size()];
    for (std::size_t k = 0; k < graph_.inputs.size(); ++k) {
      const auto in = tape.input(k, s);
      if (learning)
        augmenter_.sample(k, row, partner, epoch, in);
      else
        job_.data->sample(k, row, in);
      if (ask_teacher) std::copy(in.begin(), in.end(), w.teacher->input(k, s).begin());
    }
  }
  const FakeQuant* quant = quant_.by_tensor.empty() ? nullptr : &quant_;
  tape.forward(samples, constants_, quant);
  if (learning && job_.follow) {
    if (w.extremes.empty()) w.extremes.assign(graph_.tensors.size(), kNothing);
    tape.widen(samples, w.extremes);
  }
  if (ask_teacher) w.teacher->forward(samples, teacher_constants_, nullptr);
  if (learning) tape.clear_gradients(samples);
  const std::size_t label_size = job_.data->labels ? job_.data->labels->row_elements() : 0;
  w.label.resize(label_size);
  Score score;
  const auto& targets = objective_.targets();
  for (std::int64_t s = 0; s < samples; ++s) {
    const std::size_t row = rows[first + static_cast<std::size_t>(s)];
    if (label_size) job_.data->labels->row(row, w.label);
    for (std::size_t k = 0; k < targets.size(); ++k) {
      std::span<const float> taught;
      if (!teacher_outputs_.empty())
        taught = teacher_outputs_[k][row];
      else if (job_.teacher)
        taught = w.teacher->output(objective_.teacher_targets()[k].id, s);
      const auto output = tape.output(targets[k].id, s);
      score.loss +=
          objective_.sample(k, output, taught, tape.input(0, s), w.label, 1.0f / static_cast<float>(rows.size()),
                            learning ? tape.seed(targets[k].id, s) : std::span<float>{});
      if (k == 0 && has_classes()) score.accuracy += objective_.right(output, w.label);
    }
    for (const auto& h : objective_.hints())
      score.loss += objective_.hint(tape.output(h.student, s), w.teacher->output(h.teacher, s),
                                    1.0f / static_cast<float>(rows.size()),
                                    learning ? tape.seed(h.student, s) : std::span<float>{});
  }
  if (!learning) return score;
  std::vector<float*> to(graph_.tensors.size(), nullptr);
  for (std::size_t p = 0; p < parameters_.size(); ++p) {
    auto& g = gradients_[number][p];
    g.assign(parameters_[p].value.size(), 0.0f);
    to[static_cast<std::size_t>(parameters_[p].id)] = g.data();
  }
  tape.backward(samples, constants_, quant, to);
  return score;
}

Model::Score Model::all_chunks(std::span<const std::size_t> rows, std::size_t epoch, bool learning) {
  const auto size = static_cast<std::size_t>(chunk_samples_);
  const std::size_t chunks = (rows.size() + size - 1) / size;
  if (learning) {
    chunks_ = chunks;
    while (gradients_.size() < chunks) gradients_.emplace_back(parameters_.size());
  }
  std::vector<Score> scores(chunks);
  parallel_for(chunks, [&](std::size_t c, int worker) {
    scores[c] = chunk(rows, c * size, std::min(rows.size(), (c + 1) * size), epoch, learning, c,
                      workers_[static_cast<std::size_t>(worker)]);
  });
  Score sum;
  for (const Score& s : scores) {
    sum.loss += s.loss;
    sum.accuracy += s.accuracy;
  }
  sum.loss /= static_cast<double>(rows.size());
  sum.accuracy /= static_cast<double>(rows.size());
  return sum;
}

double Model::learn(std::span<const std::size_t> rows, std::size_t epoch) {
  const double loss = all_chunks(rows, epoch, true).loss;
  if (!job_.follow) return loss;
  extremes_.assign(graph_.tensors.size(), kNothing);
  for (Worker& w : workers_) {  // extremes do not depend on who saw them
    for (std::size_t t = 0; t < w.extremes.size(); ++t)
      extremes_[t] = {std::min(extremes_[t].min, w.extremes[t].min), std::max(extremes_[t].max, w.extremes[t].max)};
    w.extremes.clear();
  }
  return loss;
}

Model::Score Model::evaluate(std::span<const std::size_t> rows) { return all_chunks(rows, 0, false); }

}  // namespace tinyc
