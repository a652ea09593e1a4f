#include "pipeline/measure.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tinyc/distinguished_ranges.h"
#include "tinyc/error.h"
#include "tinyc/executor.h"

namespace tinyc {
namespace {

double decibel(double signal, double noise) {
  if (noise <= 0) return 200.0;
  if (signal <= 0) return 0.0;
  return std::min(200.0, 10.0 * std::log10(signal / noise));
}

std::size_t arg_max(std::span<const float> v) {
  return static_cast<std::size_t>(std::max_element(v.begin(), v.end()) - v.begin());
}

std::span<const float> sample_of(const RealOutputs& outputs, const MetricData& m, std::size_t i) {
  return std::span(outputs[0]).subspan(i * m.output_elements, m.output_elements);
}

float label(const Dataset& d, std::size_t i) {
  float y = 0;
  d.labels->row(i, {&y, 1});
  return y;
}

bool has_both_classes(const MetricData& m) {
  bool positive = false, negative = false;
  for (std::size_t i = 0; i < m.samples; ++i) (label(*m.data, i) != 0 ? positive : negative) = true;
  return positive && negative;
}

// Area under the ROC curve by ranks, ties counted half.
double auc(std::vector<std::pair<double, bool>> scored) {
  std::sort(scored.begin(), scored.end());
  double rank_sum = 0, positives = 0;
  for (std::size_t i = 0; i < scored.size();) {
    std::size_t j = i;
    while (j < scored.size() && scored[j].first == scored[i].first) ++j;
    const double rank = 0.5 * static_cast<double>(i + 1 + j);
    for (; i < j; ++i)
      if (scored[i].second) {
        rank_sum += rank;
        positives += 1;
      }
  }
  const double negatives = static_cast<double>(scored.size()) - positives;
  if (positives == 0 || negatives == 0)
    throw Error(ErrorCode::labels_do_not_fit, "AUC needs samples of both classes",
                "check the labels y (0 normal, 1 anomaly)");
  return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives);
}

double auc_of_reconstruction(const RealOutputs& outputs, const MetricData& m) {
  struct Group {
    double error = 0, rows = 0;
    bool positive = false;
  };
  std::map<float, Group> groups;
  std::vector<float> x(m.output_elements);
  for (std::size_t i = 0; i < m.samples; ++i) {
    m.data->sample(0, i, x);
    const auto y = sample_of(outputs, m, i);
    double error = 0;
    for (std::size_t j = 0; j < x.size(); ++j)
      error += (static_cast<double>(x[j]) - y[j]) * (static_cast<double>(x[j]) - y[j]);
    float key = static_cast<float>(i);
    if (m.data->groups) m.data->groups->row(i, {&key, 1});
    Group& g = groups[key];
    g.error += error / static_cast<double>(x.size());
    g.rows += 1;
    g.positive = label(*m.data, i) != 0;
  }
  std::vector<std::pair<double, bool>> scored;
  scored.reserve(groups.size());
  for (const auto& [key, g] : groups) scored.emplace_back(g.error / g.rows, g.positive);
  return auc(std::move(scored));
}

// One score stands for two classes; how many class numbers there are, a model that gives them does not say.
void check_classes(const MetricData& m) {
  const std::size_t classes = m.positions ? std::size_t{1} << 24 : std::max<std::size_t>(m.output_elements, 2);
  for (std::size_t i = 0; i < m.samples; ++i) {
    const float y = label(*m.data, i);
    if (y >= 0 && y < static_cast<float>(classes) && y == std::floor(y)) continue;
    char value[32];
    std::snprintf(value, sizeof value, "%g", static_cast<double>(y));
    throw Error(ErrorCode::labels_do_not_fit,
                "the label of sample " + std::to_string(i) + " is " + value + ", the model's classes are 0 to " +
                    std::to_string(classes - 1),
                "number the classes from 0, as the model's outputs; real targets are measured by --metric mse");
  }
}

float predicted_class(const RealOutputs& outputs, const MetricData& m, std::size_t i) {
  const auto y = sample_of(outputs, m, i);
  if (m.positions) return y[0];
  return y.size() == 1 ? (y[0] > 0.5f ? 1.0f : 0.0f) : static_cast<float>(arg_max(y));
}

double top1(const RealOutputs& outputs, const MetricData& m) {
  check_classes(m);
  std::size_t right = 0;
  for (std::size_t i = 0; i < m.samples; ++i) right += predicted_class(outputs, m, i) == label(*m.data, i);
  return static_cast<double>(right) / static_cast<double>(m.samples);
}

double mean_squared_error(const RealOutputs& outputs, const MetricData& m) {
  std::vector<float> target(m.output_elements);
  double sum = 0;
  for (std::size_t i = 0; i < m.samples; ++i) {
    m.data->labels->row(i, target);
    const auto y = sample_of(outputs, m, i);
    for (std::size_t j = 0; j < y.size(); ++j)
      sum += (static_cast<double>(target[j]) - y[j]) * (static_cast<double>(target[j]) - y[j]);
  }
  return sum / static_cast<double>(m.samples * m.output_elements);
}

}  // namespace

