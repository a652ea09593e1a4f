#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("batch_matmul by hand: the four ways to swap", "[batch_matmul]") {
  const std::vector<float> want{58, 64, 139, 154};
  const Floats a{{2, 3}, {1, 2, 3, 4, 5, 6}}, at{{3, 2}, {1, 4, 2, 5, 3, 6}};
  const Floats b{{3, 2}, {7, 8, 9, 10, 11, 12}}, bt{{2, 3}, {7, 9, 11, 8, 10, 12}};
  REQUIRE(run_float(BatchMatmul{false, false}, {a, b})[0].values == want);
  REQUIRE(run_float(BatchMatmul{true, false}, {at, b})[0].values == want);
  REQUIRE(run_float(BatchMatmul{false, true}, {a, bt})[0].values == want);
  REQUIRE(run_float(BatchMatmul{true, true}, {at, bt})[0].values == want);
}

TEST_CASE("batch_matmul broadcasts leading dimensions", "[batch_matmul]") {
  const Floats x{{2, 1, 1, 1}, {2, 3}}, y{{3, 1, 2}, {1, 10, 2, 20, 3, 30}};
  const auto out = run_float(BatchMatmul{}, {x, y});
  REQUIRE(out[0].shape == Shape{2, 3, 1, 2});
  REQUIRE(out[0].values == std::vector<float>{2, 20, 4, 40, 6, 60, 3, 30, 6, 60, 9, 90});
}

TEST_CASE("batch_matmul rejects what does not fit and counts its work", "[batch_matmul]") {
  REQUIRE(infer_message(BatchMatmul{}, {{4, 2, 3}, {3, 5}}) == "[4,2,5]");
  REQUIRE(infer_rejects(BatchMatmul{}, {{2, 3}, {2, 3}}));
  REQUIRE(infer_rejects(BatchMatmul{}, {{2, 2, 3}, {3, 3, 2}}));
  REQUIRE(infer_rejects(BatchMatmul{}, {{3}, {3, 2}}));
  Tensor x, k, y;
  x.shape = {4, 2, 3}, k.shape = {3, 5}, y.shape = {4, 2, 5};
  const std::array<const Tensor*, 2> in{&x, &k};
  REQUIRE(traits(OpKind::batch_matmul).macs(BatchMatmul{}, in, y) == 120);
}
