#include "catch.h"
#include "oracle/run_op.h"

using namespace tinyc;
using namespace oracle;

TEST_CASE("float add by hand", "[add]") {
  const Floats a{{2, 3}, {1, -2, 3, 4, -5, 6}}, row{{3}, {2, -1, 0.5f}}, column{{2, 1}, {10, -1}};
  REQUIRE(run_float(Add{}, {a, row})[0] == Floats{{2, 3}, {3, -3, 3.5f, 6, -6, 6.5f}});
  REQUIRE(run_float(Add{}, {column, row})[0] == Floats{{2, 3}, {12, 9, 10.5f, 1, -2, -0.5f}});
  REQUIRE(run_float(Add{}, {{{}, {3}}, row})[0] == Floats{{3}, {5, 2, 3.5f}});
  REQUIRE(run_float(Add{}, {a, a})[0] == Floats{{2, 3}, {2, -4, 6, 8, -10, 12}});
}

TEST_CASE("float add with a fused activation", "[add]") {
  const Floats a{{4}, {-8, 1, 3, 9}}, b{{4}, {0.25f, 0.5f, 1, 3}};
  REQUIRE(run_float(Add{Act::relu}, {a, b})[0].values == std::vector<float>{0, 1.5f, 4, 12});
  REQUIRE(run_float(Add{Act::relu6}, {a, b})[0].values == std::vector<float>{0, 1.5f, 4, 6});
  REQUIRE(run_float(Add{Act::relu_n1_to_1}, {a, b})[0].values == std::vector<float>{-1, 1, 1, 1});
}

TEST_CASE("shapes broadcast as in numpy", "[add]") {
  REQUIRE(infer_message(Add{}, {{5, 1, 4}, {3, 1}}) == "[5,3,4]");
  REQUIRE(infer_message(Add{}, {{}, {2, 3}}) == "[2,3]");
  REQUIRE(infer_message(Add{}, {{1, 2, 3, 4, 5, 6}, {1}}) == "[1,2,3,4,5,6]");
  REQUIRE(infer_rejects(Add{}, {{2, 3}, {2}}));
  REQUIRE(infer_rejects(Add{}, {{1, 1, 1, 1, 1, 1, 1}, {1}}));
}

TEST_CASE("float add broadcasts over alternating dimensions", "[add]") {
  // both operands have gaps: a varies with dimensions 0, 2, 4, b with 1, 3, 5
  const Floats a = count_up({2, 1, 3, 1, 2, 1}), b = count_up({1, 3, 1, 2, 1, 4});
  const Floats out = run_float(Add{}, {a, b})[0];
  REQUIRE(out.shape == Shape{2, 3, 3, 2, 2, 4});
  std::size_t at = 0;
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 3; ++k)
        for (int l = 0; l < 2; ++l)
          for (int m = 0; m < 2; ++m)
            for (int n = 0; n < 4; ++n)
              REQUIRE(out.values[at++] == static_cast<float>((i * 3 + k) * 2 + m + (j * 2 + l) * 4 + n));
}