RealOutputs real_outputs(const Program& p, const Dataset& d, std::size_t n) {
  const auto integers = run_program(p, d, n);
  RealOutputs out;
  for (std::size_t k = 0; k < integers.size(); ++k) {
    const Value& v = p.values[static_cast<std::size_t>(p.outputs[k])];
    auto& real = out.emplace_back(integers[k].size());
    for (std::size_t i = 0; i < real.size(); ++i)
      real[i] = v.scale * static_cast<float>(integers[k][i] - v.zero_point);  // an i32 value has scale 1, zero point 0
  }
  return out;
}

std::string resolve_metric(const std::string& name, const MetricData& m) {
  const bool labels = m.data->labels.has_value();
  const std::size_t per_row = labels ? m.data->labels->row_elements() : 0;
  const bool reconstructs =
      m.data->inputs.size() == 1 && m.data->inputs[0].row_elements() == m.output_elements && m.output_elements > 1;
  if (name == "auto") {
    // calibration rows are often all normal: nothing to rank then
    if (labels && per_row == 1 && reconstructs) return has_both_classes(m) ? "auc" : "cosine";
    if (labels && per_row == 1 && m.data->labels->type != Array::Type::f32 && m.data->labels->type != Array::Type::f64)
      return "top1";
    if (labels && per_row == 1 && (m.output_elements > 1 || m.positions)) return "top1";
    return labels && per_row == m.output_elements ? "mse" : "cosine";
  }
  if (name == "cosine") return name;
  if (name != "top1" && name != "mse" && name != "auc")
    throw Error(ErrorCode::unknown_name, "unknown metric '" + printable(name) + "'",
                "one of: auto, top1, auc, mse, cosine");
  if (!labels)
    throw Error(ErrorCode::labels_do_not_fit, "metric " + name + " needs labels",
                "store them under the key y, or use --metric cosine");
  if (name == "mse" ? per_row != m.output_elements : per_row != 1)
    throw Error(ErrorCode::labels_do_not_fit, "the labels have " + std::to_string(per_row) +
                                                  " values a sample, metric " + name + " needs " +
                                                  std::to_string(name == "mse" ? m.output_elements : 1));
  if (name == "auc" && !reconstructs)
    throw Error(ErrorCode::labels_do_not_fit, "metric auc needs an autoencoder: an output as large as the input");
  return name;
}

std::optional<double> score(const std::string& metric, const RealOutputs& outputs, const MetricData& m) {
  if (metric == "top1") return top1(outputs, m);
  if (metric == "auc") return auc_of_reconstruction(outputs, m);
  if (metric == "mse") return mean_squared_error(outputs, m);
  return std::nullopt;
}

std::vector<std::vector<std::uint32_t>> confusion(const RealOutputs& outputs, const MetricData& m) {
  constexpr std::size_t kMost = 50;
  check_classes(m);
  std::size_t classes = m.positions ? 1 : std::max<std::size_t>(m.output_elements, 2);
  if (m.positions)
    for (std::size_t i = 0; i < m.samples; ++i)
      for (const float c : {predicted_class(outputs, m, i), label(*m.data, i)})
        classes = std::max(classes, static_cast<std::size_t>(std::max(c, 0.0f)) + 1);
  if (classes > kMost) return {};
  std::vector counts(classes, std::vector<std::uint32_t>(classes));
  for (std::size_t i = 0; i < m.samples; ++i)
    if (const float c = predicted_class(outputs, m, i); c >= 0)
      ++counts[static_cast<std::size_t>(label(*m.data, i))][static_cast<std::size_t>(c)];
  return counts;
}

