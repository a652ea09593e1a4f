// The int8 softmax: frozen outputs of TFLite's reference kernel, and real values within one unit.
#include "catch.h"
#include "oracle/elem_oracle.h"
#include "oracle/tflite_frozen.h"

using namespace tinyc;
using namespace oracle;

namespace {
constexpr Scale kOut{1.0f / 256, -128};
}

TEST_CASE("int8 softmax equals TFLite's reference kernel", "[softmax]") {
  for (const FrozenSoftmax& f : kFrozenSoftmax) {
    const Int8In in{Random(f.seed).int8s({f.rows, f.depth}), {f.scale, 3}};
    CAPTURE(f.rows, f.depth, f.scale, f.beta);
    REQUIRE(fnv1a(run_int8(Softmax{f.beta}, {in}, kOut).values) == f.hash);
  }
}

TEST_CASE("int8 softmax follows the real function", "[softmax]") {
  Random r(51);
  for (int round = 0; round < 100; ++round) {
    const Int8In in{r.int8s({r.in(1, 3), r.in(1, 3), r.in(1, 40)}), random_scale(r, -8, 1)};
    const Int8s out = run_int8(Softmax{1.0f}, {in}, kOut);
    REQUIRE(out.shape == in.data.shape);
    const auto depth = static_cast<std::size_t>(in.data.shape[2]);
    for (std::size_t row = 0; row < in.data.values.size(); row += depth) {
      double sum = 0;
      for (std::size_t c = 0; c < depth; ++c)
        sum += std::exp(static_cast<double>(in.q.scale) * in.data.values[row + c]);
      for (std::size_t c = 0; c < depth; ++c) {
        const double y = 256 * std::exp(static_cast<double>(in.q.scale) * in.data.values[row + c]) / sum - 128;
        REQUIRE(std::fabs(std::min(y, 127.0) - out.values[row + c]) <= 1.0);
      }
    }
  }
}

TEST_CASE("int8 softmax of more equal classes than TFLite's shift allows is all zeros", "[softmax]") {
  const Int8In in{{{1, 4095}, std::vector<std::int8_t>(4095, 127)}, {0.1f, 0}};
  REQUIRE(run_int8(Softmax{1.0f}, {in}, kOut).values == std::vector<std::int8_t>(4095, -128));
}

TEST_CASE("int8 softmax refuses what it cannot compute exactly", "[softmax]") {
  const Int8In in{{{1, 2}, {1, 2}}, {0.1f, 0}};
  REQUIRE(lower_rejects(Softmax{1.0f}, {in}, {1.0f / 128, -128}));
  REQUIRE(lower_rejects(Softmax{1.0f}, {in}, {1.0f / 256, 0}));
  REQUIRE(lower_rejects(Softmax{1.0f}, {{{{1, 4096}, std::vector<std::int8_t>(4096, 0)}, {0.1f, 0}}}, kOut));
}

TEST_CASE("the table of exponentials ends where they no longer count", "[softmax]") {
  const auto entries = [](float scale) {
    const Program p = lower(int8_graph(Softmax{1.0f}, {{{{1, 2}, {1, 2}}, {scale, 0}}}, kOut));
    return p.blobs.at(0).bytes.size() / 4;
  };
  REQUIRE(entries(0.001f) == 256);
  REQUIRE(entries(1.0f) == 14);  // exp(-13) = 2.3e-6 counts, exp(-14) is below 2^-20
}
