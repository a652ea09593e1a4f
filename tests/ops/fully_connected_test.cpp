#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("fully_connected by hand: one row and two", "[fully_connected]") {
  const Floats w{{2, 3}, {1, 0, 2, -1, 1, 0}}, b{{2}, {10, 20}};
  REQUIRE(run_float(FullyConnected{}, {{{1, 3}, {1, 2, 3}}, w, b})[0].values == std::vector<float>{17, 21});
  const auto y = run_float(FullyConnected{false, Act::relu6}, {{{2, 3}, {1, 2, 3, 4, 5, -6}}, w});
  REQUIRE(y[0].shape == Shape{2, 2});
  REQUIRE(y[0].values == std::vector<float>{6, 1, 0, 1});
}

TEST_CASE("fully_connected output shapes", "[fully_connected]") {
  const Shape w{5, 12};
  REQUIRE(infer_message(FullyConnected{}, {{1, 2, 2, 3}, w}) == "[1,5]");
  REQUIRE(infer_message(FullyConnected{}, {{4, 3, 4}, w}) == "[4,5]");
  REQUIRE(infer_message(FullyConnected{}, {{12}, w}) == "[1,5]");
  REQUIRE(infer_message(FullyConnected{true, Act::none}, {{2, 3, 12}, w, {5}}) == "[2,3,5]");
  REQUIRE(infer_message(FullyConnected{true, Act::none}, {{12}, w}) == "[5]");
  REQUIRE(infer_rejects(FullyConnected{true, Act::none}, {{3, 4}, w}));
  REQUIRE(infer_rejects(FullyConnected{true, Act::none}, {Shape{}, w}));
  REQUIRE(infer_rejects(FullyConnected{}, {{1, 11}, w}));
  REQUIRE(infer_rejects(FullyConnected{}, {{1, 12}, {12}}));
  REQUIRE(infer_rejects(FullyConnected{}, {{1, 12}, w, {4}}));
  Tensor x, k, y;
  x.shape = {4, 3, 4}, k.shape = w, y.shape = {4, 5};
  const std::array<const Tensor*, 2> in{&x, &k};
  REQUIRE(traits(OpKind::fully_connected).macs(FullyConnected{}, in, y) == 240);
}
