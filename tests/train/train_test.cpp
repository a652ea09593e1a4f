#include <algorithm>
#include <cmath>
#include <limits>

#include "tinyc/executor.h"
#include "train/batches.h"
#include "train/fake_quant.h"
#include "train/loss.h"
#include "train/optimizer.h"
#include "train/samples.h"

using namespace tinyc;

Graph two_layers(int hidden, int outputs, bool softmax, int seed) {
  const auto h = std::to_string(hidden), o = std::to_string(outputs), s = std::to_string(seed);
  return parse("%x = input f32[1,2]\n%h = fully_connected(%x, he(" + s + ") f32[" + h + ",2], zeros f32[" + h +
               "]) act=relu\n%y = fully_connected(%h, he(7" + s + ") f32[" + o + "," + h + "], zeros f32[" + o +
               "])\n" + (softmax ? "%z = softmax(%y)\noutput %z" : "output %y"));
}

namespace {

TrainJob job_for(const Dataset& d, std::size_t epochs, float rate = 0.02f) {
  TrainJob job;
  job.data = &d;
  job.options.epochs = epochs;
  job.options.batch = 16;
  job.options.learning_rate = rate;
  job.options.validation = 0.25f;
  return job;
}

std::size_t zeros(const Graph& g) {
  std::size_t n = 0;
  for (const Parameter& p : parameters_of(g))
    if (p.weight) n += static_cast<std::size_t>(std::count(p.value.begin(), p.value.end(), 0.0f));
  return n;
}

}  // namespace

TEST_CASE("training learns classes from labels", "[train]") {
  const Dataset d = xor_task(400);
  for (const bool softmax : {true, false}) {
    const std::size_t outputs = softmax ? 2 : 3;  // two without softmax would be an autoencoder's
    Graph g = two_layers(12, static_cast<int>(outputs), softmax);
    const TrainResult r = train(g, job_for(d, 30));
    CHECK(r.measure == "accuracy");
    CHECK(r.curve.size() == 31);
    CHECK(r.curve.front().validation < 0.8);
    CHECK(r.curve[r.best_epoch].validation > 0.93);
    std::size_t right = 0;
    const auto y = run_float(g, d, d.samples())[0];
    for (std::size_t i = 0; i < d.samples(); ++i) {
      float label = 0;
      d.labels->row(i, {&label, 1});
      right += (y[outputs * i + 1] > y[outputs * i]) == (label == 1);
    }
    CHECK(right > 370);
  }
}

TEST_CASE("training fits real targets, one logistic score, and an autoencoder without labels", "[train]") {
  const Dataset line = line_task(300);
  Graph g = parse("%x = input f32[1,2] %y = fully_connected(%x, he(1) f32[1,2], zeros f32[1]) output %y");
  const TrainResult r = train(g, job_for(line, 40, 0.05f));
  CHECK(r.measure == "loss");
  CHECK(g.tensors[static_cast<std::size_t>(g.nodes[0].inputs[1])].as<float>()[0] == Approx(2).margin(0.01));
  CHECK(g.tensors[static_cast<std::size_t>(g.nodes[0].inputs[2])].as<float>()[0] == Approx(0.5).margin(0.01));

  const Dataset classes = xor_task(400);
  Graph one = parse(
      "%x = input f32[1,2] %h = fully_connected(%x, he(1) f32[12,2], zeros f32[12]) act=relu "
      "%y = fully_connected(%h, he(2) f32[1,12], zeros f32[1]) %z = logistic(%y) output %z");
  CHECK(train(one, job_for(classes, 30)).curve.back().validation > 0.9);

  const Dataset points = xor_task(300, false);
  Graph autoencoder = parse(
      "%x = input f32[1,2] %h = fully_connected(%x, he(1) f32[4,2], zeros f32[4]) %l = leaky_relu(%h) alpha=0.1 "
      "%y = fully_connected(%l, he(2) f32[2,4], zeros f32[2]) output %y");
  const TrainResult a = train(autoencoder, job_for(points, 30));
  CHECK(a.curve[a.best_epoch].validation < 0.05 * a.curve[0].validation);
}

