// The lookup kernel with the tables of every elementwise operator: frozen outputs of TFLite's reference kernels where
// it has one, real values everywhere.
#include "catch.h"
#include "oracle/elem_oracle.h"
#include "oracle/tflite_frozen.h"

using namespace tinyc;
using namespace oracle;

namespace {

Int8In all_values(Scale q) {
  Int8In in{{{256}, {}}, q};
  for (int v = -128; v < 128; ++v) in.data.values.push_back(static_cast<std::int8_t>(v));
  return in;
}

OpData op_of(const char* stem, float alpha = 0) {
  OpData op;
  REQUIRE(make_op(stem, op));
  if (auto* leaky = std::get_if<LeakyRelu>(&op)) leaky->alpha = alpha;
  return op;
}

struct Real {
  const char* stem;
  double (*f)(double);
  int tolerance;  ///< units of the output; fixed-point kernels may be one off
};

constexpr Real kReal[] = {
    {"logistic", [](double x) { return 1 / (1 + std::exp(-x)); }, 1},
    {"tanh", [](double x) { return std::tanh(x); }, 1},
    {"relu", [](double x) { return std::max(x, 0.0); }, 1},
    {"relu6", [](double x) { return std::clamp(x, 0.0, 6.0); }, 1},
    {"relu_n1_to_1", [](double x) { return std::clamp(x, -1.0, 1.0); }, 1},
    {"leaky_relu", [](double x) { return x > 0 ? x : 0.25 * x; }, 1},
    {"hard_swish", [](double x) { return x * std::clamp(x + 3, 0.0, 6.0) / 6; }, 2},
    {"abs", [](double x) { return std::fabs(x); }, 1},
    {"neg", [](double x) { return -x; }, 1},
    {"square", [](double x) { return x * x; }, 1},
    {"sqrt", [](double x) { return std::sqrt(std::max(x, 0.0)); }, 1},
    {"rsqrt", [](double x) { return x > 0 ? 1 / std::sqrt(x) : 1e9; }, 1},
    {"exp", [](double x) { return std::exp(x); }, 1},
    {"log", [](double x) { return x > 0 ? std::log(x) : -1e9; }, 1},
    {"gelu", [](double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); }, 1},
    {"floor", [](double x) { return std::floor(x); }, 1},
    {"ceil", [](double x) { return std::ceil(x); }, 1},
    {"sin", [](double x) { return std::sin(x); }, 1},
    {"cos", [](double x) { return std::cos(x); }, 1},
};

}  // namespace

TEST_CASE("tables equal TFLite's reference kernels", "[lut]") {
  for (const FrozenTable& f : kFrozenTables) {
    const Int8s out =
        run_int8(op_of(f.stem, f.alpha), {all_values({f.in_scale, f.in_zero_point})}, {f.out_scale, f.out_zero_point});
    CAPTURE(f.stem, f.in_scale, f.in_zero_point, f.out_scale, f.out_zero_point, f.alpha);
    REQUIRE(fnv1a(out.values) == f.hash);
  }
}

TEST_CASE("tables follow the real function", "[lut]") {
  Random r(11);
  for (const Real& real : kReal)
    for (int round = 0; round < 20; ++round) {
      const Scale in = random_scale(r, -6, -2);
      Scale out = random_scale(r, -6, -2);
      if (std::string(real.stem) == "logistic") out = {1.0f / 256, -128};
      if (std::string(real.stem) == "tanh") out = {1.0f / 128, 0};
      const Int8s got = run_int8(op_of(real.stem, 0.25f), {all_values(in)}, out);
      for (int q = -128; q < 128; ++q) {
        const double y = real.f(static_cast<double>(in.scale) * (q - in.zero_point)) / static_cast<double>(out.scale);
        const double expected = std::clamp(std::round(y) + out.zero_point, -128.0, 127.0);
        CAPTURE(real.stem, in.scale, in.zero_point, out.scale, out.zero_point, q);
        REQUIRE(std::fabs(expected - got.values[static_cast<std::size_t>(q + 128)]) <= real.tolerance);
      }
    }
}

TEST_CASE("functions outside their fixed output scale use real values", "[lut]") {
  const Int8s sigmoid = run_int8(Logistic{}, {all_values({0.05f, 0})}, {0.01f, -10});
  REQUIRE(int{sigmoid.values[128]} == 40);  // logistic(0) = 0.5
  REQUIRE(int{sigmoid.values[0]} == -10);   // logistic(-6.4) = 0.0017
  const Int8s tangent = run_int8(Tanh{}, {all_values({0.05f, 0})}, {0.01f, 0});
  REQUIRE(int{tangent.values[128 + 20]} == 76);  // tanh(1) = 0.7616
  // an output scale far below the input's, for which TFLite has no hard_swish
  const Int8s swish = run_int8(HardSwish{}, {all_values({0.4f, 127})}, {0.0014f, 127});
  REQUIRE(int{swish.values[0]} == 127);
  REQUIRE(int{swish.values[255 - 4]} == -128);  // -1.6 * 1.4 / 6 = -0.373, far below -0.357
}

TEST_CASE("inputs outside a function's domain take the nearest limit", "[lut]") {
  const Int8In in{{{4}, {-128, -1, 0, 4}}, {0.25f, 0}};
  REQUIRE(run_int8(Sqrt{}, {in}, {0.25f, 5}).values == std::vector<std::int8_t>{5, 5, 5, 9});
  REQUIRE(run_int8(Log{}, {in}, {0.25f, 5}).values == std::vector<std::int8_t>{-128, -128, -128, 5});
  REQUIRE(run_int8(Rsqrt{}, {in}, {0.25f, 5}).values == std::vector<std::int8_t>{127, 127, 127, 9});
}

TEST_CASE("tables of extreme scales saturate", "[lut]") {
  const std::vector<std::int8_t> steps{-128, -1, 0, 1, 127};
  const auto at = [&](const Int8s& table) {
    std::vector<std::int8_t> values;
    for (const int q : steps) values.push_back(table.values[static_cast<std::size_t>(q + 128)]);
    return values;
  };
  const Scale large{1e30f, 0}, small{1e-8f, -100};
  // the multiplier is capped at 2^30: two steps down and the zero point together no longer fit 32 bits
  REQUIRE(at(run_int8(Relu{}, {all_values(large)}, small))[3] == 127);
  REQUIRE(at(run_int8(Abs{}, {all_values(large)}, small))[1] == 127);
  REQUIRE(at(run_int8(op_of("leaky_relu", 0.5f), {all_values(large)}, small))[1] == -128);
  // 1 / sqrt(1e30) of a step of 1e30 is nothing
  REQUIRE(at(run_int8(Rsqrt{}, {all_values(large)}, {1e30f, 5})) == std::vector<std::int8_t>{127, 127, 127, 5, 5});
  // 0 / 1e-40 in float is 0 * inf
  REQUIRE(at(run_int8(Neg{}, {all_values({1.0f, 0})}, {1e-40f, 7})) ==
          std::vector<std::int8_t>{127, 127, 7, -128, -128});
  REQUIRE(lower_rejects(op_of("leaky_relu", 0.5f), {all_values(large)}, {1e-30f, 0}));  // infinite in float
}

TEST_CASE("a lookup runs in place", "[lut]") {
  REQUIRE(lower(int8_graph(Relu{}, {all_values({0.5f, 0})}, {0.5f, 0})).arena_bytes == 256);
}
