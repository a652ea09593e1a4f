#include "train/loss.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "tinyc/error.h"

namespace tinyc {
namespace {

// The tensor behind `id` when it is made by a final softmax or logistic, through reshapes.
Target behind(const Graph& g, const Uses& uses, TensorId id) {
  const auto elements = num_elements(g.at(id).shape);
  Target t{Target::Kind::real, id, 1, elements, 1};
  for (TensorId at = id;;) {
    const auto producer = uses.producer[static_cast<std::size_t>(at)];
    if (producer < 0) return t;
    const Node& n = g.nodes[static_cast<std::size_t>(producer)];
    if (kind(n.op) == OpKind::reshape) {
      at = n.inputs[0];
      continue;
    }
    if (const auto* s = std::get_if<Softmax>(&n.op)) {
      const std::int64_t depth = g.at(n.inputs[0]).shape.back();
      return {Target::Kind::classes, n.inputs[0], elements / depth, depth, s->beta};
    }
    if (kind(n.op) == OpKind::logistic) return {Target::Kind::independent, n.inputs[0], elements, 1, 1};
    return t;
  }
}

// Natural logarithm without the mathematical library: atanh series of the mantissa.
double portable_log(double x) {
  int exponent = 0;
  double m = std::frexp(x, &exponent);
  if (m < 0.70710678118654752) {
    m *= 2;
    --exponent;
  }
  const double z = (m - 1) / (m + 1), zz = z * z;
  double term = z, sum = 0;
  for (int i = 1; i < 40; i += 2) {
    sum += term / i;
    term *= zz;
  }
  return 2 * sum + exponent * 0.69314718055994530942;
}

// Probabilities of one row at a temperature.
void soften(std::span<const float> logits, double factor, std::vector<double>& p) {
  p.resize(logits.size());
  const double top = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (std::size_t i = 0; i < p.size(); ++i) sum += p[i] = portable_exp((logits[i] - top) * factor);
  for (double& v : p) v /= sum;
}

double log_ratio(double p, double q) { return p <= 0 ? 0 : p * portable_log(p / std::max(q, 1e-300)); }

double sigmoid(double x) { return 1 / (1 + portable_exp(-x)); }

}  // namespace

double portable_exp(double x) noexcept {
  if (!(x > -700)) return x < 0 ? 0 : x;  // NaN stays
  if (x > 700) return HUGE_VAL;
  const double n = std::nearbyint(x * 1.4426950408889634074);
  const double r = (x - n * 0.693147180369123816490) - n * 1.90821492927058770002e-10;
  double sum = 1;
  for (int i = 14; i > 0; --i) sum = 1 + sum * r / i;
  return std::ldexp(sum, static_cast<int>(n));
}

std::vector<Target> find_targets(const Graph& g) {
  const Uses uses(g);
  std::vector<Target> targets;
  targets.reserve(g.outputs.size());
  for (const auto id : g.outputs) targets.push_back(behind(g, uses, id));
  return targets;
}

Objective::Objective(const Graph& student, const TrainJob& job) : student_(find_targets(student)) {
  const Dataset& d = *job.data;
  using Loss = TrainOptions::Loss;
  const Loss wanted = job.options.loss;
  const auto elements = static_cast<std::size_t>(num_elements(student.at(student.outputs[0]).shape));
  const bool reconstructs = student_[0].kind == Target::Kind::real && student.inputs.size() == 1 && elements > 1 &&
                            static_cast<std::size_t>(num_elements(student.at(student.inputs[0]).shape)) == elements;
  const std::size_t per_row = d.labels ? d.labels->row_elements() : 0;
  if (per_row == 1 && !reconstructs && wanted != Loss::mse && (elements > 1 || student_[0].kind != Target::Kind::real))
    label_use_ = Labels::classes;
  else if (per_row == elements && !reconstructs)
    label_use_ = Labels::real;
  else if (reconstructs && !job.teacher)
    label_use_ = Labels::input;
  if (wanted == Loss::cross_entropy && label_use_ != Labels::classes && !job.teacher)
    throw Error(ErrorCode::labels_do_not_fit, "cross entropy needs one class number a sample",
                "store it under the key y");

  // an output without softmax holds logits where its labels are classes, or the caller says so
  if ((label_use_ == Labels::classes || (wanted == Loss::cross_entropy && elements > 1)) &&
      student_[0].kind == Target::Kind::real)
    student_[0] = {Target::Kind::classes, student_[0].id, 1, static_cast<std::int64_t>(elements), 1};
  if (label_use_ == Labels::classes && student_[0].kind == Target::Kind::classes && student_[0].rows != 1)
    label_use_ = Labels::none;
  if (wanted == Loss::mse)
    for (std::size_t k = 0; k < student_.size(); ++k)
      student_[k] = {Target::Kind::real, student.outputs[k], 1, num_elements(student.at(student.outputs[k]).shape), 1};
  if (label_use_ == Labels::classes) {
    const auto classes = student_[0].kind == Target::Kind::classes ? student_[0].depth : std::int64_t{2};
    for (std::size_t i = 0; i < d.samples(); ++i) {
      float y = 0;
      d.labels->row(i, {&y, 1});
      if (!(y >= 0 && y < static_cast<float>(classes) && y == std::floor(y)))
        throw Error(ErrorCode::labels_do_not_fit,
                    "the label of training sample " + std::to_string(i) + " is no class from 0 to " +
                        std::to_string(classes - 1),
                    "number the classes from 0, as the model's outputs; real targets need one value for each output");
    }
  }
  if (job.teacher) {
    teacher_ = find_targets(*job.teacher);
    bool fits = teacher_.size() == student_.size() && job.teacher->inputs.size() == student.inputs.size();
    for (std::size_t i = 0; fits && i < student.inputs.size(); ++i)
      fits = job.teacher->at(job.teacher->inputs[i]).shape == student.at(student.inputs[i]).shape;
    for (std::size_t k = 0; fits && k < student_.size(); ++k) {
      fits = num_elements(job.teacher->at(job.teacher->outputs[k]).shape) ==
             num_elements(student.at(student.outputs[k]).shape);
      if (student_[k].kind == Target::Kind::real)
        teacher_[k] = {Target::Kind::real, job.teacher->outputs[k], 1, student_[k].depth, 1};
    }
    if (!fits)
      throw Error(ErrorCode::data_does_not_fit, "teacher and student differ in the shapes of their inputs or outputs",
                  "give a teacher for the same task");
  } else if (label_use_ == Labels::none) {
    throw Error(ErrorCode::labels_do_not_fit,
                "there is nothing to learn from: no labels that fit the outputs and no teacher",
                "store labels under the key y, or give --teacher MODEL");
  }
  const bool both = job.teacher && (label_use_ == Labels::classes || label_use_ == Labels::real);
  alpha_ = both ? job.options.alpha : job.teacher ? 0.0f : 1.0f;
  temperature_ = job.options.temperature;
  if (job.teacher && job.options.hints > 0) find_hints(student, job);
}

// Outputs of the operators that compute, which keep their names through the exact passes.
void Objective::find_hints(const Graph& student, const TrainJob& job) {
  std::map<std::string, TensorId> by_name;
  for (const Node& n : job.teacher->nodes) by_name.emplace(job.teacher->at(n.outputs[0]).name, n.outputs[0]);
  for (const Node& n : student.nodes) {
    const TensorId id = n.outputs[0];
    if (traits(n.op).moves || std::ranges::any_of(student_, [&](const Target& t) { return t.id == id; })) continue;
    if (std::ranges::find(student.outputs, id) != student.outputs.end()) continue;
    const auto found = by_name.find(student.at(id).name);
    if (found != by_name.end() && job.teacher->at(found->second).shape == student.at(id).shape)
      hints_.push_back({id, found->second});
  }
  if (!hints_.empty()) hint_weight_ = job.options.hints / static_cast<float>(hints_.size());
}

double Objective::hint(std::span<const float> student, std::span<const float> teacher, float scale,
                       std::span<float> gradient) const {
  double distance = 0, energy = 1e-12;
  for (std::size_t i = 0; i < student.size(); ++i) {
    const double d = static_cast<double>(student[i]) - static_cast<double>(teacher[i]);
    distance += d * d;
    energy += static_cast<double>(teacher[i]) * static_cast<double>(teacher[i]);
  }
  const auto slope = static_cast<float>(2 * static_cast<double>(hint_weight_) / energy) * scale;
  if (!gradient.empty())
    for (std::size_t i = 0; i < student.size(); ++i) gradient[i] += slope * (student[i] - teacher[i]);
  return static_cast<double>(hint_weight_) * distance / energy;
}

double Objective::sample(std::size_t k, std::span<const float> output, std::span<const float> teacher,
                         std::span<const float> input, std::span<const float> label, float scale,
                         std::span<float> gradient) const {
  const Target& t = student_[k];
  const auto depth = static_cast<std::size_t>(t.depth);
  double loss = 0;
  const auto add = [&](std::size_t i, double slope) {
    if (!gradient.empty()) gradient[i] += static_cast<float>(slope) * scale;
  };
  thread_local std::vector<double> p, q;
  const double soft = static_cast<double>(temperature_), beta = static_cast<double>(t.beta);
  // Labels belong to output 0; further outputs only follow the teacher.
  const double hard_share = k == 0 && !label.empty() && label_use_ != Labels::none ? static_cast<double>(alpha_) : 0.0;
  const double soft_share = teacher.empty() ? 0.0 : 1.0 - hard_share;
  if (t.kind == Target::Kind::classes) {
    if (soft_share > 0)
      for (std::size_t r = 0; r < output.size(); r += depth) {
        soften(teacher.subspan(r, depth), static_cast<double>(teacher_[k].beta) / soft, p);
        soften(output.subspan(r, depth), beta / soft, q);
        for (std::size_t c = 0; c < depth; ++c) {
          loss += soft_share * soft * soft * log_ratio(p[c], q[c]);
          add(r + c, soft_share * soft * beta * (q[c] - p[c]));
        }
      }
    if (hard_share > 0) {
      soften(output, beta, q);
      const auto wanted = static_cast<std::size_t>(label[0]);
      loss -= hard_share * portable_log(std::max(q[wanted], 1e-300));
      for (std::size_t c = 0; c < depth; ++c) add(c, hard_share * beta * (q[c] - (c == wanted ? 1.0 : 0.0)));
    }
  } else if (t.kind == Target::Kind::independent) {
    const double n = static_cast<double>(output.size());
    const auto follow = [&](std::size_t i, double target, double at, double weight) {
      const double y = sigmoid(static_cast<double>(output[i]) / at);
      loss += weight * at * at * (log_ratio(target, y) + log_ratio(1 - target, 1 - y)) / n;
      add(i, weight * at * (y - target) / n);
    };
    for (std::size_t i = 0; i < output.size(); ++i) {
      if (soft_share > 0) follow(i, sigmoid(static_cast<double>(teacher[i]) / soft), soft, soft_share);
      if (hard_share > 0 && i < label.size()) follow(i, static_cast<double>(label[i]), 1, hard_share);
    }
  } else {
    const double n = static_cast<double>(output.size());
    const auto follow = [&](std::span<const float> target, double weight) {
      for (std::size_t i = 0; i < output.size(); ++i) {
        const double d = static_cast<double>(output[i]) - static_cast<double>(target[i]);
        loss += weight * d * d / n;
        add(i, weight * 2 * d / n);
      }
    };
    if (soft_share > 0) follow(teacher, soft_share);
    if (label_use_ == Labels::input && k == 0) follow(input, 1.0);
    if (hard_share > 0 && label_use_ == Labels::real) follow(label, hard_share);
  }
  return loss;
}

bool Objective::right(std::span<const float> output, std::span<const float> label) const {
  const auto best = output.size() == 1 ? static_cast<std::ptrdiff_t>(output[0] > 0)
                                       : std::max_element(output.begin(), output.end()) - output.begin();
  return static_cast<float>(best) == label[0];
}

}  // namespace tinyc
