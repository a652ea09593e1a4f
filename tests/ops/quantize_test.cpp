#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("quantize and dequantize leave floats alone", "[quantize]") {
  const Floats in{{2, 2}, {-1.5f, 0, 1e30f, 0.1f}};
  REQUIRE(run_float(Quantize{}, {in})[0] == in);
  REQUIRE(run_float(Dequantize{}, {in})[0] == in);
}
