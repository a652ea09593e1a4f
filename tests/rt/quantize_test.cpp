// The requantizing kernel, bit for bit against the two roundings written out in wide integers.
#include <cmath>

#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

namespace {

std::int64_t divide_half_away(std::int64_t x, int bits) {
  const std::int64_t unit = std::int64_t{1} << bits, magnitude = (x < 0 ? -x : x) + unit / 2;
  return x < 0 ? -(magnitude / unit) : magnitude / unit;
}

// (x * 2^left * m) / 2^31 rounded half up, then / 2^right rounded half away from zero
std::int8_t requantized(std::int8_t q, Scale in, Scale out) {
  int exponent = 0;
  const double fraction = std::frexp(static_cast<double>(in.scale) / static_cast<double>(out.scale), &exponent);
  auto m = static_cast<std::int64_t>(std::round(fraction * 2147483648.0));
  if (m == 2147483648) {
    m /= 2;
    ++exponent;
  }
  if (exponent < -31) m = exponent = 0;
  const std::int64_t x = (std::int64_t{q} - in.zero_point) * (std::int64_t{1} << std::max(exponent, 0));
  const auto high = static_cast<std::int64_t>(
      std::floor(std::ldexp(static_cast<long double>(x) * static_cast<long double>(m), -31) + 0.5L));
  const std::int64_t value = divide_half_away(high, std::max(-exponent, 0)) + out.zero_point;
  return static_cast<std::int8_t>(std::clamp<std::int64_t>(value, -128, 127));
}

Int8In all_values(Scale q) {
  Int8In in{{{256}, {}}, q};
  for (int v = -128; v < 128; ++v) in.data.values.push_back(static_cast<std::int8_t>(v));
  return in;
}

}  // namespace

TEST_CASE("int8 quantize equals its reference for every value", "[quantize]") {
  Random r(21);
  for (int round = 0; round < 200; ++round) {
    const Scale from{std::ldexp(1.0f + static_cast<float>(r.in(0, 1 << 20)) / (1 << 20), r.in(-8, 2)), r.in(-128, 127)};
    const Scale to{std::ldexp(1.0f + static_cast<float>(r.in(0, 1 << 20)) / (1 << 20), r.in(-8, 2)), r.in(-128, 127)};
    const Int8In in = all_values(from);
    const Int8s out = run_int8(Quantize{}, {in}, to);
    CAPTURE(from.scale, from.zero_point, to.scale, to.zero_point);
    for (std::size_t i = 0; i < 256; ++i) {
      CAPTURE(i);
      REQUIRE(int{out.values[i]} == int{requantized(in.data.values[i], from, to)});
    }
  }
}

TEST_CASE("int8 quantize by hand", "[quantize]") {
  // the first of the two roundings takes halves up, so -0.5 becomes 0
  const Int8s in{{5}, {-128, -1, 0, 1, 127}};
  REQUIRE(run_int8(Quantize{}, {{in, {0.5f, 0}}}, {1.0f, 0}).values == std::vector<std::int8_t>{-64, 0, 0, 1, 64});
  REQUIRE(run_int8(Quantize{}, {{in, {1.0f, 0}}}, {0.5f, 0}).values == std::vector<std::int8_t>{-128, -2, 0, 2, 127});
  REQUIRE(run_int8(Quantize{}, {{in, {0.5f, -128}}}, {0.5f, 127}).values ==
          std::vector<std::int8_t>{127, 127, 127, 127, 127});
  REQUIRE(run_int8(Quantize{}, {{in, {0.5f, 127}}}, {0.5f, -128}).values == std::vector<std::int8_t>(5, -128));
}

TEST_CASE("int8 quantize at the ends of the scales", "[quantize]") {
  const Int8In in = all_values({1.0f, 3});
  for (const int exponent : {-22, -20, 20, 30, 40}) {
    const Scale to{std::ldexp(1.0f, exponent), -5};
    const Int8s out = run_int8(Quantize{}, {in}, to);
    CAPTURE(exponent);
    for (std::size_t i = 0; i < 256; ++i) REQUIRE(int{out.values[i]} == int{requantized(in.data.values[i], in.q, to)});
  }
  REQUIRE(lower_rejects(Quantize{}, {in}, {std::ldexp(1.0f, -30), 0}));
}

TEST_CASE("quantize to the same scale costs nothing", "[quantize]") {
  const Int8In in = all_values({0.5f, 3});
  REQUIRE(costs_nothing(Quantize{}, {in}, {0.5f, 3}));
  REQUIRE(run_int8(Quantize{}, {in}, {0.5f, 3}) == in.data);
  REQUIRE(!costs_nothing(Quantize{}, {in}, {0.5f, 4}));
}

TEST_CASE("dequantize inside an integer program is refused", "[dequantize]") {
  REQUIRE(lower_rejects(Dequantize{}, {all_values({0.5f, 3})}, {0.5f, 3}));
}

TEST_CASE("int8 quantize equals recorded outputs of the TFLite reference kernel", "[quantize]") {
  Int8s in{{18}, {}};
  for (int v = -128; v < 128; v += 15) in.values.push_back(static_cast<std::int8_t>(v));
  REQUIRE(run_int8(Quantize{}, {{in, {0.037f, -11}}}, {0.051f, 23}).values ==
          std::vector<std::int8_t>{-62, -51, -40, -29, -18, -7, 3, 14, 25, 36, 47, 58, 69, 80, 90, 101, 112, 123});
  REQUIRE(run_int8(Quantize{}, {{in, {0.051f, 23}}}, {0.0071f, -90}).values ==
          std::vector<std::int8_t>{-128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -97, 11, 118, 127, 127,
                                   127, 127, 127});
}
