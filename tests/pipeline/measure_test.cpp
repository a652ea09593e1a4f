// Metrics by hand: scores of small outputs whose answers can be counted.
#include "pipeline/measure.h"

#include <cstring>

#include "catch.h"
#include "oracle/small_programs.h"
#include "pipeline/activations.h"
#include "tinyc/error.h"
#include "tinyc/executor.h"
#include "tinyc/pass.h"
#include "tinyc/text.h"

using namespace tinyc;

namespace {

template <class T>
Array array(Array::Type type, std::vector<std::int64_t> shape, const std::vector<T>& values) {
  Array a;
  a.type = type;
  a.shape = std::move(shape);
  a.data.resize(values.size() * sizeof(T));
  std::memcpy(a.data.data(), values.data(), a.data.size());
  return a;
}
Array floats(std::vector<std::int64_t> shape, const std::vector<float>& values) {
  return array(Array::Type::f32, std::move(shape), values);
}
Array ints(const std::vector<std::int32_t>& values) {
  return array(Array::Type::i32, {static_cast<std::int64_t>(values.size())}, values);
}

/// `n` samples of `inputs` zeros each, with or without labels.
Dataset zeros(std::int64_t n, std::int64_t inputs, std::optional<Array> labels = {}) {
  Dataset d;
  d.inputs.push_back(floats({n, inputs}, std::vector<float>(static_cast<std::size_t>(n * inputs))));
  d.labels = std::move(labels);
  return d;
}

std::string resolved(const std::string& name, const Dataset& d, std::size_t outputs) {
  return resolve_metric(name, {&d, d.samples(), outputs});
}

/// The kind of error that resolve_metric throws.
ErrorKind refusal(const std::string& name, const Dataset& d, std::size_t outputs) {
  try {
    resolved(name, d, outputs);
  } catch (const Error& e) {
    return e.kind();
  }
  return ErrorKind::internal;
}

}  // namespace

TEST_CASE("auto picks the metric that labels and outputs allow") {
  CHECK(resolved("auto", zeros(2, 4), 3) == "cosine");
  CHECK(resolved("auto", zeros(2, 4, ints({0, 1})), 3) == "top1");
  CHECK(resolved("auto", zeros(2, 4, ints({0, 1})), 1) == "top1");
  CHECK(resolved("auto", zeros(2, 4, floats({2}, {0, 1})), 3) == "top1");
  CHECK(resolved("auto", zeros(2, 4, array<double>(Array::Type::f64, {2}, {0, 1})), 3) == "top1");
  // one real number to one real number is a regression
  CHECK(resolved("auto", zeros(2, 4, floats({2}, {0, 1})), 1) == "mse");
  CHECK(resolved("auto", zeros(2, 4, array<double>(Array::Type::f64, {2}, {0, 1})), 1) == "mse");
  CHECK(resolved("auto", zeros(2, 4, floats({2, 3}, std::vector<float>(6))), 3) == "mse");
  CHECK(resolved("auto", zeros(2, 4, floats({2, 2}, std::vector<float>(4))), 3) == "cosine");
}

TEST_CASE("auto ranks reconstructions only where both classes occur") {
  CHECK(resolved("auto", zeros(2, 4, ints({0, 1})), 4) == "auc");
  CHECK(resolved("auto", zeros(2, 4, ints({1, 0})), 4) == "auc");
  CHECK(resolved("auto", zeros(2, 4, ints({0, 0})), 4) == "cosine");
  CHECK(resolved("auto", zeros(2, 4, ints({1, 1})), 4) == "cosine");
  // one in, one out is no autoencoder; nor are two inputs
  CHECK(resolved("auto", zeros(2, 1, ints({0, 1})), 1) == "top1");
  Dataset two = zeros(2, 4, ints({0, 1}));
  two.inputs.push_back(two.inputs[0]);
  CHECK(resolved("auto", two, 4) == "top1");
}

TEST_CASE("a named metric is refused where the labels do not serve it") {
  CHECK(refusal("f1", zeros(2, 4, ints({0, 1})), 3) == ErrorKind::usage);
  for (const char* name : {"top1", "auc", "mse"}) CHECK(refusal(name, zeros(2, 4), 4) == ErrorKind::data);
  CHECK(resolved("cosine", zeros(2, 4), 3) == "cosine");
  CHECK(resolved("top1", zeros(2, 4, ints({0, 1})), 3) == "top1");
  CHECK(refusal("top1", zeros(2, 4, floats({2, 3}, std::vector<float>(6))), 3) == ErrorKind::data);
  CHECK(resolved("mse", zeros(2, 4, floats({2, 3}, std::vector<float>(6))), 3) == "mse");
  CHECK(refusal("mse", zeros(2, 4, ints({0, 1})), 3) == ErrorKind::data);
  CHECK(resolved("auc", zeros(2, 4, ints({0, 1})), 4) == "auc");
  CHECK(refusal("auc", zeros(2, 4, ints({0, 1})), 3) == ErrorKind::data);
  CHECK(refusal("auc", zeros(2, 4, floats({2, 4}, std::vector<float>(8))), 4) == ErrorKind::data);
}