TEST_CASE("a student follows its teacher without labels, and labels mix in", "[train]") {
  const Dataset labelled = xor_task(400), plain = xor_task(400, false);
  Graph teacher = two_layers(16, 2, true);
  train(teacher, job_for(labelled, 30));
  Graph student = two_layers(8, 2, true, 5);
  TrainJob job = job_for(plain, 30);
  job.teacher = &teacher;
  const TrainResult r = train(student, job);
  CHECK(r.measure == "loss");
  CHECK(r.curve[r.best_epoch].validation < 0.2 * r.curve[0].validation);
  Graph mixed = two_layers(8, 2, true, 5);
  job.data = &labelled;
  CHECK(train(mixed, job).measure == "accuracy");
  CHECK_FALSE(mixed == student);
  // a teacher for another task
  const Graph wrong = two_layers(4, 3, true);
  job.teacher = &wrong;
  CHECK_THROWS_WITH(train(mixed, job), Catch::Contains("teacher and student differ"));
}

TEST_CASE("training gives the same bits for any number of threads", "[train]") {
  const Dataset d = xor_task(300);
  std::vector<Graph> results;
  for (const int threads : {1, 2, 5}) {
    set_thread_count(threads);
    Graph g = two_layers(40, 2, true);
    TrainJob job = job_for(d, 3);
    job.options.batch = 100;
    job.options.augment.noise = 0.1f;
    train(g, job);
    results.push_back(g);
  }
  set_thread_count(0);
  CHECK(results[0] == results[1]);
  CHECK(results[0] == results[2]);
  Graph other = two_layers(40, 2, true);
  TrainJob job = job_for(d, 3);
  job.options.batch = 100;
  job.options.seed = 2;
  train(other, job);
  CHECK_FALSE(other == results[0]);
}

TEST_CASE("zeros stay zero, and a schedule decides what is kept until it is final", "[train]") {
  const Dataset d = xor_task(200);
  Graph g = two_layers(10, 2, true);
  auto parameters = parameters_of(g);
  REQUIRE(parameters.size() == 4);
  for (std::size_t i = 0; i < 10; ++i) parameters[0].value[i] = 0;
  store(g, parameters);
  REQUIRE(zeros(g) == 10);
  train(g, job_for(d, 3));
  CHECK(zeros(g) == 10);

  Graph h = two_layers(10, 2, true);
  TrainJob job = job_for(d, 4);
  double last = -1;
  job.schedule = [&](double progress, std::span<Parameter> p) {
    CHECK(progress > last);
    last = progress;
    std::fill(p[0].keep.begin(), p[0].keep.begin() + 5, std::uint8_t{0});
    return progress >= 0.5;
  };
  const TrainResult r = train(h, job);
  CHECK(zeros(h) == 5);
  CHECK(last == Approx(0.5).margin(0.05));  // not asked again
  CHECK(r.best_epoch >= 2);                 // epochs before the final pattern do not count
  job.schedule = [](double, std::span<Parameter>) { return false; };
  const Graph before = h;
  CHECK_THROWS_WITH(train(h, job), Catch::Contains("final sparsity"));
  CHECK(h == before);
}