void compare(const RealOutputs& reference, const RealOutputs& compressed, const MetricData& m, Accuracy& out) {
  double signal = 0, noise = 0;
  for (std::size_t k = 0; k < reference.size(); ++k)
    for (std::size_t i = 0; i < reference[k].size(); ++i) {
      const double f = reference[k][i], q = compressed[k][i];
      signal += f * f;
      noise += (f - q) * (f - q);
    }
  out.sqnr_db = decibel(signal, noise);
  double same = 0;
  for (std::size_t i = 0; i < m.samples; ++i) {
    const auto a = sample_of(reference, m, i), b = sample_of(compressed, m, i);
    if (m.positions) {
      std::size_t equal = 0;
      for (std::size_t j = 0; j < a.size(); ++j) equal += a[j] == b[j];
      same += static_cast<double>(equal) / static_cast<double>(a.size());
      continue;
    }
    same += a.size() == 1 ? (a[0] > 0.5f) == (b[0] > 0.5f) : arg_max(a) == arg_max(b);
  }
  out.agreement = m.samples ? same / static_cast<double>(m.samples) : 0;
  out.samples = m.samples;
}

double mean_cosine(const RealOutputs& reference, const RealOutputs& compressed, const MetricData& m) {
  double sum = 0;
  for (std::size_t i = 0; i < m.samples; ++i) {
    const auto a = sample_of(reference, m, i), b = sample_of(compressed, m, i);
    double ab = 0, aa = 0, bb = 0;
    for (std::size_t j = 0; j < a.size(); ++j) {
      ab += static_cast<double>(a[j]) * b[j];
      aa += static_cast<double>(a[j]) * a[j];
      bb += static_cast<double>(b[j]) * b[j];
    }
    sum += aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : (aa == bb ? 1.0 : 0.0);
  }
  return m.samples ? sum / static_cast<double>(m.samples) : 0;
}

std::map<std::size_t, double> layer_sqnr(const Graph& float_graph, const Program& p, const Dataset& d, std::size_t n) {
  std::map<std::string, TensorId> by_name;
  for (const Node& node : float_graph.nodes) by_name.emplace(float_graph.at(node.outputs[0]).name, node.outputs[0]);
  const auto distinguished = distinguished_ranges(float_graph);
  const FloatExecutor floats(float_graph, true);
  auto float_state = floats.make_state();
  const ProgramExecutor integers(p);
  auto state = integers.make_state();
  struct Sums {
    double signal = 0, noise = 0;
  };
  std::map<std::size_t, Sums> sums;
  for (std::size_t sample = 0; sample < n; ++sample) {
    for (std::size_t k = 0; k < p.inputs.size(); ++k) {
      const auto real = floats.input(float_state, k);
      d.sample(k, sample, real);
      integers.set_input(state, k, std::span<const float>(real));
    }
    floats.run(float_state);
    integers.run(state, [&](std::size_t layer, std::span<const std::int8_t> out) {
      const Value& v = p.values[static_cast<std::size_t>(p.layers[layer].out)];
      const auto found = by_name.find(v.name);
      if (found == by_name.end() || v.type != DType::i8) return;
      const auto reference = floats.value(float_state, found->second);
      if (reference.size() != out.size()) return;
      const Range matters = distinguished[static_cast<std::size_t>(found->second)];
      Sums& s = sums[layer];
      for (std::size_t i = 0; i < out.size(); ++i) {
        const double f = std::clamp(reference[i], matters.min, matters.max);
        const double q = std::clamp(dequantize_value(out[i], v.scale, v.zero_point), matters.min, matters.max);
        s.signal += f * f;
        s.noise += (f - q) * (f - q);
      }
    });
  }
  std::map<std::size_t, double> result;
  for (const auto& [layer, s] : sums) result[layer] = decibel(s.signal, s.noise);
  return result;
}

}  // namespace tinyc
