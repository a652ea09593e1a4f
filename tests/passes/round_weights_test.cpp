// Rounding with data, by layers whose optimum can be found by trying everything.
#include <cmath>
#include <cstring>

#include "outputs.h"
#include "tinyc/curvature.h"
#include "tinyc/error.h"
#include "tinyc/parallel.h"
#include "tinyc/pass.h"
#include "tinyc/quantize.h"
#include "tinyc/text.h"

using namespace tinyc;

namespace {

/// Moments of inputs with the given covariance that no earlier error has moved.
InputMoments moments(std::size_t size, std::vector<double> covariance) {
  InputMoments m;
  m.size = size;
  m.rows = 1e6;
  m.mean = m.reference_mean = std::vector<double>(size, 0.0);
  m.cross = m.covariance = std::move(covariance);
  return m;
}

double output_error(const InputMoments& m, std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < m.size; ++i)
    for (std::size_t j = 0; j < m.size; ++j)
      sum += static_cast<double>(a[i] - b[i]) * m.covariance[i * m.size + j] * static_cast<double>(a[j] - b[j]);
  return sum;
}

Dataset samples(std::int64_t rows, std::int64_t columns, const std::vector<float>& values) {
  Array a;
  a.name = "x";
  a.shape = {rows, columns};
  a.data.resize(values.size() * sizeof(float));
  std::memcpy(a.data.data(), values.data(), a.data.size());
  Dataset d;
  d.inputs.push_back(std::move(a));
  return d;
}

/// Two inputs that nearly always agree, around a mean.
Dataset correlated(std::int64_t rows) {
  std::vector<float> x;
  for (std::int64_t i = 0; i < rows; ++i) {
    const float common = std::sin(static_cast<float>(i)) + 0.5f, own = 0.05f * std::cos(static_cast<float>(3 * i));
    x.push_back(common + own);
    x.push_back(common - own);
  }
  return samples(rows, 2, x);
}

double mean_squared_difference(const Graph& a, const Graph& b, const Dataset& d) {
  const auto x = run_float(a, d, d.samples())[0], y = run_float(b, d, d.samples())[0];
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += static_cast<double>(x[i] - y[i]) * static_cast<double>(x[i] - y[i]);
  return sum / static_cast<double>(x.size());
}

Graph after(Graph g, std::initializer_list<const char*> passes, const PassOptions& o) {
  for (const char* name : passes) find_pass(name)->run(g, o);
  return g;
}

}  // namespace

TEST_CASE("round_filters: of two inputs that go together, one makes good what the other loses", "[round_weights]") {
  const InputMoments m = moments(2, {1.0, 0.99, 0.99, 1.0});
  const std::vector<float> w{1.0f, 0.4f};
  const GridFilters f = round_filters(m, w, 1, 1e-6);
  REQUIRE(f.scales.size() == 1);
  for (const float v : f.values) CHECK(std::fabs(v / f.scales[0]) <= 1.0f);
  // nearest at the widest scale gives (1, 0); the best ternary filter is (0.7, 0.7)
  CHECK(output_error(m, w, f.values) < 0.1 * output_error(m, w, std::vector<float>{1.0f, 0.0f}));
  CHECK(f.values[0] == Approx(0.7).margin(0.01));
  CHECK(f.values[1] == f.values[0]);
}

TEST_CASE("round_filters is at most a little worse than trying all levels", "[round_weights]") {
  // covariance of a moving average, and every one of 7^3 filters at the scale that was chosen
  const InputMoments m = moments(3, {2.0, 1.2, 0.4, 1.2, 1.5, 0.9, 0.4, 0.9, 1.0});
  for (const auto& w : {std::vector<float>{0.9f, -0.35f, 0.2f}, {0.11f, 0.52f, -0.77f}, {-0.3f, -0.31f, 0.29f}}) {
    const GridFilters f = round_filters(m, w, 3, 1e-9);
    double best = 1e9;
    for (int code = 0; code < 343; ++code) {
      const std::vector<float> q{f.scales[0] * static_cast<float>(code % 7 - 3),
                                 f.scales[0] * static_cast<float>(code / 7 % 7 - 3),
                                 f.scales[0] * static_cast<float>(code / 49 - 3)};
      best = std::min(best, output_error(m, w, q));
    }
    CHECK(output_error(m, w, f.values) <= best * 1.0001 + 1e-9);
  }
}

TEST_CASE("round_filters: zeros stay, inputs that never change are rounded to the nearest", "[round_weights]") {
  const std::vector<float> w{1.0f, 0.0f, 0.26f};
  const GridFilters f = round_filters(moments(3, std::vector<double>(9, 0.0)), w, 7, 0.01);
  CHECK(f.values[1] == 0.0f);
  CHECK(f.values[0] == Approx(1.0).margin(0.05));
  CHECK(f.values[2] == Approx(0.26).margin(f.scales[0] / 2 + 1e-6f));
  const GridFilters none = round_filters(moments(2, {1, 0, 0, 1}), std::vector<float>{0.0f, 0.0f}, 7, 0.01);
  CHECK(none.values == std::vector<float>{0.0f, 0.0f});
  CHECK(none.scales[0] > 0);
}