TEST_CASE("top1 counts right classes; a single output is a yes from above one half") {
  const Dataset d = zeros(4, 2, ints({2, 0, 1, 1}));
  const RealOutputs classes{{0, 1, 2, /**/ 5, 1, 0, /**/ 1, 0, 0, /**/ -3, -1, -2}};
  CHECK(*score("top1", classes, {&d, 4, 3}) == 0.75);
  CHECK(*score("top1", classes, {&d, 2, 3}) == 1.0);
  const Dataset yes = zeros(4, 2, ints({0, 0, 1, 1}));
  CHECK(*score("top1", {{0.5f, 0.51f, 0.4f, 0.9f}}, {&yes, 4, 1}) == 0.5);
  CHECK_FALSE(score("cosine", classes, {&d, 4, 3}));
}

TEST_CASE("mse is the mean over samples and elements") {
  const Dataset d = zeros(2, 1, floats({2, 2}, {1, 2, 3, 4}));
  CHECK(*score("mse", {{1, 4, 0, 4}}, {&d, 2, 2}) == Approx((0 + 4 + 9 + 0) / 4.0));
  CHECK(*score("mse", {{1, 4, 0, 4}}, {&d, 1, 2}) == Approx(2.0));
}

TEST_CASE("auc ranks samples by their reconstruction error, ties counted half") {
  // the input is zero, so the error is the mean square of the output
  const Dataset d = zeros(4, 2, ints({0, 1, 0, 1}));
  const auto auc = [&](const std::vector<float>& y) { return *score("auc", {y}, {&d, 4, 2}); };
  CHECK(auc({1, 0, 3, 0, 2, 0, 4, 0}) == 1.0);
  CHECK(auc({4, 0, 2, 0, 3, 0, 1, 0}) == 0.0);
  CHECK(auc({1, 0, 2, 0, 3, 0, 4, 0}) == 0.75);
  CHECK(auc({1, 0, 1, 0, 1, 0, 1, 0}) == 0.5);
  CHECK(auc({1, 0, 1, 0, 0, 0, 4, 0}) == 0.875);
  // both elements of a sample count: 2 + 2 squared is less than 3 squared
  CHECK(auc({2, 2, 0, 3, 0, 0, 0, 4}) == 1.0);
  const Dataset normal = zeros(2, 2, ints({0, 0})), odd = zeros(2, 2, ints({1, 1}));
  CHECK_THROWS_AS(score("auc", {{1, 2, 3, 4}}, {&normal, 2, 2}), Error);
  CHECK_THROWS_AS(score("auc", {{1, 2, 3, 4}}, {&odd, 2, 2}), Error);
}

TEST_CASE("auc scores rows of one clip together") {
  Dataset d = zeros(5, 2, ints({1, 0, 1, 0, 1}));
  d.groups = ints({7, 8, 7, 8, 7});
  // clip 7: mean of 9, 0, 9 = 6; clip 8: mean of 16, 0 = 8, though its sum is the smaller one
  CHECK(*score("auc", {{3, 3, 4, 4, 0, 0, 0, 0, 3, 3}}, {&d, 5, 2}) == 0.0);
  CHECK(*score("auc", {{3, 3, 3, 3, 1, 1, 0, 0, 3, 3}}, {&d, 5, 2}) == 1.0);
  // the inputs are part of the error
  d.inputs[0] = floats({5, 2}, {3, 3, 4, 4, 0, 0, 0, 0, 3, 3});
  CHECK(*score("auc", {{3, 3, 4, 4, 1, 1, 0, 0, 3, 3}}, {&d, 5, 2}) == 1.0);
}

TEST_CASE("compare: agreement of the arg max, and decibels over all outputs") {
  const Dataset d = zeros(3, 2);
  Accuracy a;
  const RealOutputs reference{{1, 0, 0, 1, 1, 0}, {10}}, other{{2, 0, 0, 1, 0, 1}, {10}};
  compare(reference, other, {&d, 3, 2}, a);
  CHECK(a.samples == 3);
  CHECK(a.agreement == Approx(2.0 / 3));
  CHECK(a.sqnr_db == Approx(10 * std::log10(103.0 / 3)));
  compare(reference, reference, {&d, 3, 2}, a);
  CHECK(a.agreement == 1);
  CHECK(a.sqnr_db == 200);
  compare({{1e15f, 0, 0, 0, 0, 0}}, {{1e15f, 1e-15f, 0, 0, 0, 0}}, {&d, 3, 2}, a);
  CHECK(a.sqnr_db == 200);
  compare({{0, 0, 0, 0, 0, 0}}, {{1, 0, 0, 0, 0, 0}}, {&d, 3, 2}, a);
  CHECK(a.sqnr_db == 0);
  compare({{0.4f, 0.6f, 0.5f}}, {{0.5f, 0.9f, 0.6f}}, {&d, 3, 1}, a);
  CHECK(a.agreement == Approx(2.0 / 3));
  compare({{}}, {{}}, {&d, 0, 2}, a);
  CHECK(a.agreement == 0);
}