TEST_CASE("bad training data and options end with one clear error and leave the graph alone", "[train]") {
  Dataset d = xor_task(100);
  Graph g = two_layers(4, 2, true);
  const Graph before = g;
  const auto message = [&](const TrainJob& job) {
    try {
      train(g, job);
    } catch (const Error& e) {
      CHECK(g == before);
      return std::to_string(static_cast<int>(e.kind())) + " " + e.what();
    }
    return std::string("trained");
  };
  CHECK(message(job_for(d, 3, 1e30f)).rfind("5 the training loss became NaN or infinite", 0) == 0);
  const Dataset unlabelled = xor_task(100, false);
  CHECK(message(job_for(unlabelled, 3)).rfind("5 there is nothing to learn from", 0) == 0);
  Dataset seven = d;
  seven.labels = array_of({100}, std::vector<float>(100, 7.0f));
  CHECK(message(job_for(seven, 1)).rfind("5 the label of training sample 0 is no class from 0 to 1", 0) == 0);
  CHECK(message(TrainJob{}).rfind("5 training needs samples", 0) == 0);
  TrainJob job = job_for(d, 1);
  job.options.batch = 0;
  CHECK(message(job).rfind("2 training: the mini-batch", 0) == 0);
  job = job_for(d, 1);
  job.options.validation = 1.5f;
  CHECK(message(job).rfind("2 training: the share of validation", 0) == 0);
  Graph empty = parse("%x = input f32[1,2] %y = relu(%x) output %y");
  CHECK_THROWS_WITH(train(empty, job_for(line_task(10), 1)),
                    Catch::Contains("nothing to learn") || Catch::Contains("no weights"));
}

TEST_CASE("the best epoch is kept, and patience ends a training that gets worse", "[train]") {
  const Dataset d = xor_task(200);
  Graph g = two_layers(12, 2, true);
  train(g, job_for(d, 30));
  const Graph good = g;
  TrainJob job = job_for(d, 20, 30.0f);  // far too fast
  job.options.clip = 0;
  job.options.patience = 3;
  const TrainResult r = train(g, job);
  CHECK(r.best_epoch == 0);
  CHECK(r.curve.size() == 4);
  CHECK(g == good);
  job = job_for(d, 0);
  CHECK(train(g, job).curve.size() == 1);
  CHECK(g == good);
}

TEST_CASE("Ctrl-C keeps the best weights so far, or nothing where there are none", "[train]") {
  const Dataset d = xor_task(200);
  Graph g = two_layers(12, 2, true);
  TrainJob job = job_for(d, 50);
  job.hooks.on_epoch = [](const EpochInfo& e) {
    if (e.epoch == 5) set_interrupted();
  };
  const TrainResult r = train(g, job);
  CHECK(r.interrupted);
  CHECK(r.curve.size() == 6);
  CHECK_FALSE(interrupted());
  CHECK(interrupt_acknowledged());
  Graph pruned = two_layers(12, 2, true);
  const Graph before = pruned;
  job.schedule = [](double, std::span<Parameter>) { return false; };
  CHECK_THROWS_WITH(train(pruned, job), Catch::Contains("interrupted"));
  CHECK(pruned == before);
  acknowledge_interrupt();
}

TEST_CASE("SGD, Adam and weight decay move as their formulas say", "[train]") {
  std::vector<Parameter> p{{0, true, {1.0f, -2.0f}, {1, 0}}};
  const std::vector<std::vector<std::vector<float>>> gradients{{{0.25f, 1}}, {{0.25f, 1}}};
  TrainOptions o;
  o.optimizer = TrainOptions::Optimizer::sgd;
  o.momentum = 0.5f;
  o.clip = 0;
  Descent sgd(o, p);
  sgd.step(p, gradients, 2, 0.1f);
  CHECK(p[0].value[0] == Approx(1 - 0.1 * 0.5));
  CHECK(p[0].value[1] == -2.0f);  // not kept
  sgd.step(p, gradients, 2, 0.1f);
  CHECK(p[0].value[0] == Approx(0.95 - 0.1 * 0.75));
  const float cut = p[0].value[0];
  p[0].keep[0] = 0;  // its momentum does not move it on
  sgd.step(p, gradients, 2, 0.1f);
  CHECK(p[0].value[0] == cut);
  o.optimizer = TrainOptions::Optimizer::adam;
  o.weight_decay = 0.5f;
  o.clip = 1;                                     // the norm is sqrt(4.25)
  for (const float size : {0.1f, 0.01f, 0.5f}) {  // steps are as large as the tensor's values are beside 0.1
    p = {{0, true, {size, -size}, {1, 1}}};
    Descent adam(o, p);
    adam.step(p, gradients, 2, 0.1f);
    const double step = 0.1 * static_cast<double>(size) / 0.1;  // the first step is the rate, whatever the gradient
    CHECK(p[0].value[0] == Approx(static_cast<double>(size) * 0.95 - step).margin(1e-5));
    CHECK(p[0].value[1] == Approx(static_cast<double>(-size) * 0.95 - step).margin(1e-5));
  }
  p = {{0, false, {0.0f, 0.0f}, {}}};
  Descent fresh(o, p);
  fresh.step(p, gradients, 2, 0.1f);
  CHECK(p[0].value[0] == Approx(-0.1).margin(1e-5));
}