TEST_CASE("round_weights beats bias correction, which beats the nearest level", "[round_weights]") {
  const Graph g =
      parse("%x = input f32[1,2] %y = fully_connected(%x, f32[2,2] [1, 0.4, 0.4, 1], f32[2] [0.1, 0.2]) output %y");
  const Dataset d = correlated(64);
  PassOptions o;
  o.calibration = &d;
  o.calib_method = PassOptions::CalibMethod::minmax;
  o.weight_bits = 2;
  const Graph ranged = after(g, {"calibrate"}, o);
  Graph nearest = ranged;
  for (std::size_t i = 0; i < nearest.nodes.size(); ++i) {
    Filters f = *filters_of(nearest, nearest.nodes[i]);
    const Quant grid = weight_grid(nearest.at(nearest.nodes[i].inputs[1]), 0, 1);
    for (std::size_t c = 0; c < f.channels; ++c)
      for (float& v : f[c]) v = grid.scale[c] * static_cast<float>(weight_level(v, grid.scale[c], 1));
    set_filters(nearest, i, f);
  }
  const double plain = mean_squared_difference(g, nearest, d),
               corrected = mean_squared_difference(g, after(ranged, {"correct_bias"}, o), d),
               second = mean_squared_difference(g, after(ranged, {"round_weights"}, o), d);
  CHECK(corrected < 0.9 * plain);
  CHECK(second < 0.5 * corrected);
}

TEST_CASE("round_weights leaves what quantize_int8 takes over without another rounding", "[round_weights]") {
  const Graph g = parse(
      "%x = input f32[1,6,6,2]"
      "%a = conv_2d(%x, random(1) f32[4,3,3,2], random(2) f32[4]) pad=1,1,1,1 act=relu"
      "%b = depthwise_conv_2d(%a, random(3) f32[1,3,3,4]) stride=2"
      "%y = fully_connected(%b, random(4) f32[3,16]) output %y");
  const Dataset d = synthetic_dataset(g, 8, 1);
  for (const std::int32_t bits : {2, 4, 8}) {
    PassOptions o;
    o.calibration = &d;
    o.weight_bits = bits;
    set_thread_count(1);
    const Graph rounded = after(g, {"calibrate", "round_weights"}, o);
    set_thread_count(3);
    CHECK(rounded == after(g, {"calibrate", "round_weights"}, o));
    set_thread_count(0);
    CHECK_NOTHROW(verify(rounded));
    CHECK(print(parse(print(rounded))) == print(rounded));
    const Graph quantized = after(rounded, {"quantize_int8"}, o);
    for (std::size_t i = 0; i < rounded.nodes.size(); ++i) {
      const Tensor &real = rounded.at(rounded.nodes[i].inputs[1]), &whole = quantized.at(quantized.nodes[i].inputs[1]);
      REQUIRE(real.quant);
      CHECK(whole.quant == real.quant);
      const ChannelIndex channel(real.shape, real.quant->axis);
      for (std::size_t k = 0; k < real.as<float>().size(); ++k) {
        CHECK(std::abs(whole.as<std::int8_t>()[k]) <= largest_level(bits));
        CHECK(real.as<float>()[k] == real.quant->scale[channel(k)] * static_cast<float>(whole.as<std::int8_t>()[k]));
      }
    }
  }
}

TEST_CASE("rounding, grids and equalization need samples", "[round_weights]") {
  Graph g = parse(
      "%x = input f32[1,2] range(-1,1) %y = fully_connected(%x, f32[1,2] [1, 2]) : f32[1,1] range(-3,3) output %y");
  for (const char* pass : {"round_weights", "correct_bias", "weight_grid", "equalize"})
    CHECK_THROWS_AS(find_pass(pass)->run(g, {}), Error);
}

TEST_CASE("equalize leaves the outputs of a residual block as they are and its ranges alike", "[equalize]") {
  Graph g = parse(
      "%x = input f32[1,4,4,2]"
      "%a = conv_2d(%x, random(1) f32[3,3,3,2], random(2) f32[3]) pad=1,1,1,1 act=relu"
      "%b = depthwise_conv_2d(%a, random(3) f32[1,3,3,3], random(4) f32[3]) pad=1,1,1,1 act=relu"
      "%c = conv_2d(%b, random(5) f32[3,1,1,3])"
      "%d = add(%a, %c) act=relu"
      "%m = mean(%d) axes=[1,2] keep_dims=true"
      "%y = fully_connected(%m, random(6) f32[2,3], random(7) f32[2]) output %y");
  const Graph before = g;
  const Dataset d = synthetic_dataset(g, 8, 1);
  PassOptions o;
  o.calibration = &d;
  CHECK(find_pass("equalize")->run(g, o).changed);
  check_same_outputs(before, g, 3);
}