TEST_CASE("mean cosine: direction only, and zero vectors equal only zero vectors") {
  const Dataset d = zeros(2, 2);
  CHECK(mean_cosine({{3, 4, 1, 0}}, {{6, 8, 0, 1}}, {&d, 2, 2}) == Approx(0.5));
  CHECK(mean_cosine({{3, 4, 1, 0}}, {{4, 3, -2, 0}}, {&d, 2, 2}) == Approx((0.96 - 1) / 2));
  CHECK(mean_cosine({{0, 0, 0, 0}}, {{0, 0, 1, 0}}, {&d, 2, 2}) == Approx(0.5));
  CHECK(mean_cosine({{0, 0, 1, 0}}, {{0, 0, 0, 0}}, {&d, 2, 2}) == Approx(0.5));
  CHECK(mean_cosine({{}}, {{}}, {&d, 0, 2}) == 0);
}

TEST_CASE("a layer's decibels are those of its own output") {
  // weights and scales without rounding: only the clamp of the first layer at 127 / 64 loses anything
  const Graph real =
      parse("%x = input f32[1,2] %h = fully_connected(%x, f32[2,2] [2, 0, 0, 1]) %y = relu(%h) output %y");
  const Graph q = parse(R"(graph "q" quantized
    %x = input i8[1,2] quant(0.5)
    %w = const i8[2,2] [4, 0, 0, 2] quant(0.5)
    %h = fully_connected(%x, %w, _) : i8[1,2] quant(0.015625)
    %y = relu(%h) : i8[1,2] quant(0.015625)
    output %y)");
  const Program p = lower(q);
  Dataset d;
  d.inputs.push_back(floats({2, 2}, {1, 1, -0.5f, 1}));
  const auto sqnr = layer_sqnr(real, p, d, 2);
  REQUIRE(sqnr.size() == 2);
  // outputs 2, 1, -1, 1; 2 becomes 127 / 64, nothing else is lost; what relu clears does not count
  const double noise = (2 - 127.0 / 64) * (2 - 127.0 / 64);
  CHECK(sqnr.at(0) == Approx(10 * std::log10((4 + 1 + 1) / noise)));
  CHECK(sqnr.at(1) == Approx(10 * std::log10((4 + 1 + 1) / noise)));
  CHECK(layer_sqnr(real, p, d, 1).at(0) == Approx(10 * std::log10((4 + 1) / noise)));
  CHECK(real_outputs(p, d, 2) == RealOutputs{{127.0f / 64, 1, 0, 1}});
}

TEST_CASE("confusion counts labels against answers") {
  using Counts = std::vector<std::vector<std::uint32_t>>;
  const Dataset d = zeros(4, 1, ints({0, 2, 2, 1}));
  const RealOutputs scores{{1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1, 0}};
  CHECK(confusion(scores, {&d, 4, 3}) == Counts{{1, 0, 0}, {0, 1, 0}, {0, 1, 1}});
  const RealOutputs one{{0.2f, 0.9f, 0.4f, 0.9f}};  // one score: two classes
  const Dataset two = zeros(4, 1, ints({0, 1, 1, 1}));
  CHECK(confusion(one, {&two, 4, 1}) == Counts{{1, 0}, {1, 2}});
  const RealOutputs positions{{0, 2, 3, 1}};  // class numbers: as many classes as are seen
  CHECK(confusion(positions, {&d, 4, 1, true}) == Counts{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 1}, {0, 0, 0, 0}});
  const Dataset many = zeros(1, 1, ints({3}));
  CHECK(confusion({std::vector<float>(51)}, {&many, 1, 51}).empty());
  CHECK_THROWS_AS(confusion(scores, {&many, 1, 3}), Error);
}

TEST_CASE("activations are counted level by level, in real units") {
  const Program p = oracle::small_program();
  std::vector<LayerReport> layers(p.layers.size());
  Dataset d = zeros(3, 8 * 8 * 3);
  d.inputs[0].shape = {3, 8, 8, 3};
  observe_activations(p, d, 3, layers);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (p.layers[i].part) continue;
    CAPTURE(i);
    REQUIRE(layers[i].activations);
    const Activations& a = *layers[i].activations;
    const Value& out = p.values[static_cast<std::size_t>(p.layers[i].out)];
    std::uint64_t counted = 0;
    for (const auto n : a.histogram) counted += n;
    CHECK(a.histogram.size() == 32);
    CHECK(counted == 3 * out.elements());
    CHECK(a.lowest == Approx(static_cast<double>(out.scale) * (-128 - out.zero_point)));
    CHECK(a.highest == Approx(static_cast<double>(out.scale) * (127 - out.zero_point)));
    CHECK((a.lowest <= a.min && a.min <= a.max && a.max <= a.highest));
  }
}
