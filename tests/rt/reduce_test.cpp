// The int8 reductions, bit for bit against every sum written out.
#include <numeric>

#include "catch.h"
#include "oracle/elem_oracle.h"

using namespace tinyc;
using namespace oracle;

namespace {

std::vector<std::int32_t> some_axes(Random& r, int rank) {
  std::vector<std::int32_t> axes;
  for (int d = 0; d < rank; ++d)
    if (r.in(0, 1)) axes.push_back(r.in(0, 1) ? d : d - rank);
  return axes;
}

// The multiplier of a mean carries 1 / n: the 31-bit mantissa shifted up by log2(n), divided and cut off.
std::int64_t requantized_mean(std::int64_t sum, std::int64_t n, double real) {
  int exponent = 0, bits = 0;
  auto mantissa = std::llround(std::frexp(real, &exponent) * 2147483648.0);
  if (mantissa == 2147483648) {
    mantissa /= 2;
    ++exponent;
  }
  while (std::int64_t{2} << bits <= n) ++bits;
  bits = std::min(bits, 31 + exponent);
  const auto cut = static_cast<std::int64_t>((Wide{mantissa} << bits) / n);
  exponent -= bits;
  // a mantissa below 2^30 is still a multiplier: value * cut * 2^(exponent - 31), rounded twice
  const Wide product = Wide{sum} * (std::int64_t{1} << std::max(exponent, 0)) * cut + (std::int64_t{1} << 30);
  const auto high = static_cast<std::int64_t>(product >> 31);
  const std::int64_t unit = std::int64_t{1} << std::max(-exponent, 0), magnitude = (std::abs(high) + unit / 2) / unit;
  return high < 0 ? -magnitude : magnitude;
}

}  // namespace

TEST_CASE("int8 mean and sum equal their references", "[mean][sum]") {
  Random r(41);
  for (int round = 0; round < 400; ++round) {
    const Shape s = round % 8 == 0 ? Shape{r.in(1, 2), r.in(1, 15), r.in(1, 15), r.in(1, 8)} : r.shape(r.in(1, 6), 4);
    const auto axes = round % 8 == 0 ? std::vector<std::int32_t>{1, 2} : some_axes(r, static_cast<int>(s.size()));
    const Int8In in{r.int8s(s), random_scale(r, -6, 0)};
    const bool keep = r.in(0, 1) != 0;
    Scale out = random_scale(r, -6, 0);
    if (r.in(0, 3) == 0) out = in.q;
    const double real = static_cast<double>(in.q.scale) / static_cast<double>(out.scale);
    const auto sum = [&](const std::vector<int>& t) {
      return std::accumulate(t.begin(), t.end(), std::int64_t{0}) -
             std::int64_t{in.q.zero_point} * static_cast<std::int64_t>(t.size());
    };
    CAPTURE(s, axes, in.q.scale, in.q.zero_point, out.scale, out.zero_point);
    REQUIRE(run_int8(Mean{axes, keep}, {in}, out) == reduce(in.data, axes, keep, [&](const std::vector<int>& t) {
              return clamped(requantized_mean(sum(t), static_cast<std::int64_t>(t.size()), real) + out.zero_point);
            }));
    REQUIRE(run_int8(Sum{axes, keep}, {in}, out) == reduce(in.data, axes, keep, [&](const std::vector<int>& t) {
              return clamped(scaled(sum(t), real) + out.zero_point);
            }));
  }
}

TEST_CASE("a mean of extreme scales saturates", "[mean]") {
  const Int8In in{{{1, 1}, {-2}}, {1e30f, 0}};
  REQUIRE(run_int8(Mean{{1}, false}, {in}, {1e-8f, -100}).values == std::vector<std::int8_t>{-128});
}

TEST_CASE("int8 extrema over any axes", "[reduce_max][reduce_min]") {
  Random r(42);
  for (int round = 0; round < 300; ++round) {
    const Shape s = r.shape(r.in(1, 6), 4);
    const auto axes = some_axes(r, static_cast<int>(s.size()));
    const Int8In in{r.int8s(s), random_scale(r, -6, 0)};
    const bool keep = r.in(0, 1) != 0;
    CAPTURE(s, axes);
    REQUIRE(run_int8(ReduceMax{axes, keep}, {in}, in.q) == reduce(in.data, axes, keep, [](const std::vector<int>& t) {
              return clamped(*std::max_element(t.begin(), t.end()));
            }));
    REQUIRE(run_int8(ReduceMin{axes, keep}, {in}, in.q) == reduce(in.data, axes, keep, [](const std::vector<int>& t) {
              return clamped(*std::min_element(t.begin(), t.end()));
            }));
  }
  const Int8In in{{{2}, {1, 2}}, {0.5f, 3}};
  REQUIRE(lower_rejects(ReduceMax{{0}, false}, {in}, {0.5f, 4}));
  REQUIRE(lower_rejects(ReduceMin{{0}, false}, {in}, {0.6f, 3}));
}
