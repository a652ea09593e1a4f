#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float gelu by hand", "[gelu]") {
  const Floats in{{4}, {0, 1, -1, 3}};
  const std::vector<float> exact{0, 0.84134475f, -0.15865525f, 2.9959503f};
  const std::vector<float> by_tanh{0, 0.84119199f, -0.15880801f, 2.9963627f};
  for (std::size_t i = 0; i < 4; ++i) {
    REQUIRE(run_float(Gelu{false}, {in})[0].values[i] == Approx(exact[i]).margin(1e-7));
    REQUIRE(run_float(Gelu{true}, {in})[0].values[i] == Approx(by_tanh[i]).margin(1e-7));
  }
}