TEST_CASE("the learning rate warms up and follows a cosine", "[train]") {
  TrainOptions o;
  o.learning_rate = 2;
  o.warmup = 0.1f;
  CHECK(learning_rate(o, 0, 100) == Approx(2 * 0.05));
  CHECK(learning_rate(o, 9, 100) == Approx(2 * 0.95));
  CHECK(learning_rate(o, 54, 100) == Approx(2 * 0.5).margin(0.02));
  CHECK(learning_rate(o, 99, 100) < 0.001);
  for (std::size_t i = 11; i < 100; ++i) CHECK(learning_rate(o, i, 100) < learning_rate(o, i - 1, 100));
}

TEST_CASE("portable_exp is the exponential function", "[train]") {
  for (double x = -30; x < 30; x += 0.137) CHECK(portable_exp(x) == Approx(std::exp(x)).epsilon(1e-14));
  CHECK(portable_exp(-1000) == 0);
  CHECK(std::isinf(portable_exp(1000)));
  CHECK(std::isnan(portable_exp(std::numeric_limits<double>::quiet_NaN())));
}

TEST_CASE("rounding in training is the rounding of the runtime", "[train]") {
  const Quant q{{0.1f}, {-20}, 0};
  std::vector<float> x, y;
  for (int i = -300; i <= 300; ++i) x.push_back(static_cast<float>(i) * 0.0437f + 0.001f);
  y.resize(x.size());
  round_activation(q, x, y);
  for (std::size_t i = 0; i < x.size(); ++i)
    CHECK(y[i] == Approx(dequantize_value(quantize_value(x[i], 0.1f, -20), 0.1f, -20)).margin(1e-6));
  std::vector<float> g(x.size(), 1.0f);
  mask_outside(q, x, g);
  for (std::size_t i = 0; i < x.size(); ++i) CHECK(g[i] == (x[i] >= -10.85f && x[i] <= 14.75f ? 1.0f : 0.0f));
  const std::vector<float> w{0.26f, -0.9f, 0.5f, 3.0f};
  std::vector<float> rounded(4);
  round_weights({{0.25f, 0.5f}, {0, 0}, 0}, 3, {2, 2}, w, rounded);
  CHECK(rounded == std::vector<float>{0.25f, -0.75f, 0.5f, 1.5f});
}

TEST_CASE("quantization-aware training sees the grid", "[train]") {
  const Dataset d = line_task(300);
  Graph g = parse("%x = input f32[1,2] %y = fully_connected(%x, f32[1,2] [1.9, -1.1], f32[1] [0.4]) output %y");
  TrainJob job = job_for(d, 20, 0.05f);
  int asked = 0;
  job.quantization = [&](const Graph& now) {
    ++asked;
    FakeQuant q;
    q.by_tensor.resize(now.tensors.size());
    q.by_tensor[static_cast<std::size_t>(now.nodes[0].inputs[1])] = Quant{{0.75f}, {0}, 0};
    return q;
  };
  const TrainResult r = train(g, job);
  CHECK(asked == 21);
  // the nearest grid points are 2.25 and -0.75: only the bias can help, and it cannot make the error vanish
  CHECK(r.curve[r.best_epoch].validation > 0.03);
  CHECK(r.curve[r.best_epoch].validation < 0.06);
}

