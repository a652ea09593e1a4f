#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float prelu by hand", "[prelu]") {
  const Floats in{{1, 2, 2, 2}, {-1, -1, 2, 2, -3, -3, 0, -4}};
  REQUIRE(run_float(Prelu{}, {in, {{2}, {0.5f, 2}}})[0] == Floats{in.shape, {-0.5f, -2, 2, 2, -1.5f, -6, 0, -8}});
  REQUIRE(run_float(Prelu{}, {in, {{1, 2, 1}, {0.5f, 2}}})[0] ==
          Floats{in.shape, {-0.5f, -0.5f, 2, 2, -1.5f, -1.5f, 0, -8}});
}

TEST_CASE("alpha of prelu has to fit the input", "[prelu]") {
  REQUIRE(infer_message(Prelu{}, {{1, 4, 4, 3}, {1, 1, 3}}) == "[1,4,4,3]");
  REQUIRE(infer_rejects(Prelu{}, {{1, 4, 4, 3}, {2}}));
  REQUIRE(infer_rejects(Prelu{}, {{1, 1, 1, 3}, {4, 4, 3}}));
}
