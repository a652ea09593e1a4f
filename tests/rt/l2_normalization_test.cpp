// The int8 L2 normalization: frozen outputs of TFLite's reference kernel, and real values within one unit.
#include "catch.h"
#include "oracle/elem_oracle.h"
#include "oracle/tflite_frozen.h"

using namespace tinyc;
using namespace oracle;

namespace {
constexpr Scale kOut{1.0f / 128, 0};
}

TEST_CASE("int8 l2_normalization equals TFLite's reference kernel", "[l2_normalization]") {
  for (const FrozenL2& f : kFrozenL2) {
    const Int8In in{Random(f.seed).int8s({f.rows, f.depth}), {0.1f, f.zero_point}};
    CAPTURE(f.rows, f.depth, f.zero_point);
    REQUIRE(fnv1a(run_int8(L2Normalization{}, {in}, kOut).values) == f.hash);
  }
}

TEST_CASE("int8 l2_normalization follows the real function", "[l2_normalization]") {
  Random r(76);
  for (int round = 0; round < 100; ++round) {
    const Int8In in{r.int8s({r.in(1, 4), r.in(1, 40)}), {0.3f, r.in(-128, 127)}};
    const Int8s out = run_int8(L2Normalization{}, {in}, kOut);
    const auto depth = static_cast<std::size_t>(in.data.shape[1]);
    for (std::size_t row = 0; row < out.values.size(); row += depth) {
      double sum = 0;
      for (std::size_t c = 0; c < depth; ++c) sum += std::pow(in.data.values[row + c] - in.q.zero_point, 2);
      for (std::size_t c = 0; c < depth; ++c) {
        const double y = sum > 0 ? 128 * (in.data.values[row + c] - in.q.zero_point) / std::sqrt(sum) : 0;
        REQUIRE(std::fabs(std::min(y, 127.0) - out.values[row + c]) <= 1.0);
      }
    }
  }
}

TEST_CASE("int8 l2_normalization of nothing, and of too much", "[l2_normalization]") {
  REQUIRE(run_int8(L2Normalization{}, {{{{1, 3}, {5, 5, 5}}, {0.1f, 5}}}, kOut).values ==
          std::vector<std::int8_t>{0, 0, 0});
  REQUIRE(run_int8(L2Normalization{}, {{{{1, 2}, {6, 5}}, {0.1f, 5}}}, kOut).values ==
          std::vector<std::int8_t>{127, 0});
  for (const auto v : run_int8(L2Normalization{}, {{{{1, 2}, {6, 6}}, {0.1f, 5}}}, kOut).values)
    REQUIRE(std::abs(v - 128 / std::sqrt(2.0)) <= 1.0);  // the smallest sum of squares with a root of its own
  REQUIRE(lower_rejects(L2Normalization{}, {{{{1, 2}, {1, 2}}, {0.1f, 0}}}, {1.0f / 256, 0}));
  const Int8In wide{{{1, 1 << 15}, std::vector<std::int8_t>(1 << 15, 1)}, {0.1f, 0}};
  REQUIRE(lower_rejects(L2Normalization{}, {wide}, kOut));
}