TEST_CASE("a job that follows sees the extremes of every mini-batch and moves the grids of the next", "[train]") {
  // samples 0, 1, ..., 39, h = 2 x - 3; the odd steps see the input rounded to multiples of 8
  Dataset d;
  std::vector<float> x;
  for (int i = 0; i < 40; ++i) x.push_back(static_cast<float>(i));
  d.inputs.push_back(array_of({40, 1}, x));
  d.labels = array_of({40, 1}, std::vector<float>(40, 0.0f));
  const Graph start = parse(
      "%x = input f32[1,1] %h = fully_connected(%x, f32[1,1] [2], f32[1] [-3]) "
      "%y = fully_connected(%h, f32[1,1] [1], f32[1] [0]) output %y");
  const auto in = static_cast<std::size_t>(start.inputs[0]), h = static_cast<std::size_t>(start.nodes[0].outputs[0]),
             weights = static_cast<std::size_t>(start.nodes[0].inputs[1]);
  TrainJob job = job_for(d, 3, 1e-9f);
  job.options.batch = 20;
  const std::vector<std::size_t> rows = split(40, job.options.validation, job.options.seed).train;
  REQUIRE(rows.size() == 30);
  job.quantization = [](const Graph& now) {
    FakeQuant q;
    q.by_tensor.resize(now.tensors.size());
    return q;
  };
  std::vector<std::vector<Range>> results;
  for (const int threads : {1, 2, 5}) {
    set_thread_count(threads);
    std::vector<Range>& seen = results.emplace_back();
    job.follow = [&](std::span<const Range> extremes, FakeQuant& grids) {
      seen.push_back(extremes[h]);
      CHECK(extremes[weights].min > extremes[weights].max);  // no activation
      grids.by_tensor[in] = Quant{{8.0f}, {-128}, 0};
    };
    Graph g = start;
    train(g, job);
  }
  set_thread_count(0);
  CHECK(results[0] == results[1]);
  CHECK(results[0] == results[2]);
  REQUIRE(results[0].size() == 6);
  for (std::size_t epoch = 0; epoch < 3; ++epoch) {
    std::vector<std::size_t> order = rows;
    Random(job.options.seed, 2, epoch + 1).shuffle(order);
    const auto [lo, hi] = std::minmax_element(order.begin(), order.begin() + 20);
    const auto [low, high] = std::minmax_element(order.begin() + 20, order.end());
    const auto rounded = [](std::size_t row) { return 8 * std::nearbyint(static_cast<double>(row) / 8); };
    const Range &first = results[0][2 * epoch], &second = results[0][2 * epoch + 1];
    CHECK(first.min == Approx(2 * static_cast<double>(*lo) - 3).margin(1e-3));
    CHECK(first.max == Approx(2 * static_cast<double>(*hi) - 3).margin(1e-3));
    CHECK(second.min == Approx(2 * rounded(*low) - 3).margin(1e-3));
    CHECK(second.max == Approx(2 * rounded(*high) - 3).margin(1e-3));
  }
}

TEST_CASE("without labels an output of logits is followed as classes where the caller says so", "[train]") {
  const Dataset d = xor_task(200), unlabelled = xor_task(200, false);
  Graph teacher = two_layers(16, 3, false);
  train(teacher, job_for(d, 30));
  TrainJob job = job_for(unlabelled, 1);
  job.teacher = &teacher;
  const Graph student = two_layers(8, 3, false);
  CHECK(Objective(student, job).targets()[0].kind == Target::Kind::real);
  job.options.loss = TrainOptions::Loss::cross_entropy;
  const Objective classes(student, job);
  REQUIRE(classes.targets()[0].kind == Target::Kind::classes);
  // divergence of logits: only their differences count
  const std::vector<float> answer{1, 2, 4}, moved{3, 4, 6}, label;
  CHECK(classes.sample(0, moved, answer, {}, label, 1, {}) == Approx(0).margin(1e-9));
}
